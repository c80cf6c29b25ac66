"""Reading a study from YAML, strictly: nothing is guessed, repeated, hidden or executed."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from oracle.errors import SettingProblem
from oracle.study.base import Study
from oracle.study.built_in import bundled_studies
from oracle.study.validation import parse
from scyc.errors import BadInput, Problem, unknown
from scyc.json_types import JsonObject

_MOST_BYTES = 1_000_000
_DEEPEST = 20
_MOST_VALUES = 30_000  # reading YAML takes some 50 microseconds a value; no study has so many


class _Strict(yaml.SafeLoader):
    """YAML 1.2's plain scalars: ``1e-3`` is a number, ``no`` is text, a date is text."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012


for _tag, _pattern, _first in (
    ("bool", r"true|false", "tf"),
    ("null", r"null|~|", "n~"),
    ("int", r"[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+.0123456789"),
    ("float", r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)", "-+."),
):
    _Strict.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(rf"^(?:{_pattern})$"), list(_first)
    )
_Strict.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^$"), [""])


def _float(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> float:
    text = str(node.value).lower().replace(".inf", "inf").replace(".nan", "nan")
    return float(text)


def _int(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> int:
    if len(node.value) > 400:
        raise yaml.constructor.ConstructorError(
            None, None, "a whole number of over 400 digits; write a shorter one", node.start_mark
        )
    return int(node.value)


def _mapping(loader: yaml.SafeLoader, node: yaml.MappingNode) -> dict[Hashable, Any]:
    seen: set[Hashable] = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node)
        if not isinstance(key, str):
            raise yaml.constructor.ConstructorError(
                None, None, f"the key {key!r} is not text; put it in quotes", key_node.start_mark
            )
        if key in seen:
            raise yaml.constructor.ConstructorError(
                None, None, f'the key "{key}" is given twice; remove one', key_node.start_mark
            )
        seen.add(key)
    return loader.construct_mapping(node, deep=True)


_Strict.add_constructor("tag:yaml.org,2002:float", _float)
_Strict.add_constructor("tag:yaml.org,2002:int", _int)
_Strict.add_constructor("tag:yaml.org,2002:map", _mapping)


def read_yaml(text: str, source: str) -> object:
    """Return JSON values from YAML text.

    Also refused, like malformed text: duplicate keys, keys that are not text, anchors and aliases,
    tags, more than one document, nesting over 20 levels, over 30,000 values, text over 1 MB.

    Args:
        text: YAML.
        source: Name of what is read, for errors.

    Returns:
        Mappings, lists, text, numbers, booleans and None.

    Raises:
        BadInput: It is not plain YAML, with line and column where they are known.
    """
    if len(text.encode("utf-8", "replace")) > _MOST_BYTES:
        raise BadInput(source, [Problem("study", f"is over {_MOST_BYTES} bytes; shorten it")])
    try:
        _check_events(text)
        return yaml.load(text, Loader=_Strict)  # noqa: S506  # a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        position = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "study"
        rule = error.problem or error.context or "is not YAML"
        if "'\\t'" in rule:
            rule += "; indent with spaces"
        raise BadInput(source, [Problem(position, rule)]) from error
    except yaml.reader.ReaderError as error:
        rule = f"is not YAML: it holds the character #x{_code(error.character):04x}; remove it"
        raise BadInput(source, [Problem("study", rule)]) from error
    except (yaml.YAMLError, ValueError) as error:
        raise BadInput(source, [Problem("study", f"is not YAML: {error}")]) from error


def _code(character: int | str) -> int:
    """Return a character's number: the reader names it so, the decoder by itself."""
    return character if isinstance(character, int) else ord(character)


def read_json(text: str, source: str = "study") -> object:
    """Return JSON values, as strictly as :func:`read_yaml` reads YAML.

    Args:
        text: JSON.
        source: Name of what is read, for errors.

    Returns:
        Mappings, lists, text, numbers, booleans and None.

    Raises:
        BadInput: It is not JSON, repeats a key, or is too long or too deep.
    """

    def refused(rule: str) -> BadInput:
        return BadInput(source, [Problem("study", rule)])

    def once(pairs: list[tuple[str, Any]]) -> JsonObject:
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise refused(f'the key "{key}" is given twice; remove one')
            seen.add(key)
        return dict(pairs)

    def constant(name: str) -> Any:
        raise refused(f"{name} is no number of JSON's; give a finite one")

    if len(text.encode("utf-8", "replace")) > _MOST_BYTES:
        raise refused(f"is over {_MOST_BYTES} bytes; shorten it")
    if _levels(text) > _DEEPEST:
        raise refused(f"is nested over {_DEEPEST} levels; a study needs four")
    try:
        content: object = json.loads(text, object_pairs_hook=once, parse_constant=constant)
        json.dumps(content, ensure_ascii=False).encode()
    except BadInput:
        raise
    except UnicodeEncodeError as error:
        raise refused("holds half of a surrogate pair; remove it") from error
    except ValueError as error:  # also a whole number of thousands of digits
        raise refused(f"is not JSON: {error}") from error
    return content


def repeated_key(content: bytes) -> str | None:
    """Return a key that one object of JSON text has twice; None where there is none, or no JSON.

    Args:
        content: JSON text.

    Returns:
        The first such key.
    """
    repeated: list[str] = []

    def pairs(items: list[tuple[str, Any]]) -> JsonObject:
        if len(dict(items)) < len(items):
            times = Counter(name for name, _ in items)
            repeated.extend(name for name, count in times.items() if count > 1)
        return dict(items)

    try:
        json.loads(content, object_pairs_hook=pairs)
    except (ValueError, RecursionError):  # what reads the body says what is wrong with it
        return None
    return repeated[0] if repeated else None


def _levels(text: str) -> int:
    """How deep JSON is nested, computed before it is parsed."""
    deepest = depth = 0
    quoted = escaped = False
    for letter in text:
        if quoted:
            quoted = escaped or letter != '"'
            escaped = letter == "\\" and not escaped
        elif letter == '"':
            quoted = True
        elif letter in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif letter in "]}":
            depth -= 1
    return deepest


def _check_events(text: str) -> None:
    """Look at the parser's events, which need no recursion, before anything is built."""
    depth = documents = values = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        documents += isinstance(event, yaml.DocumentStartEvent)
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        values += isinstance(event, yaml.ScalarEvent)
        rule = ""
        if values > _MOST_VALUES:
            rule = f"has over {_MOST_VALUES:,} values; give a long grid as kind, low, high, count"
        elif depth > _DEEPEST:
            rule = f"is nested over {_DEEPEST} levels; a study needs four"
        elif documents > 1:
            rule = "holds a second document; a file holds one study"
        elif isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            rule = "anchors and aliases are not read; write the value out"
        elif tag := getattr(event, "tag", None):
            rule = f"the tag {tag} is not read; write a plain value"
        if rule:
            raise yaml.MarkedYAMLError(problem=rule, problem_mark=event.start_mark)  # type: ignore[arg-type]  # the stubs forget C marks


def load_study(name_or_path: str) -> Study:
    """Load a study from a file, or a built-in one by its name.

    Args:
        name_or_path: Name of a built-in study, or path of a YAML file.

    Returns:
        A study of the kind that the file names.

    Raises:
        BadInput: It is refused, with every problem found.
    """
    text, source = study_text(name_or_path)
    return parse(read_yaml(text, source), source)


def study_text(name_or_path: str) -> tuple[str, str]:
    """Read the YAML of a study.

    Args:
        name_or_path: Name of a built-in study, or path of a file.

    Returns:
        The text, and where it stands.

    Raises:
        BadInput: It cannot be read; what it says is not checked.
    """
    path = Path(name_or_path)
    try:
        if path.suffix not in (".yaml", ".yml") and not path.is_file():
            return _bundled(name_or_path)
        return path.read_text(encoding="utf-8"), name_or_path
    except FileNotFoundError:
        rule = "no such file; name one that is there"
        raise BadInput(name_or_path, [Problem("study", rule)]) from None
    except BadInput:
        raise
    except (OSError, ValueError) as error:  # also a name with NUL, or what is not UTF-8
        rule = f"cannot be read: {getattr(error, 'strerror', None) or error}; name another file"
        raise BadInput(name_or_path, [Problem("study", rule)]) from error


def _bundled(name: str) -> tuple[str, str]:
    known = bundled_studies()
    if name not in known:
        rule = f"{unknown(name, known)}; or give the path of a .yaml file"
        raise BadInput("study", [SettingProblem("study", rule, name)])
    return known[name], f"studies/{name}.yaml"
