"""Every block of code of the README and the docs runs, or says why it does not."""

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import code_blocks
import numpy as np
import pytest
import torch
from code_blocks import MADE, ROOT, Block
from notebooks import notebook

from oracle.cli.main import main as cli
from oracle.study.loading import read_yaml

PAGES = code_blocks.pages()
BLOCKS = [block for page in PAGES for block in code_blocks.blocks(page)]
LANGUAGES = {"python", "sh", "yaml", "json", "text", "http"}
MARKS = {"not run", "quick", "given", "file"}
QUICK = [block for block in BLOCKS if "quick" in block.marks]
# What only a clone of the repository has; pages name the scripts that generate them.
OF_A_CLONE = re.compile(r"\b(tests|benchmarks|examples)/|\bstudies/\S+\.py|pytest")


def small_network() -> torch.nn.Module:
    return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 8), torch.nn.Linear(8, 10))


def make_network(shape: tuple[int, int, int], classes: int) -> torch.nn.Module:
    return small_network()


GIVEN: dict[str, Callable[[], Any]] = {
    "network": small_network,
    "loader": lambda: [(torch.rand(8, 1, 8, 8), torch.arange(8))] * 3,
    "make_network": lambda: make_network,
    "pixels": lambda: np.random.default_rng(0).integers(0, 256, (200, 1, 8, 8), np.uint8),
    "labels": lambda: np.arange(200) % 10,
    "train": lambda: lambda task: 90.0 - abs(np.log(task.max_lr / 0.1)),
}


def test_every_block_has_a_language_and_marks_that_are_known() -> None:
    assert len(BLOCKS) > 60
    assert [str(block) for block in BLOCKS if block.language not in LANGUAGES] == []
    assert [str(block) for block in BLOCKS if not block.marks.keys() <= MARKS] == []
    silent = [str(block) for block in BLOCKS if block.marks.get("not run") == ""]
    assert silent == []  # each says its reason


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_a_block_is_of_its_language(block: Block) -> None:
    if block.language == "python":
        ast.parse(block.text)
    elif block.language == "json":
        json.loads(block.text)
    elif block.language == "yaml":
        read_yaml(block.text, str(block))
    elif block.language == "sh":
        done = subprocess.run(
            ["bash", "-n"], input=block.text, capture_output=True, text=True, check=False
        )
        assert done.stderr == ""


def test_every_command_of_a_block_is_one_that_oracle_understands() -> None:
    wrong, count = [], 0
    for block in BLOCKS:
        for words in code_blocks.commands(block.text) if block.language == "sh" else ():
            if words[0] == "oracle":
                count += 1
                try:
                    code_blocks.understood(cli, words[1:])
                except click.ClickException as error:
                    wrong.append(f"{block}: {' '.join(words)}: {error.format_message()}")
    assert wrong == []
    assert count > 50


def test_every_command_in_the_text_exists_with_its_options() -> None:
    wrong, count = [], 0
    for page in PAGES:
        for shown in re.findall(r"`oracle ([a-z][^`]*)`", code_blocks.without_blocks(page)):
            words = shown.replace("\\|", " ").split()
            command: click.Command | None = cli
            while isinstance(command, click.Group) and words and words[0].islower():
                command = command.commands.get(words.pop(0))
            count += 1
            known = [name for each in command.params for name in each.opts] if command else []
            strange = [
                word for word in words if word[:2] == "--" and word not in [*known, "--help"]
            ]
            if command is None or strange:
                wrong.append(f"{page.name}: oracle {shown}")
    assert wrong == []
    assert count > 40


def test_no_page_has_the_marks_of_a_merge() -> None:
    for page in PAGES:
        assert not re.search(r"^(<{7}|>{7}) ", page.read_text("utf-8"), re.MULTILINE), page.name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_command_needs_a_file_missing_from_the_wheel(page: Path) -> None:
    if "clone" in code_blocks.why_not_run(page):
        return  # what was measured, for those who measure it again
    shown = [block.text for block in code_blocks.blocks(page)]
    shown += re.findall(r"`((?:python|sh|oracle|pytest) [^`]+)`", code_blocks.without_blocks(page))
    assert [text for text in shown if OF_A_CLONE.search(text)] == []


@pytest.mark.parametrize("block", QUICK, ids=str)
def test_a_quick_block_runs(block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    notebook(block.text, **given(block))


def given(block: Block) -> dict[str, Any]:
    names = filter(None, block.marks.get("given", "").split(", "))
    return {name: GIVEN[name]() for name in names}


def test_the_numbers_of_the_readme_and_the_tutorial_are_those_of_the_demo() -> None:
    table = json.loads((ROOT / "docs" / "results" / "demo.json").read_text("utf-8"))
    for name in ("README.md", "docs/tutorial.md"):
        text = (ROOT / name).read_text("utf-8")
        for row in table["cycles"]:
            region, rate = row["feasible"], row["s_cyc"]["max_lr"]
            start = f"| {row['cycle']} | {row['weights_remaining']:.2f} | {row['well_tuned']} | "
            assert f"{start}[{region['low']}, {region['high']}] | " in text
            verdict = row["evidence"]["s_cyc"]["verdict"]
            assert re.search(
                rf"^{re.escape(start)}.*\| {rate:.4g} \| {verdict}", text, re.MULTILINE
            ), name


def test_every_message_of_the_faq_is_one_of_the_program() -> None:
    text = (ROOT / "docs" / "faq.md").read_text("utf-8")
    messages = re.findall(r"^### `([^`]{3,})`", text, re.MULTILINE)
    files = [*(ROOT / "oracle").rglob("*.py"), *(ROOT / "scyc").rglob("*.py")]
    # Texts that stand in several lines of a source are read as one.
    source = re.sub(r'"\s*f?"', "", "\n".join(file.read_text("utf-8") for file in files))
    assert len(messages) > 12
    theirs = ["operator torchvision::nms does not exist"]  # PyTorch's
    assert [message for message in messages if message not in source] == theirs


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty folder with `oracle` and `python` on the path, in `bin`."""
    folder = tmp_path_factory.mktemp("reader")
    (folder / "bin").mkdir()
    for name, module in (("oracle", "-m oracle.cli"), ("python", "")):
        program = folder / "bin" / name
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" {module} "$@"\n')
        program.chmod(0o755)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_blocks_of_a_page_run_as_they_are_written(
    page: Path, reader: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert page.name not in MADE
    monkeypatch.chdir(reader)
    monkeypatch.setenv("PATH", f"{reader / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.syspath_prepend(str(reader))  # where a reader's own modules lie
    names: dict[str, Any] = {}
    for block in code_blocks.blocks(page):
        if "file" in block.marks:
            (reader / block.marks["file"]).write_text(block.text)
        elif "not run" in block.marks:
            continue
        elif block.language == "python":
            names = notebook(block.text, **names, **given(block))
        elif block.language == "sh":
            done = subprocess.run(
                ["bash", "-e", "-c", block.text], capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, f"{block}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
