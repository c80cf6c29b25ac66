"""What a function is, beyond its name: a hash of its source and of the values it uses."""

from __future__ import annotations
import __future__

import ast
import builtins
import dataclasses
import dis
import enum
import functools
import hashlib
import importlib.machinery
import inspect
import linecache
import pathlib
import re
import sys
import textwrap
import types
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch

from oracle.errors import OracleError
from scyc.specs.base import content_hash
from scyc.specs.factory import IN_PROCESS, load_factory

_REMEDY = 'give version="1", and another version whenever it changes'


class UnknownIdentity(OracleError):
    """An object of which it cannot be said whether it is the same in another process."""


def path_of(function: Any, version: str | None = None) -> str:
    """Return the path that names a function in a study.

    Args:
        function: A function, a class or another callable. One that a module has by its name is
            named so, as in YAML: its identity is its name. Any other is named by a hash of its
            source and of the values that it uses: defaults, closure, and globals.
        version: Stands for the hash, where it is given.

    Returns:
        ``module:name``, or ``in_process:name.h`` and a hash.

    Raises:
        UnknownIdentity: There is no source, or a value that is used has no content to hash.
    """
    if version is None and (importable := _importable(function)):
        return importable
    function = getattr(function, "function", function)  # of a trainable one: how it runs is not it
    name = getattr(function, "__name__", type(function).__name__)
    name = re.sub(r"\W", "", name) or "function"  # a lambda is called <lambda>
    if version is not None:
        return f"{IN_PROCESS}:{name}.v{content_hash(['version', name, version])[:16]}"
    return f"{IN_PROCESS}:{name}.h{content_hash(['object', _Content().of(function)])[:16]}"


def _importable(function: Any) -> str | None:
    """Return ``module:name`` where a worker can import a function; None where it cannot."""
    module, name = getattr(function, "__module__", None), getattr(function, "__qualname__", "")
    if not module or module == "__main__" or not re.fullmatch(r"[A-Za-z_][\w.]*", name):
        return None
    loaded = sys.modules.get(module)
    if loaded is None or getattr(loaded, "__file__", None) is None:
        return None
    path = f"{module}:{name}"
    try:
        return path if load_factory(path) is function else None
    except ValueError:
        return None


class _Content:
    """JSON values that say what an object is; a function in them is seen once."""

    def __init__(self) -> None:
        self._seen: dict[int, int] = {}  # number of a function, by id: they may call each other

    def of(self, value: Any) -> Any:  # noqa: PLR0911  # one a kind of value
        """Return the content of a value. Raises UnknownIdentity."""
        if value is None or isinstance(value, bool | int | str):
            return value
        if isinstance(value, float | complex | bytes):
            return [type(value).__name__, repr(value)]
        if isinstance(value, enum.Enum):
            return ["enum", type(value).__qualname__, value.name]
        if isinstance(value, list | tuple):
            return [type(value).__name__, *map(self.of, value)]
        if isinstance(value, Mapping):
            return ["dict", *([self.of(key), self.of(each)] for key, each in value.items())]
        if isinstance(value, set | frozenset):
            return ["set", *sorted(content_hash(self.of(each)) for each in value)]
        if isinstance(value, np.ndarray | np.generic | torch.Tensor):
            return _array(value)
        if isinstance(value, torch.dtype | torch.device | pathlib.PurePath | range | np.dtype):
            return [type(value).__name__, str(value)]
        if isinstance(value, types.ModuleType):
            return ["module", value.__name__]
        if isinstance(value, functools.partial):
            return ["partial", *map(self.of, (value.func, value.args, value.keywords))]
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            values = {each.name: getattr(value, each.name) for each in dataclasses.fields(value)}
            return ["dataclass", self.of(type(value)), self.of(values)]
        return self._code(value)

    def _code(self, value: Any) -> Any:
        """Return the content of a function, a method or a class."""
        if importable := _importable(value) or _builtin(value):
            return ["name", importable]
        if id(value) in self._seen:
            return ["seen", self._seen[id(value)]]
        if isinstance(value, types.MethodType):
            return ["method", self.of(value.__func__), self.of(value.__self__)]
        if isinstance(value, type):
            self._seen[id(value)] = len(self._seen)
            members = [getattr(each, "__func__", each) for each in vars(value).values()]
            calls = [self.of(each) for each in members if _written(each, value)]
            return ["class", _source(value), calls, [self.of(base) for base in value.__bases__]]
        if not isinstance(value, types.FunctionType):
            state = getattr(value, "__dict__", None)
            if callable(value) and isinstance(state, dict) and not hasattr(value, "__slots__"):
                return ["object", self.of(type(value)), self.of(state)]
            what = f"{type(value).__module__}.{type(value).__qualname__}"
            raise UnknownIdentity(f"uses a {what}, of which no hash can be made; {_REMEDY}")
        self._seen[id(value)] = len(self._seen)
        used = _used(value)
        return [
            "function",
            _source(value),
            self.of(value.__defaults__),
            self.of(value.__kwdefaults__),
            [[name, self.of(used[name])] for name in sorted(used)],
        ]


