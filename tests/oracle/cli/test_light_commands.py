"""Commands that draw and train nothing load nothing that draws or trains."""

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

from home_fixtures import DoneHome

from oracle.study import __file__ as study

RELEASED = Path(study).parents[2] / "tests/oracle/database/released/schema_2.sqlite.sql"
HEAVY = [
    "torch",
    "torchvision",
    "plotly",
    "pandas",
    "ray",
    "scipy.stats",
    "sklearn",
    "optuna_dashboard",
    "fastapi",
]
CODE = """
import json, sys
from oracle.cli.main import main
for command in sys.argv[2:]:
    main([*command.split(), "--storage", sys.argv[1]], standalone_mode=False)
print("loaded:", json.dumps(sorted({*sys.modules})))
"""


def loaded(storage: str, *commands: str) -> tuple[str, set[str]]:
    """What commands print, and the modules of a process that has run them."""
    done = subprocess.run(
        [sys.executable, "-c", CODE, storage, *commands], capture_output=True, text=True, check=True
    )
    printed, _, modules = done.stdout.partition("loaded: ")
    return printed, set(json.loads(modules))


def test_runs_are_listed_printed_and_fitted_without_what_draws_or_trains(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "oracle.db") as database:
        database.executescript(RELEASED.read_text())
    printed, modules = loaded(
        f"sqlite:///{tmp_path}/oracle.db",
        "list",
        "table tiny --format csv",
        "table traced --format json",
        "fit tiny",
    )
    assert "tiny-1c2bc740" in printed
    assert "cycle,replicates,weights_remaining" in printed
    assert "lies inside" in printed
    assert modules & {*HEAVY} == set()


def test_a_cached_result_is_printed_without_importing_the_code_that_computes_it(
    done: DoneHome,
) -> None:
    storage = f"sqlite:///{done.folder}/_oracle/oracle.db"
    commands = [f"{each} --runs {done.folder}" for each in ("list", "table tiny", "fit tiny")]
    first, modules = loaded(storage, *commands)
    assert {"pydantic", "numpy"} <= modules
    again, modules = loaded(storage, *commands)
    assert again == first
    spared = {*HEAVY, "alembic", "numpy", "optuna", "pydantic", "rich", "scipy", "sqlalchemy.orm"}
    assert modules & spared == set()


def test_a_run_of_digits_needs_neither_scikit_learn_nor_pandas(tmp_path: Path) -> None:
    """Together they take as long to import as torch, in every process that trains."""
    small = tmp_path / "small.yaml"
    small.write_text(
        "{name: small, description: One training run., dataset: digits, subset: 0.1,"
        " network: {name: fully_connected, hidden: [8]}, cycles: 1, replicates: 1,"
        " training: {steps: 4, batch: 8, validate_every: 2}, schedule: {warmup: 1, drops: [3]},"
        " grid: {max_lr: [0.05], extend: false}, s_cyc: null}"
    )
    command = f"run {small} --backend inline --quiet --runs {tmp_path}/runs"
    _, modules = loaded(f"sqlite:///{tmp_path}/oracle.db", command)
    assert "torch" in modules
    assert modules & {"pandas", "ray", "scipy.stats", "sklearn", "optuna_dashboard"} == set()
