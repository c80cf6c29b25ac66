"""CONTRIBUTING.md names packages, files and functions that there are."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
TREE = TEXT[TEXT.index("    oracle/  ") : TEXT.index("The path of a cell")]
WALK = re.findall(r"`(\w+)` in\s+`((?:oracle|scyc)/[\w/]+\.py)`", TEXT)


def listed(package: str) -> set[str]:
    """The names in the tree below a package, two levels deep, as paths."""
    names: set[str] = set()
    above = inside = ""
    for line in TREE.splitlines():
        if top := re.match(r"    (\w+)/ ", line):
            inside = top[1]
        elif inside == package and (match := re.match(r"(      |        )(\w+(?:, \w+)*)  ", line)):
            deep = len(match[1]) == 8
            names |= {f"{above}/{each}" if deep else each for each in match[2].split(", ")}
            above = above if deep else match[2]
    return names


@pytest.mark.parametrize("package", ["oracle", "scyc"])
def test_the_tree_has_every_package_and_nothing_else(package: str) -> None:
    root = ROOT / package
    folders = {file.parent.relative_to(root).as_posix() for file in root.glob("*/__init__.py")}
    modules = {file.stem for file in root.glob("*.py")}
    names = listed(package)
    assert {name for name in names if "/" not in name} - modules == folders
    assert [name for name in names if "/" in name and not (root / name).is_dir()] == []


def test_functions_classes_and_registries_are_in_the_files_that_are_named() -> None:
    assert len(WALK) > 10
    for name, file in WALK:
        tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
        assigned = {ast.unparse(node).split(":")[0].split(" ")[0] for node in tree.body}
        assert name in assigned | {getattr(node, "name", None) for node in tree.body}, file


def test_files_and_folders_that_are_named_exist() -> None:
    named = re.findall(r"`((?:oracle|scyc|tests|docs|studies)/[\w/.-]+)`", TEXT)
    assert len(named) > 30
    assert [name for name in named if "NAME" not in name and not (ROOT / name).exists()] == []
