"""Notes and figures of studies in the Optuna dashboard.

Importing ``optuna_dashboard`` imports scikit-learn and pandas, about as long as torch, in every
process that stores a note. Its modules for notes and figures need neither: they are loaded alone.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from scyc.json_types import JsonMapping
from scyc.specs.base import content_hash

if TYPE_CHECKING:
    import optuna
    from plotly.graph_objects import Figure

_PACKAGE = "optuna_dashboard"
_NOTE_HASHES = "note_hashes"  # user attribute: of the note before and after the last run wrote


def read_note(study: optuna.Study) -> str:
    """Return a study's note (Markdown); empty where it has none.

    Args:
        study: Optuna's study.

    Returns:
        Markdown.
    """
    note: str = _module("_note", "get_note").get_note(study)
    return note


def replace_note(study: optuna.Study, note: str) -> None:
    """Give a study its note (Markdown), unless somebody has edited the one it has.

    Args:
        study: Optuna's study.
        note: The note of this run.
    """
    old = read_note(study)
    if _note_is_ours(old, study.user_attrs):
        hashes = [content_hash([text]) for text in (old, note)]  # both: a kill may come between
        study.set_user_attr(_NOTE_HASHES, hashes)
        write_note(study, note)


def write_note(study: optuna.Study, note: str) -> None:
    """Give a study its note (Markdown).

    Args:
        study: Optuna's study.
        note: Markdown.
    """
    _module("_note", "save_note").save_note(study, note)


def write_figure(study: optuna.Study, title: str, figure: Figure) -> None:
    """Give a study a figure; one of the same title is replaced.

    Args:
        study: Optuna's study.
        title: Of the figure.
        figure: Plotly's.
    """
    module = _module("_custom_plot_data", "save_plotly_graph_object")
    module.save_plotly_graph_object(study, figure, graph_object_id=title)


def _note_is_ours(note: str, attributes: JsonMapping) -> bool:
    """Return whether a note may be replaced: it is empty, or as the last run left it."""
    if not note:
        return True
    if _NOTE_HASHES in attributes:
        return content_hash([note]) in attributes[_NOTE_HASHES]
    return any(key.startswith("run:") for key in attributes)  # of a version that kept no hash


@cache
def _module(name: str, function: str) -> ModuleType:
    """Return the module which has a function: one file of the dashboard, or the whole package.

    The whole is taken where it is imported already, and where another version keeps the function
    elsewhere.
    """
    package = importlib.util.find_spec(_PACKAGE)
    if package is not None and package.origin is not None and _PACKAGE not in sys.modules:
        file = Path(package.origin).with_name(f"{name}.py")
        spec = importlib.util.spec_from_file_location(f"{__name__}{name}", file)
        if file.is_file() and spec is not None and spec.loader is not None:
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            if hasattr(module, function):
                return module
    return importlib.import_module(_PACKAGE)
