"""External runs on a database: declared, observed, given tasks, shown in Optuna."""

import dataclasses
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import optuna
import pytest

from oracle.database import RunDatabase, parse_url
from oracle.errors import Forbidden, UnknownJob
from oracle.records.tokens import Token
from oracle.search.ask_tell import Training
from oracle.service.external_runs import ExternalRuns, Reported
from oracle.service.limits import Limits
from oracle.storage.result_store import ResultStore
from oracle.study.parts.external_run import ExternalRun
from oracle.study.parts.metric import MetricSpec
from scyc.errors import BadInput

ME = Token("me", "submit", datetime.now(UTC))
OTHER = dataclasses.replace(ME, name="other")
ADMIN = Token("boss", "admin", datetime.now(UTC))
RUN = ExternalRun.model_validate(
    {
        "name": "mine",
        "grid": {"max_lr": [0.05, 0.1, 0.2], "extend": False},
        "cycles": 1,
        "replicates": 2,
    }
)


@dataclasses.dataclass
class Opened:
    """What a server has of one database."""

    ledger: RunDatabase
    store: ResultStore

    def runs(self) -> ExternalRuns:
        return ExternalRuns(self.ledger.observations(), self.store)


@pytest.fixture
def opened(storage: str) -> Iterator[Opened]:
    url = parse_url(storage)
    store = ResultStore(url)
    ledger = RunDatabase(url)
    yield Opened(ledger, store)
    ledger.close()
    store.close()


def trained(training: Training) -> Reported:
    best = (0.1, 0.2)[training.cycle]
    return Reported(training, 90 - 50 * abs(training.max_lr - best) + training.replicate)


def test_a_run_is_declared_once_and_found_by_its_id_and_its_name(opened: Opened) -> None:
    runs = opened.runs()
    assert runs.declare(RUN, "me")
    assert not runs.declare(RUN, "other")
    longer = RUN.model_copy(update={"cycles": 2})
    assert runs.declare(longer, "me")
    assert [declared.run_id for declared, _ in runs.all()] == [RUN.id, longer.id]
    by_id, by_name = runs.find(RUN.id), runs.find("mine")
    assert by_id is not None
    assert by_name is not None
    assert (by_id[0].owner, by_id[1].run) == ("me", RUN)
    assert by_name[1].run == longer  # the latest
    assert runs.find("yours") is None


def test_a_trainer_is_led_through_every_cycle_and_gets_the_winners(opened: Opened) -> None:
    runs = opened.runs()
    runs.declare(RUN, "me")
    answer = runs.observe(RUN.id, ME, [])
    tasks = []
    while answer.next is not None:
        tasks.append(answer.next)
        answer = runs.observe("mine", ME, [trained(answer.next)])
        assert answer.added == 1
    assert len(tasks) == len(set(tasks)) == 12
    assert answer.standing.state == "done"
    regions = [each.region for each in answer.standing.cycles]
    assert [region.well_tuned for region in regions if region] == [0.1, 0.2]
    shown = optuna.load_study(study_name=f"{RUN.id}/observations", storage=opened.store._storage)
    assert len(shown.get_trials()) == 12


def test_the_same_observation_again_is_fine_and_another_accuracy_is_not(opened: Opened) -> None:
    runs = opened.runs()
    runs.declare(RUN, "me")
    first = Reported(Training(0, 0.1, 0), 91.0)
    assert runs.observe(RUN.id, ME, [first]).added == 1
    assert runs.observe(RUN.id, ME, [first]).added == 0
    for other in (90.0, None):
        answer = runs.observe(RUN.id, ME, [dataclasses.replace(first, accuracy=other)])
        assert (answer.added, len(answer.conflicts)) == (0, 1)
        assert answer.next is not None  # the trainer goes on
    assert opened.store.observations(RUN.id) == {(0, 0.1, 0)}
    stored = runs.find(RUN.id)
    assert stored is not None
    assert stored[1].done == 1


def test_if_one_of_several_was_not_requested_none_is_accepted(opened: Opened) -> None:
    runs = opened.runs()
    runs.declare(RUN, "me")
    reports = [trained(Training(0, 0.1, 0)), trained(Training(0, 0.11, 0))]
    with pytest.raises(BadInput, match=r"observations\[1\]\.max_lr = 0\.11"):
        runs.observe(RUN.id, ME, reports)
    assert opened.ledger.observations().of(RUN.id) == []


def test_only_its_owner_and_an_admin_may_observe_a_run(opened: Opened) -> None:
    runs = opened.runs()
    runs.declare(RUN, "me")
    with pytest.raises(Forbidden):
        runs.observe(RUN.id, OTHER, [])
    with pytest.raises(UnknownJob):
        runs.observe("yours", ME, [])
    assert runs.observe(RUN.id, ADMIN, []).next == Training(0, 0.05, 0)


def test_another_server_continues_where_the_first_one_stopped(opened: Opened) -> None:
    first, second = opened.runs(), opened.runs()
    first.declare(RUN, "me")
    todo = first.observe(RUN.id, ME, []).next
    assert todo is not None
    first.observe(RUN.id, ME, [trained(todo)])
    answer = second.observe(RUN.id, ME, [])
    assert answer.standing.done == 1
    assert answer.next == Training(0, 0.1, 0)


