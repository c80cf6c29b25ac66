"""The identity of a function is its source and the values that it uses."""

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
    with pytest.raises(UnknownIdentity, match="source of f is not to be had"):
        path_of(namespace["f"])
