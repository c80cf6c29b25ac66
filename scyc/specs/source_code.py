"""The identity of a user's own code: a hash of its source and of the code that it imports."""

from __future__ import annotations

import ast
import hashlib
import importlib.machinery
import importlib.metadata
import importlib.util
import sys
import sysconfig
import tokenize
import types
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from scyc.specs.base import content_hash

_DIGITS = 32  # of a hash: 128 bits
_OURS = frozenset({"oracle", "scyc"})  # whose numerics have a version of their own
_INSTALLED = tuple(
    Path(sysconfig.get_path(name)).resolve()
    for name in ("purelib", "platlib", "stdlib", "platstdlib")
)


def source_hash(path: str) -> str | None:
    """Return a hash of the code behind ``module:name``, without running it.

    It covers the module's file and, in turn, each file that it imports from the folder in which
    its own import begins. Comments and blank lines do not count. An installed package counts
    by its name and version. Modules imported by a computed name and data files are not covered.

    Args:
        path: ``module:name``.

    Returns:
        32 hexadecimal digits; None where the module has no file, such as one of a notebook.
    """
    source = _read(path)
    if source is None or isinstance(source, str):
        return source and content_hash(["package", source])[:_DIGITS]
    files = {
        name: hashlib.sha256(_code(text).encode()).hexdigest() for name, text in source.items()
    }
    return content_hash(["source", files])[:_DIGITS]


def _read(path: str) -> dict[str, str] | str | None:
    """Return the text of each module behind a path, or an installed package's name and version."""
    name = path.partition(":")[0]
    folder = _top(name)
    if name == "__main__" and (script := getattr(sys.modules[name], "__file__", None)):
        name, folder = Path(script).stem, Path(script).parent
    first = _file(name, folder) if folder is not None else None
    if folder is None or first is None:
        return None
    if _is_installed(first):
        return _package(name)
    texts: dict[str, str] = {}
    waiting = [name]
    while waiting:
        each = waiting.pop()
        file = None if each in texts or each.partition(".")[0] in _OURS else _file(each, folder)
        if file is None or _is_installed(file):
            continue
        texts[each] = file.read_text(encoding="utf-8")
        waiting += _imported(texts[each], each, file.name == "__init__.py")
    return texts


def change_rule(path: str, source: str | None) -> str | None:
    """Return what is wrong where the code behind a path is not what it was; None where it is.

    Args:
        path: ``module:name``.
        source: The hash that was stored; None where none was.

    Returns:
        Rule and remedy as text; None where nothing was stored.
    """
    if source is None or _loaded_hash(path) == source:
        return None
    return (
        f"{path} has changed since it was imported or its source was hashed: start again in a new "
        "process, and the affected results are trained again; or restore the code"
    )


# By path: the object that is loaded there, kept so that no later one is taken for it, and its hash.
_LOADED: dict[str, tuple[object, str | None]] = {}


def _loaded_hash(path: str) -> str | None:
    """Return the hash as it was when it was first computed after the import.

    A file that is edited while a process trains does not change what is loaded there.
    """
    module, _, name = path.partition(":")
    made = getattr(sys.modules.get(module), name.partition(".")[0], None)
    if made is None:
        return source_hash(path)  # it is imported next
    of, source = _LOADED.get(path, (None, None))
    if of is not made:
        texts = _read(path)
        if isinstance(texts, dict) and any(_is_edited(*each) for each in texts.items()):
            return None
        source = source_hash(path)
        _LOADED[path] = (made, source)
    return source


def _is_edited(name: str, text: str) -> bool:
    """Return whether a module's file has functions other than those that were imported from it."""
    module = sys.modules.get(name)
    if type(getattr(module, "__loader__", None)) is not importlib.machinery.SourceFileLoader:
        return False  # not loaded, or by a hook that changes the code
    assert module is not None
    try:
        # without the `from __future__ import annotations` of this file, which would count there
        made = compile(text, str(module.__file__), "exec", dont_inherit=True)
    except SyntaxError:
        return True
    now = set(_functions(made))
    own = [value for value in vars(module).values() if getattr(value, "__module__", "") == name]
    members = [each for value in own if isinstance(value, type) for each in vars(value).values()]
    codes = [getattr(value, "__code__", None) for value in (*own, *members)]
    return any(
        _behaviour(code) not in now
        for code in codes
        if code is not None and code.co_filename == module.__file__
    )


