"""What must hold after every fault, once the run has been taken up again and has ended."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import optuna
import sqlalchemy as sa

from faults import journal
from faults.drivers import Victim
from oracle.database.tables import LEASES
from oracle.runs import catalog
from scyc.storage.checkpoint_store import CheckpointError, CheckpointStore


def broken(
    victim: Victim, reference: Victim, journal_file: Path | None = None, again: int = 0
) -> list[str]:
    """The invariants that do not hold of a run that has ended; the reference never met a fault.

    again: how many training runs may have been repeated; see `journal.faults`.
    """
    problems = [*_integrity(victim), *_ownerless(victim), *_trials(victim, reference)]
    if victim.table() != reference.table():
        problems.append("I1: the table is another one")
    problems += _checkpoints(victim, reference)
    scratch = [path for path in victim.folder.rglob(".*") if path.is_file()]
    problems += [f"I5: {path.relative_to(victim.folder)} is scratch" for path in scratch]
    if journal_file is not None:
        problems += journal.faults(journal_file, again, set(trials(victim)))
    return problems


def trials(victim: Victim) -> Counter[str]:
    """Trials of each cell. An unfinished trial counts as one of the cell "unfinished"."""
    storage = optuna.storages.RDBStorage(
        _url(victim), skip_compatibility_check=True, skip_table_creation=True
    )  # half a second less
    counts: Counter[str] = Counter()
    for name in optuna.get_all_study_names(storage):
        study = optuna.load_study(study_name=name, storage=storage)
        for trial in study.get_trials(deepcopy=False):
            if "summary_of_cycle" in trial.user_attrs:
                continue  # the answer of a cycle, no training run
            counts[trial.user_attrs["cell"] if trial.state.is_finished() else "unfinished"] += 1
    storage.remove_session()
    storage.engine.dispose()
    return counts


def _trials(victim: Victim, reference: Victim) -> Iterator[str]:
    there, expected = trials(victim), trials(reference)
    for cell in there.keys() | expected.keys():
        if there[cell] != expected[cell]:
            yield f"I3: {there[cell]} trials of cell {cell[:8]}, not {expected[cell]}"


def _ownerless(victim: Victim) -> Iterator[str]:
    for run in catalog.find(victim.settings):
        if run.record.state not in ("done", "no winner"):
            yield f"I4: run {run.record.run_id} has ended and is {run.record.state}"
    engine = sa.create_engine(_url(victim))
    with engine.connect() as connection:
        for lease in connection.execute(sa.select(LEASES)):
            yield f"I4: a lease of {lease.process} is left"
    engine.dispose()


def _checkpoints(victim: Victim, reference: Victim) -> Iterator[str]:
    folder = victim.folder / "checkpoints"
    there, expected = _files(folder), _files(reference.folder / "checkpoints")
    for name in sorted(there - expected):
        yield f"I5: {name} is left over"
    for name in sorted(expected - there):
        yield f"I5: {name} is gone"
    store = CheckpointStore(folder)
    for name in sorted(there & expected):
        try:
            network = store.load(Path(name).stem)
        except CheckpointError as error:
            yield f"I5: {error}"
            continue
        for weight, mask in network.masks.items():
            if network.state[weight][~mask].any():
                yield f"I5: {name}: pruned weights of {weight} are not zero"
    if (victim.folder / "in-flight").exists():
        yield "I5: unfinished packs are left"


def _files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def _integrity(victim: Victim) -> Iterator[str]:
    url = sa.make_url(_url(victim))
    if url.get_backend_name() == "sqlite":
        with contextlib.closing(sqlite3.connect(str(url.database))) as database:
            (answer,) = database.execute("PRAGMA integrity_check").fetchone()
            if answer != "ok":
                yield f"I7: {answer}"
        return
    program = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_amcheck"))), "pg_amcheck")
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    command = [program, "--install-missing", "--heapallindexed", plain]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode or done.stdout.strip():
        yield f"I7: pg_amcheck: {done.stdout}{done.stderr}"


def _url(victim: Victim) -> str:
    return victim.url or f"sqlite:///{victim.settings.database_file}"
