"""Storage URLs that name another file, or other options, than they seem to."""

from pathlib import Path

import pytest

from oracle.database import RunDatabase, parse_url
from oracle.storage.result_store import ResultStore
from scyc.errors import BadInput


@pytest.mark.parametrize(
    "url", ["sqlite:///u/a?b.db", "sqlite:///u/a?", "sqlite:///u/a?timeout=3", "sqlite:///u/a?b&c"]
)
def test_a_question_mark_in_a_sqlite_url_is_refused_with_its_remedy(url: str) -> None:
    with pytest.raises(BadInput) as refused:
        parse_url(url)
    (problem,) = refused.value.problems
    assert problem.path == "storage"
    assert "%3F" in problem.rule


def test_an_option_without_a_value_is_refused_by_its_name() -> None:
    with pytest.raises(BadInput, match=r"'sslmode' after \?, which is no option with a value"):
        parse_url("postgresql://host/name?sslmode")
    assert dict(parse_url("postgresql://host/name?sslmode=require").query) == {"sslmode": "require"}


@pytest.mark.parametrize(
    ("text", "name"), [("a%3Fb.db", "a?b.db"), ("a#b.db", "a#b.db"), ("a%23b.db", "a#b.db")]
)
def test_a_file_with_a_special_character_is_the_file_that_its_url_names(
    tmp_path: Path, text: str, name: str
) -> None:
    url = parse_url(f"sqlite:///{tmp_path}/{text}")
    RunDatabase(url).close()
    ResultStore(url).close()
    files = {file.name for file in tmp_path.iterdir()}
    assert {file for file in files if not file.endswith(("-wal", "-shm"))} == {name}
