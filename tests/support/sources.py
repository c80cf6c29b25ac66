"""The modules of the packages and their syntax trees, read and parsed once a process."""

import ast
import gc
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
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

    @property
    def name(self) -> str:
        """Its dotted name, which ends in `__init__` for that of a package."""
        return ".".join(self.file.with_suffix("").parts)

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Its functions, classes and calls, at any depth."""
        kept = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Call)
        return tuple(node for node in ast.walk(self.tree) if isinstance(node, kept))


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
    for package in (oracle, scyc):
        root = Path(str(package.__file__)).parent
        for file in sorted(root.rglob("*.py")):
            text = file.read_text(encoding="utf-8")
            yield Source(package, file.relative_to(root.parent), text, ast.parse(text))
