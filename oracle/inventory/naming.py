"""Names that users give runs: a name finds its run, whose id never changes."""

from __future__ import annotations

import re

from oracle.database import RunDatabase
from oracle.errors import SettingProblem
from oracle.runs import catalog
from oracle.runs.catalog import StoredRun
from oracle.settings import Settings
from oracle.study.base import NAME
from scyc.errors import BadInput

_ID = re.compile(r"-[0-9a-f]{8,64}$")


def rename(run: StoredRun, name: str, settings: Settings) -> None:
    """Give a run a name, which replaces an earlier one; its own id removes the name.

    Args:
        run: The stored run.
        name: New, of the run.
        settings: Where runs are kept and how they are trained.

    Raises:
        BadInput: It is no name, or another run or a study has it.
        StorageError: The database fails.
    """
    if name == run.record.run_id:
        given: str | None = None
    elif not re.fullmatch(NAME, name):
        rule = "must be of a-z, 0-9, '.', '_' and '-', begin with a letter or a digit, 64 at most"
        raise _refused(rule, name)
    elif _ID.search(name):
        raise _refused("ends as ids do, with eight digits of a hash; choose another name", name)
    else:
        given = name
        for other in catalog.find(settings):
            if name in (other.record.run_id, other.study.name):
                rule = f"is the study or the id of {other.record.run_id}; choose another name"
                raise _refused(rule, name)
            if name == other.name and other.record.run_id != run.record.run_id:
                raise _refused(f"is the name of {other.record.run_id}; choose another", name)
    ledger = RunDatabase(run.url)
    try:
        if not ledger.names().give(run.record.run_id, given):
            raise _refused("is the name of another run; choose another", name)
    finally:
        ledger.close()


def _refused(rule: str, name: str) -> BadInput:
    return BadInput("runs", [SettingProblem("name", rule, name)])
