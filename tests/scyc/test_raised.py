"""What a user's own code raised is told in one line, with the place in that code."""

import json
from pathlib import Path

import pytest

from scyc.data.own import source
from scyc.errors import BadInput, raised
from scyc.specs.factory import FactorySpec


def caught(text: str) -> BaseException:
    try:
        json.loads(text)
    except ValueError as error:
        return error
    raise AssertionError(text)


def test_the_line_of_ones_own_code_is_named_and_not_that_of_a_library() -> None:
    text = raised(caught("{"))
    assert text.startswith("JSONDecodeError: Expecting property name")
    assert text.endswith("(test_raised.py, line 15)")


def test_only_the_first_line_of_a_message_is_told() -> None:
    assert raised(RuntimeError("boom\nand more")) == "RuntimeError: boom"
    assert raised(StopIteration()) == "StopIteration"


def test_a_data_factory_that_ends_the_process_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ending_data.py").write_text("import sys\ndef images():\n    sys.exit(3)\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(BadInput, match=r"SystemExit: 3 \(ending_data.py, line 3\); call it"):
        source(FactorySpec(factory="ending_data:images"), None)
