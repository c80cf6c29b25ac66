"""What ``make check`` selects follows from what tests reach, and is checked while it runs."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import self_contained
from factories import make_study

from oracle.runs import execute


def starts_a_process() -> None:
    subprocess.run([sys.executable, "-c", ""], check=True)


def trains_in_a_database() -> None:
    execute.execute(SimpleNamespace())  # type: ignore[arg-type]


def by_way_of_another() -> None:
    inner = lambda: starts_a_process()  # noqa: E731, PLW0108
    inner()


def imports_when_called() -> None:
    from oracle.database import RunDatabase

    RunDatabase.__name__.upper()


def declares_a_study() -> None:
    make_study()


@pytest.mark.parametrize(
    ("function", "module"),
    [
        (starts_a_process, "subprocess"),
        (trains_in_a_database, "oracle.runs.execute"),
        (by_way_of_another, "subprocess"),
        (imports_when_called, "oracle.database"),
    ],
)
def test_what_a_test_reaches_is_traced_through_other_functions(
    function: object, module: str
) -> None:
    name = self_contained.reached([function])
    assert name is not None
    assert name.startswith(module)


def test_a_test_of_pure_functions_is_self_contained() -> None:
    assert self_contained.reached([declares_a_study]) is None


@pytest.mark.costly
def test_a_test_that_is_marked_as_costly_is_not_selected(request: pytest.FixtureRequest) -> None:
    assert self_contained.why_not(request.node) == "costly"


@pytest.mark.parametrize(
    "body",
    [
        "import os; os.system('true')",
        "import importlib; importlib.import_module('sub' + 'process').run(['true'])",
        "import importlib; importlib.import_module('sqlite' + '3').connect('x.db')",
    ],
)
def test_a_selected_test_that_starts_a_process_or_opens_a_database_fails(
    tmp_path: Path, body: str
) -> None:
    (tmp_path / "test_hidden.py").write_text(f"def test_hidden():\n    {body}\n")
    plugin = Path(str(self_contained.__file__)).parent
    command = [sys.executable, "-m", "pytest", "-q", "-p", "self_contained", "--self-contained"]
    shown = subprocess.run(
        [*command, "-p", "no:cacheprovider", str(tmp_path)],
        cwd=tmp_path, env={"PYTHONPATH": str(plugin)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert shown.returncode == 1, shown.stdout + shown.stderr
    assert "a test that was to be self-contained calls" in shown.stdout
