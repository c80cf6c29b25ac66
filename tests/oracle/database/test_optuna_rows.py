"""Trials that are written without Optuna: the same rows as Optuna's, and only under the lease."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import optuna
import pytest
import sqlalchemy as sa
from optuna.distributions import FloatDistribution, IntDistribution, distribution_to_json
from optuna.trial import FrozenTrial, TrialState

from oracle.database import LeaseClaim, RunDatabase, parse_url
from oracle.database import leases as leases_module
from oracle.database.contents import trial_rows as trial_rows_module
from oracle.database.contents.trial_rows import NewTrial
from oracle.database.optuna_rows import Trials
from oracle.database.tables import LEASES
from oracle.errors import LeaseLost
from oracle.runs import execute, prepare
from oracle.settings import Settings
from oracle.storage.result_store import ResultStore
from oracle.study.base import Study

TABLES = {
    "trials": "number, state, datetime_start, datetime_complete",
    "trial_values": "objective, value, value_type",
    "trial_params": "param_name, param_value, distribution_json",
    "trial_intermediate_values": "step, intermediate_value, intermediate_value_type",
    "trial_user_attributes": "key, value_json",
}


@pytest.fixture
def opened(storage: str) -> str:
    ResultStore(parse_url(storage)).close()
    RunDatabase(parse_url(storage)).close()
    return storage


def trials() -> list[FrozenTrial]:
    axes: dict[str, Any] = {
        "max_lr": FloatDistribution(1e-8, 1e4, log=True),
        "replicate": IntDistribution(0, 1000),
    }
    curve = {10: 5e-324, 20: float("nan"), 30: float("inf"), 40: float("-inf"), 50: 1.7e308}
    made = [
        optuna.create_trial(
            state=TrialState.COMPLETE,
            value=0.1 + 0.2,
            params={"max_lr": 1 / 3, "replicate": 7},
            distributions=axes,
            intermediate_values=curve,
            user_attrs={"cell": "c", "cost": {"seconds": 1e-9, "device": None}, "text": "é\x01"},
        ),
        optuna.create_trial(state=TrialState.COMPLETE, value=float("-inf")),
        optuna.create_trial(state=TrialState.FAIL),
        optuna.create_trial(state=TrialState.PRUNED, intermediate_values={0: -0.0}),
    ]
    for trial in made:
        trial.datetime_start = datetime(2026, 7, 1, 12, 30, 1, 999999)
    return made


def new(trial: FrozenTrial) -> NewTrial:
    def utc(local: datetime | None) -> datetime:
        assert local is not None
        return local.astimezone(UTC).replace(tzinfo=None)

    return NewTrial(
        fate=trial.state.name,  # type: ignore[arg-type]
        started=utc(trial.datetime_start),
        ended=utc(trial.datetime_complete),
        values=tuple(trial.values or ()),
        params={
            name: (axis.to_internal_repr(trial.params[name]), distribution_to_json(axis))
            for name, axis in trial.distributions.items()
        },
        curve=trial.intermediate_values,
        attributes=trial.user_attrs,
    )


def rows(storage: str, study: int) -> dict[str, list[Any]]:
    engine = sa.create_engine(storage)
    tables = {}
    with engine.connect() as connection:
        for table, columns in TABLES.items():
            named = ", ".join(f"{table}.{each}" for each in columns.split(", "))
            select = f"SELECT trials.number, {named} FROM {table} "  # noqa: S608  # names from above
            if table != "trials":
                select += f"JOIN trials ON trials.trial_id = {table}.trial_id "
            whole = f"{select} WHERE study_id = {study} ORDER BY 1, 2, 3"
            tables[table] = [tuple(row) for row in connection.execute(sa.text(whole))]
    engine.dispose()
    return tables


def test_the_rows_are_those_that_optuna_writes(opened: str) -> None:
    theirs = optuna.create_study(storage=opened, study_name="theirs")
    ours = optuna.create_study(storage=opened, study_name="ours")
    written = Trials(parse_url(opened))
    made = trials()
    for trial in made:
        theirs.add_trial(trial)
        written.add(ours._study_id, new(trial), None)
    written.close()
    assert rows(opened, ours._study_id) == rows(opened, theirs._study_id)
    assert len(rows(opened, ours._study_id)["trial_intermediate_values"]) == 6
    assert [each.values for each in ours.trials] == [each.values for each in theirs.trials]
    assert [each.params for each in ours.trials] == [each.params for each in theirs.trials]


def test_trials_are_read_as_optuna_reads_them(opened: str) -> None:
    for name in ("first", "second", "other"):
        study = optuna.create_study(storage=opened, study_name=name)
        study.set_user_attr("graph", "other" if name == "other" else "g")
        study.add_trials(trials())
    written = Trials(parse_url(opened))
    read = written.complete("graph", "g")
    written.close()
    expected = [
        each
        for name in ("first", "second")
        for each in optuna.load_study(study_name=name, storage=opened).get_trials()
        if each.state == TrialState.COMPLETE
    ]
    assert len(read) == 4
    assert [each.value for each in read] == [each.value for each in expected]
    assert [each.attributes for each in read] == [each.user_attrs for each in expected]
    for ours, theirs in zip(read, expected, strict=True):
        assert repr(sorted(ours.curve.items())) == repr(sorted(theirs.intermediate_values.items()))


def test_trials_that_are_stored_during_a_read_are_not_in_it(opened: str) -> None:
    study = optuna.create_study(storage=opened, study_name="ours")
    study.set_user_attr("graph", "g")
    reader, writer = Trials(parse_url(opened)), Trials(parse_url(opened))
    trial = new(trials()[0])
    writer.add(study._study_id, trial, None)
    statements: list[str] = []

    @sa.event.listens_for(reader._database.engine, "after_cursor_execute")
    def store_another(connection: Any, cursor: Any, statement: str, *others: Any) -> None:
        if statement.startswith("SELECT"):
            statements.append(statement)
            writer.add(study._study_id, trial, None)

    assert len(reader.complete("graph", "g")) == 1
    assert len(statements) == 4
    assert len(reader.complete("graph", "g")) == 5
    reader.close()
    writer.close()


def test_a_lease_that_is_anothers_lets_nothing_be_written(opened: str) -> None:
    study = optuna.create_study(storage=opened, study_name="ours")
    written, ledger = Trials(parse_url(opened)), RunDatabase(parse_url(opened))
    with ledger.lease("g", print) as lease:
        written.add(study._study_id, new(trials()[0]), lease.claim)
        stale = LeaseClaim("g", "somebody else")
        with pytest.raises(LeaseLost, match="taken this run over"):
            written.add(study._study_id, new(trials()[0]), stale)
        claim = lease.claim
    with pytest.raises(LeaseLost):
        written.add(study._study_id, new(trials()[0]), claim)
    written.close()
    ledger.close()
    assert len(study.get_trials()) == 1


def test_a_trial_whose_commit_is_under_way_is_waited_for_and_not_written_again(
    opened: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection is gone, the answer lost, and the server has yet to finish the COMMIT."""
    study = optuna.create_study(storage=opened, study_name="ours")
    first, second = Trials(parse_url(opened)), Trials(parse_url(opened))
    trial = replace(new(trials()[0]), attributes={"cell": "c", "cost": {"steps": 10}})
    held, go = threading.Event(), threading.Event()
    rows = trial_rows_module.trial_rows

    def slow(each: NewTrial) -> Any:
        if threading.current_thread() is writer:
            held.set()
            assert go.wait(120)
        return rows(each)

    monkeypatch.setattr(trial_rows_module, "trial_rows", slow)
    writer = threading.Thread(target=lambda: first.add(study._study_id, trial, None))
    writer.start()
    assert held.wait(120)
    retry = threading.Thread(target=lambda: second.add(study._study_id, trial, None, "cell"))
    retry.start()
    retry.join(0.5)
    assert retry.is_alive()
    go.set()
    writer.join(120)
    retry.join(120)
    assert len(study.get_trials()) == 1
    second.add(study._study_id, replace(trial, attributes={"cell": "d"}), None, "cell")
    assert len(study.get_trials()) == 2
    first.close()
    second.close()


