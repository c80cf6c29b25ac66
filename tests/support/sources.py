"""The modules of the packages and their syntax trees, read and parsed once a process."""

import ast
import gc
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType

import oracle
import scyc


@dataclass(frozen=True)
class Source:
    """A module of a package."""

    package: ModuleType
    file: Path  # within the folder that holds the package
    text: str
    tree: ast.Module
    nodes: tuple[ast.AST, ...]  # functions, classes and calls, at any depth

    @property
    def name(self) -> str:
        """Its dotted name, which ends in `__init__` for that of a package."""
        return ".".join(self.file.with_suffix("").parts)


def sources() -> tuple[Source, ...]:
    """Return every module but released migrations, which are never changed."""
    return tuple(each for each in with_migrations() if "migrations" not in each.file.parts)


@cache
def with_migrations() -> tuple[Source, ...]:
    """Return every module."""
    collects = gc.isenabled()
    gc.disable()  # some hundred thousand nodes that stay: nothing could be collected
    try:
        return tuple(_parsed())
    finally:
        if collects:
            gc.enable()


def _parsed() -> Iterator[Source]:
    kept = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Call)
    for package in (oracle, scyc):
        root = Path(str(package.__file__)).parent
        for file in sorted(root.rglob("*.py")):
            text = file.read_text(encoding="utf-8")
            tree = ast.parse(text)
            nodes = tuple(node for node in ast.walk(tree) if isinstance(node, kept))
            yield Source(package, file.relative_to(root.parent), text, tree, nodes)