def _functions(code: types.CodeType) -> Iterator[tuple[Any, ...]]:
    for each in code.co_consts:
        if isinstance(each, types.CodeType):
            yield _behaviour(each)
            yield from _functions(each)


def _behaviour(code: types.CodeType) -> tuple[Any, ...]:
    """Return what a function does, without where in the file it stands."""
    constants = tuple(map(_constant, code.co_consts))
    return code.co_qualname, code.co_code, code.co_names, code.co_varnames, constants


def _constant(value: Any) -> Any:
    """Return what tells a constant of a function from others."""
    if isinstance(value, types.CodeType):
        return _behaviour(value)
    if isinstance(value, frozenset):  # in no order: one that was read from a .pyc has another
        return ("frozenset", *sorted(map(repr, value)))
    return repr(value)


def _top(name: str) -> Path | None:
    """Return the folder that has a module's outermost package; None where there is none."""
    importlib.invalidate_caches()  # a file may be new
    try:
        spec = importlib.util.find_spec(name.partition(".")[0])
    except (ImportError, ValueError):
        return None
    if spec is None:
        return None
    if spec.submodule_search_locations is not None:
        return next((Path(each).parent for each in spec.submodule_search_locations), None)
    return Path(spec.origin).parent if spec.origin is not None and spec.has_location else None


def _file(name: str, folder: Path) -> Path | None:
    """Return the file of a module below a folder, which is found without importing it."""
    folders: Sequence[str] = [str(folder)]
    spec = None
    for part in name.split("."):  # a whole name needs its parents imported
        spec = importlib.machinery.PathFinder.find_spec(part, folders)
        if spec is None:
            return None
        folders = list(spec.submodule_search_locations or ())
    if spec is None or spec.origin is None or not spec.has_location:
        return None
    file = Path(spec.origin).resolve()
    return file if file.suffix == ".py" else None


def _is_installed(file: Path) -> bool:
    return any(file.is_relative_to(folder) for folder in _INSTALLED)


def _package(name: str) -> str:
    """Return the name and version of the installed package that a module belongs to."""
    top = name.partition(".")[0]
    packages = _packages(tuple((each, _changed(each)) for each in sys.path)).get(top)
    return f"{packages[0]} {importlib.metadata.version(packages[0])}" if packages else top


@lru_cache(maxsize=1)
def _packages(_folders: tuple[tuple[str, int], ...]) -> Mapping[str, list[str]]:
    """Return the installed packages of each module: read anew only where a folder has changed.

    Reading what hundreds of packages consist of takes most of a second.
    """
    return importlib.metadata.packages_distributions()


def _changed(folder: str) -> int:
    """Return when a package was last installed in a folder or removed from it; 0: never."""
    try:
        return Path(folder).stat().st_mtime_ns
    except OSError:
        return 0


def _code(text: str) -> str:
    """Return a file's text without comments and without blank lines between statements."""
    lines = text.splitlines()
    used: set[int] = set()
    try:
        for token in tokenize.generate_tokens(iter(text.splitlines(keepends=True)).__next__):
            if token.type == tokenize.COMMENT:
                row, column = token.start
                lines[row - 1] = lines[row - 1][:column]
            elif token.type not in (tokenize.NL, tokenize.ENDMARKER):
                used.update(range(token.start[0], token.end[0] + 1))
    except (tokenize.TokenError, SyntaxError):  # importing it says so better
        return text
    return "\n".join(line.rstrip() for row, line in enumerate(lines, 1) if row in used)


def _imported(text: str, name: str, is_package: bool) -> Iterator[str]:
    """Yield the names of the modules that a file imports, and of the packages that hold them."""
    try:
        tree = ast.parse(text)
    except SyntaxError:  # importing it says so better
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for each in node.names:
                yield from _with_parents(each.name)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = name.split(".")[: (1 if is_package else 0) - node.level or None]
                base = ".".join([*above, *([node.module] if node.module else [])])
            yield from _with_parents(base)
            yield from (f"{base}.{each.name}" for each in node.names)
    yield from _with_parents(name)


def _with_parents(name: str) -> Iterator[str]:
    parts = name.split(".")
    yield from (".".join(parts[: index + 1]) for index in range(len(parts)) if name)