def test_what_a_killed_server_did_not_show_is_shown_at_the_next_start(opened: Opened) -> None:
    rows = opened.ledger.observations()
    opened.runs().declare(RUN, "me")
    opened.runs().observe(RUN.id, ME, [trained(Training(0, 0.05, 0))])
    rows.add(RUN.id, 0, 0.1, 1, 92.0, "me")  # and then it was killed
    assert opened.store.observations(RUN.id) == {(0, 0.05, 0)}
    for _ in range(2):
        opened.runs()
        assert opened.store.observations(RUN.id) == {(0, 0.05, 0), (0, 0.1, 1)}
    shown = optuna.load_study(study_name=f"{RUN.id}/observations", storage=opened.store._storage)
    assert [trial.value for trial in shown.get_trials()] == [87.5, 92.0]


def test_trainers_side_by_side_train_nothing_twice(opened: Opened) -> None:
    """Four trainers that ask again while the others train the rest of a cycle."""
    runs = opened.runs()
    runs.declare(RUN, "me")
    tasks: list[Training] = []
    turn = threading.Lock()

    def trainer(_: int) -> str:
        answer = runs.observe(RUN.id, ME, [])
        while answer.standing.state == "open":
            reports = []
            if answer.next is not None:
                with turn:
                    tasks.append(answer.next)
                reports = [trained(answer.next)]
            answer = runs.observe(RUN.id, ME, reports)
        return answer.standing.state

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(trainer, range(4))) == ["done"] * 4
    assert len(tasks) == len(set(tasks)) == 12
    assert len(opened.ledger.observations().of(RUN.id)) == 12
    shown = optuna.load_study(study_name=f"{RUN.id}/observations", storage=opened.store._storage)
    assert len(shown.get_trials()) == 12


def test_what_a_dead_trainer_was_given_is_given_again_when_its_lease_has_ended(
    opened: Opened,
) -> None:
    clock = [0.0]
    runs = ExternalRuns(opened.ledger.observations(), opened.store, now=lambda: clock[0])
    runs.declare(RUN, "me")
    given = [runs.observe(RUN.id, ME, [], lease=60).next for _ in range(6)]
    assert len(set(given)) == 6
    idle = runs.observe(RUN.id, ME, [])
    assert (idle.standing.state, idle.next, idle.retry_after) == ("open", None, 10.0)
    clock[0] = 57.0
    assert runs.observe(RUN.id, ME, []).retry_after == 3.0
    clock[0] = 60.0
    assert runs.observe(RUN.id, ME, [], trainer="b").next == given[0]
    assert runs.observe(RUN.id, ME, [], trainer="b").next == given[0]  # its own, again
    assert runs.observe(RUN.id, ME, [], trainer="c").next == given[1]


def test_a_name_that_the_program_needs_and_a_grid_that_cannot_grow_are_refused(
    opened: Opened,
) -> None:
    runs = opened.runs()
    for name in ("in-flight", "images", "oracle.db", "oracle.db-journal", "oracle.db-anything"):
        with pytest.raises(BadInput, match="is a name of the program's own files"):
            runs.declare(RUN.model_copy(update={"name": name}), "me")
    alone = ExternalRun.model_validate({"name": "mine", "grid": {"max_lr": [0.1]}, "cycles": 1})
    with pytest.raises(BadInput, match="no spacing to grow by"):
        runs.declare(alone, "me")
    assert runs.all() == []
    # what an earlier version took is declared again at every start of its trainer
    opened.ledger.observations().declare(alone.id, alone.model_dump_json(), "me")
    assert not runs.declare(alone, "me")


def test_another_run_whose_short_hash_is_the_same_is_refused(opened: Opened) -> None:
    runs = opened.runs()
    other = RUN.model_copy(update={"cycles": 3})
    opened.ledger.observations().declare(RUN.id, other.model_dump_json(), "me")
    with pytest.raises(BadInput, match="another run has this id; choose another name"):
        runs.declare(RUN, "me")


def test_another_run_with_the_same_short_hash_that_is_declared_meanwhile_is_refused(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs, other = opened.runs(), RUN.model_copy(update={"cycles": 3})

    def declared_by_another(run: ExternalRun) -> list[str]:
        opened.ledger.observations().declare(RUN.id, other.model_dump_json(), "me")
        return []

    monkeypatch.setattr(Limits, "external_run_problems", lambda _, run: declared_by_another(run))
    with pytest.raises(BadInput, match="another run has this id; choose another name"):
        runs.declare(RUN, "me")


def test_a_run_with_a_metric_takes_its_values_and_is_shown_again_in_its_direction(
    opened: Opened,
) -> None:
    run = RUN.model_copy(update={"metric": MetricSpec(name="mse", mode="min"), "tolerance": 10.0})
    opened.runs().declare(run, ME.name)
    first = Training(0, 0.05, 0)
    opened.ledger.observations().add(run.id, 0, 0.05, 0, 450.0, ME.name)  # and the server died
    answer = opened.runs().observe(run.id, ME, [])
    while answer.next is not None:
        error = 400 + 500 * abs(answer.next.max_lr - 0.1)
        answer = opened.runs().observe(run.id, ME, [Reported(answer.next, error)])
    regions = [cycle.region for cycle in answer.standing.cycles]
    assert [region and region.well_tuned for region in regions] == [0.1, 0.1]
    assert first in answer.standing.requested
    study = optuna.load_study(study_name=f"{run.id}/observations", storage=opened.store._storage)
    assert study.direction.name == "MINIMIZE"
    assert max(trial.values[0] for trial in study.trials) == 450.0
    opened.runs().declare(RUN, ME.name)
    with pytest.raises(BadInput, match=r"observations\[0\]\.accuracy = 400\.0"):
        opened.runs().observe(RUN.id, ME, [Reported(first, 400.0)])
