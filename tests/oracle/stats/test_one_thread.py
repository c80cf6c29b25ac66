"""Linear algebra on one thread while a posterior is computed."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from threadpoolctl import ThreadpoolController

from oracle.search.selection import next_cells
from oracle.search.selection.cycle_answer import CycleSearch, Known
from oracle.stats import posterior
from oracle.stats.one_thread import one_thread

GRID = np.geomspace(0.01, 0.1, 5)
LIBRARIES = ThreadpoolController().select(user_api="blas")

SEVERAL = """
import threading
from threadpoolctl import threadpool_info
from oracle.stats.one_thread import one_thread

def threads():
    return max(each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas")

def enter_often():
    for _ in range(50):
        with one_thread():
            seen.add(threads())

before, seen = threads(), set()
several = [threading.Thread(target=enter_often) for _ in range(4)]
for each in several:
    each.start()
for each in several:
    each.join()
print(before, seen, threads())
"""


def threads() -> set[int]:
    return {each["num_threads"] for each in LIBRARIES.info()}


@pytest.fixture(autouse=True)
def _two_threads() -> Iterator[None]:
    with LIBRARIES.limit(limits=2):
        if threads() != {2}:
            pytest.skip("the number of threads of NumPy's linear algebra cannot be set")
        yield


def test_the_number_of_threads_is_set_back_after_nested_and_failed_calls() -> None:
    with one_thread():
        with pytest.raises(ValueError, match="failed"), one_thread():
            raise ValueError("failed")
        assert threads() == {1}
    assert threads() == {2}


def test_the_number_of_threads_is_set_back_after_calls_of_several_threads() -> None:
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "2"}
    command = [sys.executable, "-c", SEVERAL]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert ended.stdout.split() in (["2", "{1}", "2"], ["1", "{1}", "1"])  # or one processor


def posterior_of(cells: np.ndarray[Any, Any]) -> object:
    return posterior.curve_posterior(posterior.Cells(GRID, cells, np.zeros((5, 3))), 0.5)


def decision(cells: np.ndarray[Any, Any]) -> object:
    search = CycleSearch(tuple(GRID.tolist()), 4, 0.5, 20, 4, regret=0.0)
    table = np.c_[cells, np.full(5, np.nan)]
    return next_cells.next_cells(search, Known(table, np.where(np.isnan(table), np.nan, 0.0)))


@pytest.mark.parametrize(
    ("compute", "module", "function"),
    [(posterior_of, posterior, "estimate_noise"), (decision, next_cells, "_enough")],
)
def test_posteriors_and_decisions_are_computed_on_one_thread(
    compute: Callable[..., object], module: Any, function: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    original, seen = getattr(module, function), []

    def watched(*arguments: Any) -> object:
        seen.append(threads())
        return original(*arguments)

    monkeypatch.setattr(module, function, watched)
    compute(80 + np.random.default_rng(0).normal(0, 1, (5, 3)))
    assert seen == [{1}]
    assert threads() == {2}