def test_a_lease_is_not_taken_over_while_a_trial_is_written(opened: str) -> None:
    """The one who takes over waits, and then sees the trial."""
    database, ledger = leases_module.Database(parse_url(opened)), RunDatabase(parse_url(opened))
    order: list[str] = []
    with ledger.lease("g", print) as lease:

        def take() -> None:
            engine = sa.create_engine(opened)
            with engine.begin() as connection:
                change = sa.update(LEASES).where(LEASES.c.graph == "g").values(holder="another")
                connection.execute(change)
                order.append("taken")
            engine.dispose()

        thief = threading.Thread(target=take)
        with database.writing() as connection:
            leases_module.require(connection, lease.claim)
            thief.start()
            thief.join(0.3)
            assert thief.is_alive()
            order.append("written")
        thief.join()
    assert order == ["written", "taken"]
    database.close()
    ledger.close()


def test_a_driver_that_slept_through_its_lease_writes_nothing_more(
    study: Callable[..., Study], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was stopped before its write, and another host took the lease: it has not noticed yet."""
    settings = Settings(tmp_path, backend="inline", device="cpu")
    prepared = prepare.prepare(study(cycles=1), settings)
    engine = sa.create_engine(f"sqlite:///{tmp_path}/_oracle/oracle.db")
    add, added = ResultStore.add, []

    def late(self: ResultStore, *arguments: Any) -> None:
        if len(added) == 3:
            with engine.begin() as connection:
                connection.execute(sa.update(LEASES).values(holder="another"))
        added.append(arguments)
        add(self, *arguments)

    monkeypatch.setattr(ResultStore, "add", late)
    with pytest.raises(LeaseLost):
        execute.execute(prepared)
    with engine.connect() as connection:
        ended = sa.text("SELECT COUNT(*) FROM trials WHERE state = 'COMPLETE'")
        assert connection.execute(ended).scalar_one() == 3
        states = connection.execute(sa.text("SELECT state FROM oracle_runs")).scalars().all()
    engine.dispose()
    assert states == ["running"]  # it is the other's to say


def test_a_trial_replaces_an_equal_one_unless_that_one_is_complete(opened: str) -> None:
    study = optuna.create_study(storage=opened, study_name="put")
    rows, first = Trials(parse_url(opened)), new(trials()[0])
    key = "cell"

    def stored() -> Any:
        return optuna.load_study(study_name="put", storage=opened).trials

    rows.put(study._study_id, first, None, key)
    (there,) = stored()
    less = replace(first, attributes={"cell": "c"}, ended=datetime(2027, 1, 1))
    rows.put(study._study_id, less, None, key)
    assert repr(stored()) == repr([there])  # by its text: a curve has a NaN
    other = replace(less, values=(2.0,), curve={})
    rows.put(study._study_id, other, None, key)
    (now,) = stored()
    assert (now._trial_id, now.datetime_complete) == (there._trial_id, there.datetime_complete)
    assert (now.value, now.intermediate_values, now.user_attrs) == (2.0, {}, {"cell": "c"})
    assert now.params == there.params
    failed = replace(other, fate="FAIL", values=(), params={})
    rows.put(study._study_id, failed, None, key)
    (now,) = stored()
    assert (now.state, now.value, now.params) == (TrialState.FAIL, None, {})
    rows.put(study._study_id, replace(other, attributes={"cell": "d"}), None, key)
    assert [each.number for each in stored()] == [0, 1]
    with pytest.raises(LeaseLost):
        rows.put(study._study_id, first, LeaseClaim("graph", "nobody"), key)
    assert len(stored()) == 2
    rows.close()
