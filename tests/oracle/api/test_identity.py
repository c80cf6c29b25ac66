"""The identity of a function is its source and the values that it uses."""

import runpy
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from notebooks import notebook

from oracle.api.identity import UnknownIdentity, path_of
from scyc.networks import fully_connected


def path(source: str, **names: Any) -> str:
    return path_of(notebook(source, **names)["f"])


MAKE = "def f(shape, classes):\n    return width * 2\n"


def test_a_function_that_a_module_has_is_named_as_in_yaml() -> None:
    assert path_of(fully_connected.build) == "scyc.networks.fully_connected:build"


def test_the_same_source_and_values_are_the_same_function_in_another_cell() -> None:
    first, again = path(MAKE, width=3), path(MAKE, width=3)
    assert first == again
    assert first.startswith("in_process:f.h")


@pytest.mark.parametrize(
    "changed",
    [
        path(MAKE, width=4),
        path(MAKE.replace("* 2", "* 3"), width=3),
        path(MAKE.replace("classes", "classes=1"), width=3),
    ],
    ids=["global", "source", "default"],
)
def test_another_source_global_or_default_is_another_function(changed: str) -> None:
    assert changed != path(MAKE, width=3)


def test_a_closure_s_values_are_part_of_the_function() -> None:
    source = "def outer(w):\n    def f(shape, classes):\n        return w\n    return f\n"
    outer = notebook(source)["outer"]
    assert path_of(outer(torch.ones(2))) == path_of(outer(torch.ones(2)))
    assert path_of(outer(torch.ones(2))) != path_of(outer(torch.zeros(2)))
    assert path_of(outer(np.ones(2))) != path_of(outer(np.ones((1, 2))))


def test_a_function_that_is_called_is_part_of_the_function() -> None:
    source = (
        "def inner():\n    return {}\ndef f(shape, classes):\n    return [inner() for _ in '1']\n"
    )
    assert path(source.format(1)) != path(source.format(2))


def test_a_class_of_the_notebook_is_part_of_the_function() -> None:
    source = (
        "class Net:\n    def depth(self):\n        return {} + extra\n"
        "def f(shape, classes):\n    return Net()\n"
    )
    assert path(source.format(1), extra=0) == path(source.format(1), extra=0)
    assert path(source.format(1), extra=0) != path(source.format(2), extra=0)
    assert path(source.format(1), extra=0) != path(source.format(1), extra=1)


def test_functions_that_call_each_other_have_an_identity() -> None:
    source = "def f(n, c):\n    return g(n)\ndef g(n):\n    return f(n, 1) if n else 0\n"
    assert path(source) == path(source)


def test_a_lambda_is_distinguished_from_other_code_on_its_line() -> None:
    both = notebook("f, g = lambda a: a + 1, lambda b: b * 2\n")
    alone = notebook("h = [lambda b: b * 2,\n     3]\n")
    assert path_of(both["f"]) != path_of(both["g"])
    assert path_of(both["g"]) == path_of(alone["h"][0])


def test_two_alike_lambdas_on_a_line_with_other_values_are_refused() -> None:
    both = notebook("f, g = lambda a: a + 1, lambda a: a - 1\n")
    with pytest.raises(UnknownIdentity, match=r'line of its own, or give version="1"'):
        path_of(both["f"])


def test_a_value_without_content_is_refused_unless_there_is_a_version(tmp_path: Path) -> None:
    file = (tmp_path / "open").open("w")
    made = notebook("def f(shape, classes):\n    return file\n", file=file)["f"]
    with pytest.raises(UnknownIdentity, match=r'TextIOWrapper.*give version="1"'):
        path_of(made)
    assert path_of(made, "1").startswith("in_process:f.v")
    assert path_of(made, "1") != path_of(made, "2")
    file.close()


def test_a_function_without_source_is_refused() -> None:
    namespace: dict[str, Any] = {"__name__": "__main__"}
    exec("def f(shape, classes):\n    return 1\n", namespace)  # noqa: S102
    assert isinstance(namespace["f"], types.FunctionType)
    with pytest.raises(UnknownIdentity, match="source of f cannot be found"):
        path_of(namespace["f"])


CURIOUS = '''
def outer(depth):
    class Net:
        def __init__(self):
            """A text

            of several lines."""
            super().__init__()
            self.__width = {"a", "b", "c"}

        def inner(self, n: int) -> list[int]:
            def again(m: int, *, at: "float" = 1.0) -> int:
                return m if m in {1, 8, 16} else depth
            return [again(each) for each in range(n)]

    def f(shape, classes):
        """Doc

            of two.
        """
        return Net().inner(2), (lambda x: [lambda y: x + y + depth])

    return f


f = outer(3)
'''


@pytest.mark.parametrize("first", ["", "from __future__ import annotations\n"])
def test_closures_private_names_docstrings_and_annotations_are_found_in_their_source(
    first: str, tmp_path: Path
) -> None:
    file = tmp_path / "script.py"
    file.write_text(first + CURIOUS)
    namespace = runpy.run_path(str(file), run_name="__main__")
    assert path_of(namespace["f"]) == path_of(notebook(first + CURIOUS)["f"])


@pytest.mark.parametrize(
    "edited", ["def f():\n    return 2\n", "import os\n\n\ndef g():\n    pass\n"]
)
def test_a_script_that_was_edited_since_it_runs_is_refused(tmp_path: Path, edited: str) -> None:
    file = tmp_path / "script.py"
    file.write_text("def f():\n    return 1\n")
    f = runpy.run_path(str(file), run_name="__main__")["f"]
    assert path_of(f).startswith("in_process:f.h")
    file.write_text(edited)
    with pytest.raises(UnknownIdentity, match=r"f .*(has changed since|cannot be found)"):
        path_of(f)