def _written(member: Any, owner: type) -> bool:
    """Whether a class's member is a method in its source; a dataclass has others."""
    return (
        inspect.isfunction(member)
        and member.__code__.co_filename != "<string>"
        and (member.__module__ == owner.__module__)
    )


def _used(function: types.FunctionType) -> dict[str, Any]:
    """Return the values that a function finds in its closure and in its module's globals."""
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    used = {name: cell.cell_contents for name, cell in cells if name != "__class__"}
    for name in _global_names(function.__code__):
        if name in function.__globals__:
            used[f"global {name}"] = function.__globals__[name]
    return used


def _global_names(code: types.CodeType) -> set[str]:
    """Return the globals that a function loads, and those of the functions inside it."""
    own = {each.argval for each in dis.get_instructions(code) if each.opname == "LOAD_GLOBAL"}
    return own.union(*map(_global_names, _codes(code)))


def _builtin(value: Any) -> str | None:
    name = getattr(value, "__name__", "")
    return f"builtins:{name}" if getattr(builtins, str(name), None) is value else None


def _array(value: Any) -> list[Any]:
    """Return the kind, the shape and a hash of an array's values."""
    array = np.ascontiguousarray(value.detach().cpu().numpy() if torch.is_tensor(value) else value)
    if array.dtype.hasobject:
        raise UnknownIdentity(f"uses an array of Python objects; {_REMEDY}")
    sha256 = hashlib.sha256(array.tobytes()).hexdigest()
    return ["array", array.dtype.str, list(np.shape(value)), sha256]


def _source(value: Any) -> str:
    """Return the text of a function or a class. Raises UnknownIdentity."""
    name = getattr(value, "__qualname__", repr(value))
    try:
        if isinstance(value, type) and (source := _class_source(value)):
            return source
        code = value.__code__ if isinstance(value, types.FunctionType) else value
        text = textwrap.dedent(inspect.getsource(code)).strip()  # a wrapper's own, not the inner
    except (OSError, TypeError) as error:
        raise UnknownIdentity(
            f"the source of {name} cannot be found: it was typed in, or is from exec, python -c or "
            f"the standard input; write it into a file or a notebook, or {_REMEDY}"
        ) from error
    if isinstance(value, types.FunctionType) and not _is_made_of(value, text):
        raise UnknownIdentity(
            f"the source of {name} in {value.__code__.co_filename} is not what runs here: the file "
            f"has changed since; start again in a new process, or {_REMEDY}"
        )
    if getattr(value, "__name__", "") != "<lambda>":
        return text
    return _lambda_source(value, text)


