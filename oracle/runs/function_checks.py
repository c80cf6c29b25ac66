"""What can be wrong with a training function before work starts, and what it takes."""

from __future__ import annotations

from oracle.errors import PackFailed
from oracle.execution.functions.worker import load_trainable
from oracle.settings import Settings
from oracle.study.base import Study
from oracle.study.function import FunctionStudy
from scyc.errors import Problem


def function_problems(study: FunctionStudy, settings: Settings) -> list[Problem]:
    """Return what is wrong with a study's training function; it is imported, but not run.

    Args:
        study: The declared study.
        settings: Where runs are kept and how they are trained.

    Returns:
        At most one problem, of the field `trainer.function`.
    """
    path = study.trainer.function
    if path.startswith("__main__:") and settings.backend == "ray":
        rule = (
            "is defined in the main script, which Ray's workers cannot import; move it to a "
            'module, or use backend "inline"'
        )
        return [Problem("trainer.function", rule, path)]
    try:
        load_trainable(path)
    except PackFailed as error:
        return [Problem("trainer.function", str(error), path)]
    return []


def function_resources(study: Study) -> tuple[float, float] | None:
    """Return the CPUs and GPUs of a function's training run; None for a study of images.

    Args:
        study: What was declared.

    Returns:
        Numbers that may be fractions, as Ray takes them.
    """
    if not isinstance(study, FunctionStudy):
        return None
    trainable = load_trainable(study.trainer.function)
    return trainable.cpu, trainable.gpu
