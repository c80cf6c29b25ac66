"""What a study of any kind declares: its grids, its learning rates, its code."""

from __future__ import annotations

from oracle.errors import SettingProblem
from oracle.study.base import LearningRates, Study
from oracle.study.distributions import DistributionsStudy
from oracle.study.oracle import OracleStudy
from oracle.study.parts.grid import grid_bounds, growth_problems
from oracle.study.parts.grid_spec import GridSpec
from oracle.study.schedules import SchedulesStudy
from oracle.study.search import PaperRecipe, SearchStudy
from scyc.errors import BadInput, Problem, unknown
from scyc.specs.factory import FactorySpec

RESERVED_NAMES = frozenset(
    [
        "oracle.db",
        "oracle.db-wal",
        "oracle.db-shm",
        "oracle.db-journal",
        "logs",
        "images",
        "checkpoints",
        "in-flight",
    ]
)  # what the program stores next to the studies' folders
RESERVED_RULE = "is a name of the program's own files; choose another"


def is_reserved(name: str) -> bool:
    """Return whether a name is that of a file or folder of the program's own, or of SQLite's.

    Names are lower case, so no two of them differ by case only.

    Args:
        name: Of a study or of a run.

    Returns:
        True where a folder of this name would hide such a file.
    """
    return name in RESERVED_NAMES or name.startswith("oracle.db-")


def reserved_name_problems(study: Study) -> list[Problem]:
    """Return a problem for each name of a folder that the program needs for files of its own.

    Checked before a run starts, not when a study is read: what was stored stays readable.

    Args:
        study: What was declared.

    Returns:
        Problems of the fields `name` and `beside`; [] where neither is reserved.
    """
    names = {"name": study.name, "beside": study.beside}
    return [
        Problem(path, RESERVED_RULE, name)
        for path, name in names.items()
        if name is not None and is_reserved(name)
    ]


def declared_grids(study: Study) -> dict[str, GridSpec]:
    """Return the grids of max_lr that a study searches, by their path in the study.

    Args:
        study: What was declared.

    Returns:
        Grids by path, such as "schedules[0].tune.max_lr"; {} of a study without a grid.
    """
    if isinstance(study, OracleStudy):
        return {"grid": study.grid}
    if isinstance(study, SearchStudy) and isinstance(study.search, PaperRecipe):
        return {"search.epsilon": study.search.epsilon}
    if isinstance(study, SchedulesStudy):
        return {
            f"schedules[{index}].tune.max_lr": entry.tune.max_lr
            for index, entry in enumerate(study.schedules)
            if entry.tune is not None
        }
    return {}


def max_lr_bounds(study: Study) -> tuple[float, float] | None:
    """Return the learning rates that a study's grids never pass; None of a study without a grid.

    Args:
        study: What was declared.

    Returns:
        The lowest and the highest learning rate of all its grids, extended.
    """
    bounds = [grid_bounds(grid) for grid in declared_grids(study).values()]
    if not bounds:
        return None
    return min(low for low, _ in bounds), max(high for _, high in bounds)


def start_problems(study: Study) -> list[Problem]:
    """Return what keeps a study that can be read from being run: names, grids that cannot grow.

    Args:
        study: What was declared.

    Returns:
        Problems by field; [] where it can be run.
    """
    grids = declared_grids(study).items()
    growth = [problem for path, grid in grids for problem in growth_problems(grid, path)]
    return reserved_name_problems(study) + growth


def uses_own_code(study: Study) -> bool:
    """Return whether a study names Python code that it does not ship with.

    Args:
        study: What was declared.

    Returns:
        True where its data set or network is a factory of the user's.
    """
    return isinstance(study.dataset, FactorySpec) or isinstance(study.network, FactorySpec)


def learning_rates(study: Study, label: str | None = None) -> LearningRates:
    """Return a study's learning rates: S-Cyc's of an oracle study, those of an entry.

    Args:
        study: What is declared.
        label: Of the entry; None is the one with S-Cyc, or the first.

    Returns:
        Schedule, and max_lr or S-Cyc's parameters.

    Raises:
        BadInput: There is no such label, the entry's max_lr is still to be tuned, or S-Cyc's
            parameters are missing.
    """
    if label is not None and not isinstance(study, SchedulesStudy):
        rule = "this study has one schedule; leave the option out"
        raise BadInput(study.name, [SettingProblem("entry", rule, label)])
    if isinstance(study, OracleStudy):
        if study.s_cyc is None:
            rule = "has no s_cyc, so it declares no max_lr; give S-Cyc's parameters"
            raise BadInput(study.name, [Problem("s_cyc", rule)])
        return LearningRates(schedule=study.schedule, s_cyc=study.s_cyc)
    if isinstance(study, SearchStudy):
        rule = "it searches S-Cyc's curve and has none of its own; draw a study that does"
        raise BadInput(study.name, [Problem("study", rule)])
    if not isinstance(study, SchedulesStudy):
        assert isinstance(study, DistributionsStudy)
        return study
    entries = {entry.label: entry for entry in study.schedules}
    if label is None:
        label = next(
            (each.label for each in study.schedules if each.s_cyc), study.schedules[0].label
        )
    if label not in entries:
        raise BadInput(study.name, [SettingProblem("entry", unknown(label, entries), label)])
    if entries[label].tune is not None:
        rule = "its max_lr is not known before it is tuned; choose another entry"
        raise BadInput(study.name, [SettingProblem("entry", rule, label)])
    return entries[label]