def _is_made_of(function: types.FunctionType, text: str) -> bool:
    """Return whether a function was compiled from a text, where nothing changes it meanwhile."""
    loader = function.__globals__.get("__loader__")
    if loader is not None and type(loader) is not importlib.machinery.SourceFileLoader:
        return True  # a hook compiled it, such as pytest's
    code = function.__code__
    flags = code.co_flags & __future__.annotations.compiler_flag
    for source, _ in _parsed(text):
        try:
            made = compile(source, "<source>", "exec", flags, dont_inherit=True)
        except SyntaxError:
            continue
        if any(_shape(each) == _shape(code) for each in _all_codes(made)):
            return True
    return False


def _all_codes(code: types.CodeType) -> Iterator[types.CodeType]:
    for each in _codes(code):
        yield each
        yield from _all_codes(each)


def _class_source(owner: type) -> str | None:
    """Return the source of a class, located by its methods: this works in a notebook, too."""
    for member in vars(owner).values():
        method = getattr(member, "__func__", member)
        if not _written(method, owner):
            continue
        code = method.__code__
        source = "".join(linecache.getlines(code.co_filename))
        classes = [each for each in ast.walk(ast.parse(source)) if isinstance(each, ast.ClassDef)]
        for node in reversed(classes):  # the innermost comes last
            lines = (node.lineno, node.end_lineno or node.lineno)
            if node.name == owner.__name__ and lines[0] <= code.co_firstlineno <= lines[1]:
                first = min([lines[0], *(each.lineno for each in node.decorator_list)])
                text = source.splitlines()[first - 1 : lines[1]]
                return textwrap.dedent("\n".join(text)).strip()
    return None


def _lambda_source(value: types.FunctionType, text: str) -> str:
    """Return the text of a lambda alone: its line holds more. Raises UnknownIdentity."""
    sources = set()
    for source, tree in _parsed(text):
        for node in ast.walk(tree):
            if isinstance(node, ast.Lambda):
                segment = ast.get_source_segment(source, node) or ""
                (code,) = _codes(compile(f"({segment})", "<lambda>", "eval"))
                if _shape(code) == _shape(value.__code__):
                    sources.add(segment)
        if sources:
            break
    if len(sources) != 1:
        raise UnknownIdentity(
            "is a lambda that cannot be told from others on its line; write it on a line of its "
            f"own, or {_REMEDY}"
        )
    return sources.pop()


def _codes(code: types.CodeType) -> list[types.CodeType]:
    return [each for each in code.co_consts if isinstance(each, types.CodeType)]


def _shape(code: types.CodeType) -> tuple[Any, ...]:
    """Return what the same lambda has in common wherever it is compiled."""
    constants = [
        "".join(
            (str(sorted(map(repr, each))) if isinstance(each, frozenset) else repr(each)).split()
        )
        for each in code.co_consts
        if not isinstance(each, types.CodeType)
    ]
    inner = tuple(_shape(each) for each in _codes(code))
    names = _names(code).difference(*map(_names, _all_codes(code)))  # a closure's pass through here
    return tuple(map(_unmangled, code.co_varnames)), names, tuple(sorted(constants)), inner


def _names(code: types.CodeType) -> frozenset[str]:
    return frozenset(map(_unmangled, (*code.co_names, *code.co_freevars))) - {"__class__"}


def _unmangled(name: str) -> str:
    """Return a private name as it is written: outside its class it is compiled so."""
    return re.sub(r"^_\w*?(?=__\w*(?<!__)$)", "", name)


def _parsed(text: str) -> list[tuple[str, ast.AST]]:
    """Return what a lambda's lines may be read as: they may begin or end inside a call."""
    readings: list[tuple[str, ast.AST]] = []
    for source in (text, f"({text})", f"({text}", text.rstrip(",)"), f"f({text}", f"f({text})"):
        try:
            readings.append((source, ast.parse(source)))
        except SyntaxError:
            continue
    return readings
