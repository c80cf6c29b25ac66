"""Long texts are read, or refused, in a time that grows with their length alone.

Where it grew with the square of the length these tests take minutes.
"""

import json

import pytest
import yaml
from factories import tiny_content

from oracle.study import loading
from oracle.study.validation import parse
from scyc.errors import BadInput

MANY = 60_000  # keys or values of a text of nearly 1 MB


def test_a_duplicate_key_is_found_among_many() -> None:
    keys = [*(f"k{number}" for number in range(MANY)), "k7"]
    text = "{" + ",".join(f'"{key}":0' for key in keys) + "}"
    assert len(text) < 1_000_000
    assert loading.repeated_key(text.encode()) == "k7"
    assert loading.repeated_key(text.replace('"k7":0}', '"other":0}').encode()) is None
    with pytest.raises(BadInput, match='the key "k7" is given twice'):
        loading.read_json(text)


def test_yaml_of_more_values_than_a_study_has_is_refused_at_the_first_too_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    most = 100
    monkeypatch.setattr(loading, "_MOST_VALUES", most)
    values = [0.1] * (most - 1)  # and their key
    assert loading.read_yaml(yaml.safe_dump({"max_lr": values}), "long") == {"max_lr": values}
    long = "max_lr:\n" + "- 0.1\n" * most + "- [broken\n"  # which is not come to
    with pytest.raises(BadInput, match=r"line 101.*has over 100 values.*kind, low, high"):
        loading.read_yaml(long, "long")


def test_a_duplicate_rival_is_found_among_many() -> None:
    text = json.dumps(tiny_content(rivals=["constant"] * 20_000))
    with pytest.raises(BadInput, match='"constant" is given twice'):
        parse(loading.read_json(text), "long")
