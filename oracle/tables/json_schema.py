"""The JSON Schema of tables, and checking a table's JSON against it."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any

from pydantic import ConfigDict, Field, TypeAdapter

from oracle.tables.registry import TABLES, Table
from scyc.json_types import JsonObject

Every = Annotated[Table, Field(discriminator="kind")]


def json_schema(kind: str | None = None, ref_template: str = "#/$defs/{model}") -> JsonObject:
    """Return the JSON Schema of the tables of a kind of study, or of any kind.

    It says what this version writes. A later version may add keys; readers should pass over those
    that they do not know.

    Args:
        kind: A name of :data:`oracle.tables.registry.TABLES`; None for any of them.
        ref_template: How one definition refers to another.

    Returns:
        A schema with its definitions under ``$defs``.

    Raises:
        KeyError: The kind is unknown.
    """
    described = ConfigDict(use_attribute_docstrings=True)
    table: Any = Every if kind is None else TABLES[kind]
    schema = TypeAdapter(list[table], config=described).json_schema(ref_template=ref_template)
    return {**schema["items"], "$defs": schema["$defs"]}


def validate(content: object) -> Table:
    """Return a table that was read from JSON, after checking that it is one of this version's.

    Args:
        content: JSON values. A key that no table of this version has is refused.

    Returns:
        `content`, as a table.

    Raises:
        pydantic.ValidationError: It is not as :func:`json_schema` says.
    """
    return _strict().validate_python(content)


@cache
def _strict() -> TypeAdapter[Table]:
    return TypeAdapter(Every, config=ConfigDict(extra="forbid", strict=True))
