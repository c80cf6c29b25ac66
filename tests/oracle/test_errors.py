"""The exception tree, and problems that name fields below the command line."""

import ast
import builtins
import importlib
from collections.abc import Iterator

from sources import with_migrations

import oracle
from oracle.errors import OracleError, RunError, ServiceError, StorageError

BUILTIN = {name for name, value in vars(builtins).items() if isinstance(value, type)}


def nodes() -> Iterator[tuple[str, ast.AST]]:
    """Every class and call of the package, with the path of its module in it."""
    for each in with_migrations():
        if each.package is oracle:
            path = each.file.relative_to("oracle").as_posix()
            yield from ((path, node) for node in each.nodes)


def test_every_exception_of_the_package_has_one_base() -> None:
    own = [
        f"{module}: {node.name}"
        for module, node in nodes()
        if isinstance(node, ast.ClassDef)
        for base in node.bases
        if isinstance(base, ast.Name)
        and base.id in BUILTIN
        and issubclass(getattr(builtins, base.id), Exception)
    ]
    signal = "execution/functions/task.py: Stop"  # it ends a training function; no error
    assert own == ["errors.py: OracleError", signal]


def test_the_branches_of_the_tree_are_apart() -> None:
    branches = (RunError, StorageError, ServiceError)
    for branch in branches:
        assert branch.__bases__ == (OracleError,)
        assert not any(issubclass(branch, other) for other in branches if other is not branch)
    errors = vars(importlib.import_module("oracle.errors")).values()
    kinds = [each for each in errors if isinstance(each, type) and issubclass(each, Exception)]
    assert all(issubclass(each, (OracleError,)) for each in kinds)


def test_only_the_command_line_names_options_and_arguments() -> None:
    named = [
        f"{module}:{node.lineno}"
        for module, node in nodes()
        if not module.startswith("cli/")
        and isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id.endswith("Problem")
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
        and (node.args[0].value.startswith("--") or node.args[0].value.isupper())
    ]
    assert named == []
