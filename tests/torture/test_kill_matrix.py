"""Who is killed x when, with real workers, nodes, drivers, servers and databases."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import databases
import pytest
import ray_nodes
from factories import create_database
from faults import failpoints, invariants, matrix
from faults.drivers import Victim, ended, until
from faults.matrix import MOMENTS, WHO, Site

CELLS = tuple((who, when) for who in WHO for when in MOMENTS)
CHOSEN = tuple(  # each of whom, and each moment, twice
    (who, tuple(MOMENTS)[(2 * index + shift + index // 3) % 6])
    for index, who in enumerate(WHO)
    for shift in (0, 1)
)


@pytest.fixture(scope="session")
def killable() -> Iterator[Any]:
    """A PostgreSQL server that may be killed and started again."""
    with databases.server(databases.required_programs(), durable=True) as server:
        yield server


@pytest.fixture
def site(request: pytest.FixtureRequest, tmp_path: Path, who: str, when: str) -> Iterator[Site]:
    """What a cell needs: a cluster for a node, PostgreSQL for a database, else SQLite."""
    victim, site = Victim(tmp_path / "runs"), None
    database = request.getfixturevalue("killable") if who in ("database", "group") else None
    if database is not None:
        victim.url = create_database(database.url, f"cell{abs(hash(str(tmp_path)))}")
    elif who == "server":
        victim.url = f"sqlite:///{tmp_path}/served.db"
    site = Site(victim, database)
    if who != "node":
        yield site
    else:
        with ray_nodes.cluster(2, site.variables) as cluster:
            site.cluster = cluster
            site.environment = cluster.environment | {"RAY_ADDRESS": cluster.address}
            yield site
    site.end()


def check(who: str, when: str, site: Site, reference: Victim, counted: Callable[..., None]) -> None:
    problems = matrix.broken(who, when, site, reference)
    counted(
        f"{who} killed, real Ray and servers",
        injected=1 + (when == "during recovery"),
        survived=0 if problems else 1 + (when == "during recovery"),
        broken=len(problems),
    )
    assert problems == []


@pytest.mark.ray
@pytest.mark.slow
@pytest.mark.parametrize(("who", "when"), CHOSEN)
def test_a_kill_in_a_chosen_cell_of_the_matrix_breaks_nothing(
    who: str, when: str, site: Site, reference: Victim, counted: Callable[..., None]
) -> None:
    check(who, when, site, reference, counted)


@pytest.mark.ray
@pytest.mark.slow
@pytest.mark.nightly
@pytest.mark.skipif("NIGHTLY" not in os.environ, reason="hours; set NIGHTLY=1 to run them")
@pytest.mark.parametrize("again", range(3))
@pytest.mark.parametrize(("who", "when"), CELLS)
def test_a_kill_in_any_cell_of_the_matrix_breaks_nothing(
    who: str, when: str, again: int, site: Site, reference: Victim, counted: Callable[..., None]
) -> None:
    check(who, when, site, reference, counted)


def test_the_chosen_cells_have_everybody_and_every_moment_twice() -> None:
    assert len(CELLS) == 36
    assert len(set(CHOSEN)) == 12
    assert {who: sum(who == each for each, _ in CHOSEN) for who in WHO} == dict.fromkeys(WHO, 2)
    moments = {when: sum(when == each for _, each in CHOSEN) for when in MOMENTS}
    assert moments == dict.fromkeys(MOMENTS, 2)


def test_a_second_driver_is_refused_while_the_first_lives(
    victim: Victim, reference: Victim
) -> None:
    first = victim.start(
        lambda: failpoints.arm("between result and commit", 5, lambda: os.kill(0, signal.SIGSTOP))
    )
    until(lambda: " T " in Path(f"/proc/{first}/stat").read_text().rpartition(")")[2][:3])
    assert victim.drive() == 10, victim.errors
    assert f"process {first} on this machine works on it" in victim.errors
    os.kill(first, signal.SIGCONT)
    assert ended(first) == 0, victim.errors
    assert invariants.broken(victim, reference) == []


@pytest.mark.slow
def test_an_acknowledged_cancel_stays_though_the_server_is_killed_at_once(tmp_path: Path) -> None:
    victim = Victim(tmp_path / "runs", f"sqlite:///{tmp_path}/served.db")
    site = Site(victim, backend="inline")
    site.order("between result and commit", 3)
    server, address = site.serve()

    def ask(*arguments: str) -> str:
        before = len(site.output)
        process = site.command(*arguments, "--server", address)
        assert matrix.ended(process) == 0, site.output
        return site.output[before:].strip()

    job = ask("submit", "tiny.yaml", "--quiet")
    site.held(server)
    ask("cancel", job)
    server.kill()
    matrix.ended(server)
    assert site.left() == []
    site.order(None)
    _, address = site.serve()
    time.sleep(3)  # it polls its queue every quarter of a second
    assert "cancelled" in ask("status", job)
    assert "cancelled" in ask("status", job)
    trials = invariants.trials(victim)
    assert trials.total() - trials["unfinished"] <= 3
    site.end()


@pytest.mark.slow
def test_a_job_continues_after_its_database_was_killed_and_restarted(
    killable: Any, tmp_path: Path, reference: Victim, counted: Callable[..., None]
) -> None:
    victim = Victim(tmp_path / "runs", create_database(killable, "served"))
    site = Site(victim, killable, backend="inline")
    site.order("between result and commit", 3)
    server, address = site.serve()
    submit = ("submit", "tiny.yaml", "--quiet", "--server", address)
    assert matrix.ended(site.command(*submit)) == 0, site.output
    site.held(server)
    killable.kill()
    site.release()
    time.sleep(5)
    killable.start()
    assert matrix.ended(site.command(*submit, "--wait")) == 0, site.output
    server.terminate()
    assert matrix.ended(server) == 0, site.output
    assert site.left() == []
    assert invariants.broken(victim, reference, site.journal) == []
    assert "Traceback" not in site.output
    counted("database killed under a server", injected=1, survived=1, broken=0)
