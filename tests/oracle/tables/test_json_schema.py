"""A table's JSON is as its published schema says, and so is that of every version before."""

import copy
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner
from pydantic import ValidationError

from oracle.cli.main import main
from oracle.tables.json_schema import json_schema, validate
from oracle.tables.registry import TABLES
from studies import __file__ as studies

ROOT = Path(studies).parents[1]
RELEASED = ROOT / "tests/oracle/database/released/schema_2.sqlite.json"


def released() -> Iterator[tuple[str, Any]]:
    """The tables that a released version printed, by the command that printed them."""
    for command, printed in json.loads(RELEASED.read_text()).items():
        if command.startswith("table ") and command.endswith("--format json"):
            yield command, json.loads(printed)


def committed() -> Iterator[tuple[str, Any]]:
    """The tables among the committed results."""
    for path in sorted((ROOT / "docs/results").glob("*.json")):
        content = json.loads(path.read_text())
        if isinstance(content, dict) and "run_id" in content:
            yield path.name, content


EVERY = dict([*committed(), *released()])


def closed(schema: Any) -> Any:
    """The same schema, which refuses keys that it does not name."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    more = {"additionalProperties": False} if "properties" in schema else {}
    return {key: closed(value) for key, value in schema.items()} | more


@cache
def strict(kind: str | None) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(closed(json_schema(kind)))


@pytest.mark.parametrize("name", EVERY)
def test_a_table_that_was_written_has_the_keys_of_the_schema_and_no_others(name: str) -> None:
    table = EVERY[name]
    assert validate(copy.deepcopy(table)) == table


@pytest.mark.parametrize(("name", "table"), released())
def test_a_released_table_validates_against_the_json_schema_of_its_kind(
    name: str, table: Any
) -> None:
    for kind in (table["kind"], None):
        strict(kind).validate(table)


def test_tables_of_every_kind_were_checked() -> None:
    assert {table["kind"] for table in EVERY.values()} == set(TABLES)


def spoiled() -> Iterator[tuple[str, Any]]:
    table = EVERY["digits-rivals.json"]
    unknown = copy.deepcopy(table)
    unknown["cycles"][0]["evidence"]["certain"] = True
    yield "an unknown key in a part of it", unknown
    lacking = copy.deepcopy(table)
    del lacking["rivals"][0]["cycles"][0]["max_lr"]
    yield "a key that is missing", lacking
    number = copy.deepcopy(table)
    number["beam"]["cycles"][1]["test"]["points"] = "0.2"
    yield "text for a number", number
    yield "a kind that there is not", table | {"kind": "oracles"}


@pytest.mark.parametrize(("what", "table"), spoiled(), ids=[what for what, _ in spoiled()])
def test_a_table_is_refused_that_has(what: str, table: Any) -> None:
    with pytest.raises(ValidationError):
        validate(table)


@pytest.mark.parametrize("kind", TABLES)
def test_the_schema_of_a_kind_describes_its_fields(kind: str) -> None:
    schema = json_schema(kind)
    jsonschema.Draft202012Validator.check_schema(schema)
    own = schema["$defs"][schema["$ref"].rpartition("/")[2]]
    assert own["properties"]["kind"] == {"const": kind, "title": "Kind", "type": "string"}
    assert own["description"]
    assert own["properties"]["complete"]["type"] == "boolean"
    cost = schema["$defs"]["TrainingCost"]["properties"]
    assert cost["steps"]["description"] == "Iterations of all of them."


def test_the_command_prints_the_schema_of_all_tables() -> None:
    done = CliRunner().invoke(main, ["table", "--schema"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.output) == json_schema()


def test_a_table_needs_a_run_unless_its_schema_is_requested() -> None:
    done = CliRunner().invoke(main, ["table"])
    assert done.exit_code == 2
    assert "Missing argument 'RUN'" in done.output
