"""What a command is given as RUN: a stored run, an exported one, or a table's JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from oracle.analysis.costs import Measured, comparable
from oracle.database import RunRecord, sqlite_url
from oracle.errors import SettingProblem
from oracle.experiments.base import Experiment
from oracle.experiments.registry import experiment
from oracle.runs import catalog
from oracle.runs.catalog import StoredRun
from oracle.runs.stored import recorded
from oracle.search.request import replay
from oracle.settings import Settings
from oracle.tables.oracle import OracleTable
from oracle.tables.registry import TABLES, Table
from scyc.errors import BadInput

if TYPE_CHECKING:  # only a file needs it: with the client, the HTTP library and Optuna, 0.2 seconds
    from oracle.inventory.archive import Archive


def table(text: str, settings: Settings, distributions: str | None = None) -> Table:
    """Return the table of a run, of an exported run, or of a file with a table's JSON.

    Args:
        text: A run's id or name, or a file that ends in .zip or .json.
        settings: Where runs are.
        distributions: The pruning run whose distributions are wanted instead.

    Returns:
        A table of the run's kind, or of kind "distributions".

    Raises:
        BadInput: There is no such run, or the file is none.
        StorageError: The database fails.
    """
    if text.endswith(".json"):
        return _read(Path(text))
    if text.endswith(".zip"):
        from oracle.inventory.archive import opened_archive  # noqa: PLC0415  # as above

        with opened_archive(Path(text)) as (archive, _):
            so_far = _replayed(archive)
            if distributions is None:
                return so_far.table(archive.run_id)
            return recorded.distributions(_as_run(archive, Path(text)), so_far, distributions)
    run = catalog.find_run(text, settings)
    if distributions is None:
        return catalog.stored_table(run)
    return recorded.stored_distributions(run, distributions)


def oracle_table(text: str, settings: Settings) -> tuple[OracleTable, float]:
    """Return an oracle run's table, and the share of the weights that a cycle prunes.

    Args:
        text: Id or name of a run, or a file.
        settings: Where runs are kept and how they are trained.

    Returns:
        The table, and the share, in (0, 1).

    Raises:
        BadInput: As :func:`table`; or it is no oracle's, or its JSON does not say that share.
        StorageError: The database fails.
    """
    run = None if text.endswith((".json", ".zip")) else catalog.find_run(text, settings)
    content = table(text, settings) if run is None else catalog.stored_table(run)
    if content["kind"] != "oracle":
        rule = "is no oracle run; it has no regions"
        raise BadInput("run", [SettingProblem("run", rule, text)])
    if text.endswith(".json"):
        if (fit := content.get("fit")) is None:
            rule = "is of a run that is not complete, and does not say how much a cycle prunes"
            raise BadInput("run", [SettingProblem("run", f"{rule}; name the run", text)])
        return content, fit["rate"]
    if run is not None:
        return content, run.study.pruning.rate
    from oracle.inventory.archive import opened_archive  # noqa: PLC0415  # as above

    with opened_archive(Path(text)) as (archive, _):
        return content, archive.study.pruning.rate


def measured(texts: tuple[str, ...], settings: Settings) -> list[Measured]:
    """Return runs as their costs are compared.

    Args:
        texts: Ids or names of runs, or files.
        settings: Where runs are kept and how they are trained.

    Returns:
        One a text, in their order.

    Raises:
        BadInput: As :func:`table`; or there are several, and one is a table's JSON, which does not
            say of which system it is.
        StorageError: The database fails.
    """
    runs: list[Measured] = []
    for text in texts:
        if text.endswith(".json"):
            if len(texts) > 1:
                rule = "does not say of which system it is; give the run, or its exported file"
                raise BadInput("cost", [SettingProblem("run", rule, text)])
            runs.append(Measured(_read(Path(text)), text, {}))
        elif text.endswith(".zip"):
            from oracle.inventory.archive import opened_archive  # noqa: PLC0415  # as above

            with opened_archive(Path(text)) as (archive, _):
                shown = _replayed(archive).table(archive.run_id)
                runs.append(comparable(archive.study, archive.graph, shown))
        else:
            runs.append(catalog.measured(catalog.find_run(text, settings)))
    return runs


def _replayed(archive: Archive) -> Experiment:
    so_far = experiment(archive.study, archive.graph)
    for search in so_far.searches():
        replay(search, archive.results)
    return so_far


def _as_run(archive: Archive, file: Path) -> StoredRun:
    record = RunRecord(
        archive.run_id, archive.graph.id, archive.fingerprint, archive.recorded, archive.state
    )
    return StoredRun(record, archive.study, sqlite_url(file), file.parent, archive.state)


def _read(file: Path) -> Table:
    """Return the table that ``oracle table --format json`` wrote. Raises BadInput."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        rule = f"cannot be read as JSON: {error}"
        raise BadInput("table", [SettingProblem("run", rule, str(file))]) from error
    kind = content.get("kind") if isinstance(content, dict) else None
    rule = "is no table of a run; write one: oracle table RUN --format json"
    if not isinstance(kind, str) or kind not in TABLES:
        raise BadInput("table", [SettingProblem("run", rule, str(file))])
    try:
        TypeAdapter(TABLES[kind]).validate_python(content)
    except ValidationError as error:
        path = ".".join(map(str, error.errors()[0]["loc"]))
        rule = f"{rule} (at {path}: {error.errors()[0]['msg']})"
        raise BadInput("table", [SettingProblem("run", rule, str(file))]) from error
    table: Table = content
    return table
