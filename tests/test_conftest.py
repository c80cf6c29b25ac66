"""What `tests/conftest.py` sets for all tests."""

import signal
import subprocess
import sys
from pathlib import Path

import optuna.storages
import scipy.linalg
import torch
from alembic import util
from threadpoolctl import threadpool_info

THREADS = """
import scipy.linalg
from threadpoolctl import threadpool_info
print({each["num_threads"] for each in threadpool_info()})
"""
SCRIPTS = Path(optuna.storages.__file__).parent / "_rdb" / "alembic"


def test_this_process_computes_on_one_thread() -> None:
    assert scipy.linalg.det([[2.0]]) == 2.0
    assert {each["num_threads"] for each in threadpool_info()} == {1}
    assert torch.get_num_threads() == 1


def test_a_process_that_a_test_starts_computes_on_one_thread() -> None:
    command = [sys.executable, "-c", THREADS]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "{1}"


def test_a_process_that_a_test_starts_can_be_interrupted() -> None:
    ended = subprocess.run(["sh", "-c", "kill -INT $$; exec sleep 60"], check=False)
    assert ended.returncode == -signal.SIGINT


def test_a_migration_script_is_executed_once_and_the_environment_each_time() -> None:
    script = min((SCRIPTS / "versions").glob("v*.py")).name
    first, second = (util.load_python_file(str(SCRIPTS / "versions"), script) for _ in range(2))
    assert first is second
    assert util.load_python_file.__module__ == "migration_scripts"
