"""Modules, functions and packages stay of a size that is read in one go."""

import ast
from collections import Counter

from sources import sources

MODULE, FUNCTION = 300, 60  # lines
PACKAGE = 14  # modules, without `__init__`
REASON = f"Over {MODULE} lines: "  # what the docstring of a longer module says, with why


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """The lines of a function without its docstring."""
    first = function.body[0]
    documented = ast.get_docstring(function) is not None
    docstring = (first.end_lineno or 0) - first.lineno + 1 if documented else 0
    return (function.end_lineno or 0) - function.lineno + 1 - docstring


def test_no_module_is_long_unless_its_docstring_gives_a_reason() -> None:
    long = [
        str(each.file)
        for each in sources()
        if each.text.count("\n") > MODULE and REASON not in (ast.get_docstring(each.tree) or "")
    ]
    assert long == []


def test_no_package_has_many_modules() -> None:
    folders = Counter(each.file.parent for each in sources() if each.file.name != "__init__.py")
    assert len(folders) > 30
    assert {str(folder): count for folder, count in folders.items() if count > PACKAGE} == {}


def test_no_function_is_long() -> None:
    long = [
        f"{each.file}:{node.lineno} {node.name} has {body_lines(node)} lines"
        for each in sources()
        for node in each.nodes
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and body_lines(node) > FUNCTION
    ]
    assert long == []


def test_args_sections_name_every_parameter() -> None:
    missing = [
        f"{each.file}:{node.lineno} {node.name}: {name}"
        for each in sources()
        for node in each.nodes
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and not node.name.startswith("_")
        and "Args:\n" in (docstring := ast.get_docstring(node) or "")
        for name in parameters(node)
        if f"{name}:" not in docstring.split("Args:\n", 1)[1]
    ]
    assert missing == []


def parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    """The names of a function's parameters, without self."""
    args = function.args
    named = [each.arg for each in (*args.posonlyargs, *args.args, *args.kwonlyargs)]
    return [name for name in named if name not in ("self", "cls")]
