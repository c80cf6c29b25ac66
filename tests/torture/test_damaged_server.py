"""A database on a PostgreSQL server that is damaged, foreign, or not ours to write to."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType

import pytest
import sqlalchemy as sa
from faults import invariants
from faults.commands import REMEDIES, exit_and_error
from faults.drivers import Victim

REFUSED: Mapping[str, Sequence[str]] = MappingProxyType(
    {
        "a newer schema of ours": ["UPDATE oracle_schema SET version = 99"],
        "a newer schema of Optuna's": ["UPDATE version_info SET schema_version = 99"],
        "no table of trials": ["DROP TABLE trials CASCADE"],
        "no table of values": ["DROP TABLE trial_values"],
        "no table of leases": ["DROP TABLE oracle_leases"],
        "another application's": [
            f"ALTER TABLE {name} RENAME TO x{name}" for name in ("trials", "oracle_runs")
        ],
    }
)
READER = "reader"


def executed(url: sa.URL, *statements: str) -> None:
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))
    engine.dispose()


def content(url: sa.URL) -> dict[str, list[str]]:
    """All rows of all tables."""
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        tables = sorted(sa.inspect(connection).get_table_names())
        rows = {
            name: sorted(map(str, connection.execute(sa.text(f"SELECT * FROM {name}"))))  # noqa: S608
            for name in tables
        }
    engine.dispose()
    return rows


@pytest.fixture(scope="module")
def ended(postgresql_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Victim]:
    """A run that has ended, on PostgreSQL."""
    server = sa.make_url(postgresql_server)
    executed(server, "CREATE DATABASE ended_run")
    url = server.set(database="ended_run").render_as_string(hide_password=False)
    victim = Victim(tmp_path_factory.mktemp("ended"), url)
    assert victim.drive() == 0, victim.errors
    yield victim
    executed(server, "DROP DATABASE ended_run WITH (FORCE)")


@pytest.fixture
def hurt(ended: Victim, postgresql_server: str) -> Iterator[tuple[Victim, sa.URL]]:
    """The same folder with a copy of its database, to be damaged."""
    server = sa.make_url(postgresql_server)
    executed(server, "CREATE DATABASE hurt_run TEMPLATE ended_run")
    url = server.set(database="hurt_run")
    yield Victim(ended.runs_folder, url.render_as_string(hide_password=False)), url
    executed(server, "DROP DATABASE hurt_run WITH (FORCE)")


@pytest.mark.parametrize("damage", REFUSED)
def test_a_database_that_is_damaged_or_foreign_is_refused_and_left_as_it_is(
    hurt: tuple[Victim, sa.URL],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    counted: Callable[..., None],
    damage: str,
) -> None:
    victim, url = hurt
    executed(url, *REFUSED[damage])
    before = content(url)
    where = ("--storage", str(victim.url), "--runs", str(victim.runs_folder))
    for words in (
        ("list", *where),
        ("table", "tiny", *where),
        ("serve", "--port", "0", *where),
        ("token", "list", *where),
        ("migrate", *where),
        ("run", "digits", *where, "--backend", "inline"),
    ):
        code, answer = exit_and_error(monkeypatch, capfd, *words)
        assert code == 2, (words, answer)
        assert "--storage = " in answer, words
        assert "hurt_run" in answer, words
        assert any(remedy in answer for remedy in REMEDIES), (words, answer)
        assert "Traceback" not in answer, words
    assert content(url) == before
    counted("databases damaged or foreign", injected=1, survived=1, broken=0)


def test_a_role_that_may_not_write_reads_tables_and_the_error_names_the_missing_right(
    hurt: tuple[Victim, sa.URL],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    victim, url = hurt
    executed(
        url,
        f"DROP ROLE IF EXISTS {READER}",
        f"CREATE ROLE {READER} LOGIN",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {READER}",
    )
    before = content(url)
    reader = url.set(username=READER).render_as_string(hide_password=False)
    where = ("--storage", reader, "--runs", str(victim.runs_folder))
    assert exit_and_error(monkeypatch, capfd, "table", "tiny", *where) == (0, "")
    code, answer = exit_and_error(
        monkeypatch, capfd, "run", "digits", *where, "--backend", "inline"
    )
    assert code in (1, 2), answer
    assert "grant the role the right to write there" in answer
    assert "Traceback" not in answer
    assert content(url) == before
    executed(url, f"DROP OWNED BY {READER}", f"DROP ROLE {READER}")


def test_a_copy_that_nothing_happened_to_is_whole(
    hurt: tuple[Victim, sa.URL], reference: Victim
) -> None:
    victim, _ = hurt
    assert victim.drive() == 0, victim.errors
    assert invariants.broken(victim, reference) == []
