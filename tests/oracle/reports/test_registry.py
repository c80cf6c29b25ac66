"""A kind of study is known to every registry, and printing a table draws nothing."""

import subprocess
import sys

from oracle.experiments.registry import EXPERIMENTS
from oracle.plots.registry import FIGURES
from oracle.reports.registry import SHEETS
from oracle.study.registry import KINDS
from oracle.tables.registry import TABLES


def test_all_registries_know_the_same_kinds_of_study() -> None:
    kinds = set(KINDS)
    assert kinds == set(TABLES) == set(SHEETS) == set(FIGURES)
    assert {KINDS[kind] for kind in kinds} == set(EXPERIMENTS)


def test_a_table_is_printed_without_plotly_scipy_and_torch() -> None:
    code = (
        "import sys; from oracle.reports import formats; "
        "print(*sorted({'plotly', 'scipy', 'torch'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "\n"
