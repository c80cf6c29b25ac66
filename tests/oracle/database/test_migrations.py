"""From each released schema to the present one, with a finished run in the database."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from oracle.database import SCHEMA, RunDatabase, migrate, parse_url, probe, schema, tables
from oracle.errors import StorageError
from oracle.records.jobs import Holder, NewJob
from oracle.runs import catalog
from oracle.settings import Settings
from oracle.storage.result_store import ResultStore
from scyc.errors import BadInput
from scyc.tuning.plan import Plan

RELEASED = Path(__file__).with_name("released")
VERSIONS = (1, 2)
OURS = {table.name for table in tables.METADATA.tables.values()} | {"oracle_migrations"}


@contextmanager
def connected(storage: str) -> Iterator[sa.Connection]:
    engine = sa.create_engine(storage)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def names(storage: str) -> set[str]:
    with connected(storage) as connection:
        return set(sa.inspect(connection).get_table_names())


def contents(storage: str) -> dict[str, list[Any]]:
    """All rows of all tables, but for what says which schema they have."""
    with connected(storage) as connection:
        return {
            name: sorted(map(repr, connection.execute(sa.select("*").select_from(sa.table(name)))))
            for name in sa.inspect(connection).get_table_names()
            if name not in {"oracle_schema", "oracle_migrations"}
        }


@pytest.fixture(params=VERSIONS)
def released(request: pytest.FixtureRequest, storage: str) -> Callable[[], dict[str, Any]]:
    """Fills the database with one that a released version made; returns the results of its run."""

    def fill() -> dict[str, Any]:
        url = sa.make_url(storage)
        name = f"schema_{request.param}"
        script = (RELEASED / f"{name}.{url.get_backend_name()}.sql").read_text()
        engine = sa.create_engine(url)
        with closing(engine.raw_connection()) as pooled:
            driver: Any = pooled.driver_connection
            run = driver.executescript if url.get_backend_name() == "sqlite" else driver.execute
            run(script)
            driver.commit()
        engine.dispose()
        content: dict[str, Any] = json.loads((RELEASED / f"{name}.json").read_text())
        return content | {"schema": request.param}

    return fill


def test_a_released_database_is_brought_up_to_date_and_keeps_every_row(
    released: Callable[[], dict[str, Any]], storage: str
) -> None:
    dump = released()
    url = parse_url(storage)
    before = contents(storage)
    assert probe(url) == []
    RunDatabase(url).close()
    after = contents(storage)
    assert {name: rows for name, rows in after.items() if name in before} == before
    assert {name: len(rows) for name, rows in after.items() if name not in before} == (
        dict.fromkeys(OURS - set(before) - {"oracle_schema", "oracle_migrations"}, 0)
    )
    assert probe(url) == []
    assert dump["run_id"] in repr(after["oracle_runs"])


def test_a_released_run_is_read_as_before(
    released: Callable[[], dict[str, Any]], storage: str, tmp_path: Path
) -> None:
    dump = released()
    run = catalog.find_run("tiny", Settings(storage=storage, folder=tmp_path))
    assert (run.record.run_id, run.state) == (dump["run_id"], "done")
    table = catalog.stored_table(run)
    cycles = [
        {
            "well_tuned": cycle["well_tuned"],
            "val_accuracy": {str(each["max_lr"]): each["val_accuracy"] for each in cycle["grid"]},
            "s_cyc": cycle["s_cyc"]["val_accuracy"],
        }
        for cycle in table["cycles"]
    ]
    assert cycles == dump["cycles"]


def test_a_released_database_takes_plans_leases_and_jobs(
    released: Callable[[], dict[str, Any]], storage: str
) -> None:
    dump = released()
    ledger = RunDatabase(parse_url(storage))
    assert ledger.plan(dump["run_id"], "cuda") == Plan("grouped", 24)
    assert ledger.held("g")  # by a driver of another host, which may live
    assert not ledger.held("h")
    with ledger.lease("h", print):
        assert ledger.held("h")
    jobs = ledger.jobs()
    jobs.submit(NewJob("tiny-1", "ann", "tiny", "{}", ""))
    claimed = jobs.claim(Holder("here", "boot/ns 1 2 host"))
    assert claimed is not None
    assert claimed.id == "tiny-1"
    ledger.close()


def differences(storage: str) -> list[Any]:
    """Between the tables that a database has and those that the code knows."""
    with connected(storage) as connection:
        ours = {
            "version_table": "oracle_migrations",
            "include_name": lambda name, kind, _: kind != "table" or name in OURS,
        }
        context = MigrationContext.configure(connection, opts=ours)
        return list(compare_metadata(context, tables.METADATA))


def test_a_migrated_database_has_the_tables_that_the_code_knows(
    released: Callable[[], dict[str, Any]], storage: str
) -> None:
    version = released()["schema"]
    assert (differences(storage) == []) == (version == SCHEMA)
    assert migrate(parse_url(storage)) == (version, SCHEMA)
    assert differences(storage) == []


def test_an_empty_database_gets_the_same_tables(storage: str) -> None:
    assert migrate(parse_url(storage)) == (None, SCHEMA)
    assert names(storage) == OURS
    assert differences(storage) == []
    assert probe(parse_url(storage)) == []  # though Optuna has not been here yet
    ResultStore(parse_url(storage)).close()
    assert probe(parse_url(storage)) == []


@pytest.mark.parametrize("released", [1], indirect=True)
def test_a_database_of_before_plans_gets_them(
    released: Callable[[], dict[str, Any]], storage: str
) -> None:
    released()
    with connected(storage) as connection:
        connection.execute(sa.text("DROP TABLE oracle_plans"))
    assert migrate(parse_url(storage)) == (1, SCHEMA)
    assert differences(storage) == []


def test_a_database_that_is_up_to_date_is_left_alone(
    storage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    RunDatabase(parse_url(storage)).close()

    def never(connection: sa.Connection) -> None:
        raise AssertionError

    monkeypatch.setattr(schema, "_upgrade", never)
    assert migrate(parse_url(storage)) == (SCHEMA, SCHEMA)


def test_a_newer_database_is_refused_and_left_alone(storage: str) -> None:
    migrate(parse_url(storage))
    with connected(storage) as connection:
        connection.execute(sa.text("UPDATE oracle_schema SET version = 99"))
        connection.execute(sa.text("DROP TABLE oracle_observations"))
    before = names(storage)
    (problem,) = probe(parse_url(storage))
    assert "has schema 99, this version reads 1 to" in problem.rule
    for opening in (RunDatabase, migrate):
        with pytest.raises(BadInput, match="has schema 99"):
            opening(parse_url(storage))
    assert names(storage) == before


def test_the_released_version_refuses_a_database_that_was_migrated(storage: str) -> None:
    migrate(parse_url(storage))
    with connected(storage) as connection:  # schema 1 asks for exactly this, and wants [1]
        versions = connection.execute(sa.text("SELECT version FROM oracle_schema")).scalars().all()
    assert versions == [SCHEMA]


@pytest.mark.parametrize("released", [1], indirect=True)
def test_a_migration_that_fails_changes_nothing(
    released: Callable[[], dict[str, Any]], storage: str
) -> None:
    released()
    with connected(storage) as connection:  # in the way of the last of the new tables
        connection.execute(sa.text("CREATE TABLE oracle_observations (x INTEGER)"))
    before = names(storage)
    with pytest.raises(StorageError, match="oracle_observations"):
        RunDatabase(parse_url(storage))
    assert names(storage) == before
    with connected(storage) as connection:
        connection.execute(sa.text("DROP TABLE oracle_observations"))
    assert migrate(parse_url(storage)) == (1, SCHEMA)
    assert differences(storage) == []


@pytest.mark.parametrize("empty", [True, False])
def test_many_may_open_a_database_at_once(
    released: Callable[[], dict[str, Any]], storage: str, empty: bool
) -> None:
    version = None if empty else released()["schema"]
    start = Barrier(8)

    def opened(index: int) -> int | None:
        start.wait()
        before, _ = migrate(parse_url(storage))
        return before

    with ThreadPoolExecutor(8) as pool:
        befores = list(pool.map(opened, range(8)))
    assert sorted(befores, key=str) == sorted([version] + [SCHEMA] * 7, key=str)
    assert differences(storage) == []


def test_so_may_servers_that_start_on_an_empty_one(storage: str) -> None:
    start = Barrier(6)

    def opened(index: int) -> None:
        start.wait()
        ResultStore(parse_url(storage)).close()
        RunDatabase(parse_url(storage)).close()

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(opened, range(6))) == [None] * 6
    assert differences(storage) == []


OPEN = """
import sys
from oracle.database import RunDatabase, parse_url
print("ready", flush=True)
input()
RunDatabase(parse_url(sys.argv[1])).close()
"""


def test_so_may_other_processes(released: Callable[[], dict[str, Any]], storage: str) -> None:
    released()
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", OPEN, storage],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    assert [process.communicate(timeout=240)[1] for process in processes] == [""] * 3
    assert differences(storage) == []
