"""The hash of a user's code: what it covers, and what it does not."""

import importlib.metadata
import os
import sys
import sysconfig
from pathlib import Path

import pytest

from scyc.specs import source_code
from scyc.specs.factory import UNCHECKED
from scyc.specs.networks import OwnNetworkSpec
from scyc.specs.source_code import change_rule, source_hash

MAIN = "from my_blocks_ import block\nimport numpy\n\ndef make():\n    return block()\n"
BLOCKS = "def block():\n    return 1\n"


@pytest.fixture
def code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on the search path with two modules, of which one imports the other."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "my_network_.py").write_text(MAIN)
    (tmp_path / "my_blocks_.py").write_text(BLOCKS)
    return tmp_path


def hashed(path: str = "my_network_:make") -> str:
    value = source_hash(path)
    assert value is not None
    assert len(value) == 32
    return value


def test_a_change_of_the_module_or_of_what_it_imports_changes_the_hash(code: Path) -> None:
    first = hashed()
    (code / "my_blocks_.py").write_text(BLOCKS.replace("1", "2"))
    second = hashed()
    (code / "my_network_.py").write_text("def make():\n    return 1\n")
    assert len({first, second, hashed()}) == 3


def test_comments_blank_lines_and_other_modules_do_not_change_the_hash(code: Path) -> None:
    before = hashed()
    (code / "my_blocks_.py").write_text(f"# mine\n\n\n{BLOCKS.replace('1', '1  # one')}\n\n")
    (code / "unrelated_.py").write_text("x = 1\n")
    assert hashed() == before


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('x = "a # b"', 'x = "a # c"'),
        ('x = """a\n\nb"""', 'x = """a\nb"""'),
        ("if x:\n    y = 1\nz = 2", "if x:\n    y = 1\n    z = 2"),
        ('x = f"{a} # {b}"', 'x = f"{a} # {c}"'),
    ],
)
def test_what_only_looks_like_a_comment_or_a_blank_line_counts(
    code: Path, before: str, after: str
) -> None:
    (code / "my_blocks_.py").write_text(f"{before}\n")
    first = hashed()
    (code / "my_blocks_.py").write_text(f"{after}\n")
    assert hashed() != first


def test_folders_without_an_init_file_are_packages_too(code: Path) -> None:
    folder = code / "my_folder_" / "nets"
    folder.mkdir(parents=True)
    (folder / "net.py").write_text("from my_folder_.nets import parts\n")
    values = []
    for number in range(2):
        (folder / "parts.py").write_text(f"x = {number}\n")
        values.append(hashed("my_folder_.nets.net:make"))
    assert "my_folder_" not in sys.modules
    assert len(set(values)) == 2


@pytest.mark.costly
def test_relative_imports_of_a_package_are_followed(code: Path) -> None:
    package = code / "my_package_"
    (package / "sub").mkdir(parents=True)
    for file in ("__init__.py", "sub/__init__.py", "layers.py"):
        (package / file).write_text("")
    (package / "sub" / "net.py").write_text("from ..layers import *\nfrom . import parts\n")
    (package / "sub" / "parts.py").write_text("x = 1\n")
    values = [hashed("my_package_.sub.net:make")]
    for file in ("layers.py", "sub/parts.py", "__init__.py"):
        (package / file).write_text("x = 3\n")
        values.append(hashed("my_package_.sub.net:make"))
    assert len(set(values)) == 4


def test_an_installed_package_counts_by_its_version(monkeypatch: pytest.MonkeyPatch) -> None:
    first = hashed("pluggy:HookspecMarker")
    assert hashed("pluggy._hooks:HookspecMarker") == first
    monkeypatch.setattr("importlib.metadata.version", lambda _: "0.0.1")
    assert hashed("pluggy:HookspecMarker") != first


def test_which_package_a_module_belongs_to_is_read_again_only_where_a_folder_changed(
    code: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = []
    read = importlib.metadata.packages_distributions
    monkeypatch.setattr(
        "importlib.metadata.packages_distributions", lambda: reads.append(1) or read()
    )
    monkeypatch.setattr(source_code, "_INSTALLED", (code.resolve(),))
    # no folder that another process writes to meanwhile
    monkeypatch.setattr(sys, "path", [str(code), sysconfig.get_path("stdlib")])
    first = hashed()
    assert hashed() == hashed("my_network_:other") == first
    assert len(reads) == 1
    metadata = code / "of_mine-2.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: of-mine\nVersion: 2.0\n")
    (metadata / "top_level.txt").write_text("my_network_\n")
    os.utime(code, ns=(1, 1))  # whatever the resolution of the file system's clock
    assert hashed() != first
    assert len(reads) == 2


@pytest.mark.parametrize("path", ["not_there_:make", "sys:exit"])
def test_what_has_no_file_has_no_hash(path: str) -> None:
    assert source_hash(path) is None


@pytest.mark.usefixtures("code")
def test_a_version_replaces_the_source() -> None:
    path = "my_network_:make"
    plain, versioned, unchecked = (
        OwnNetworkSpec(factory=path, version=version).with_source(path)
        for version in (None, "2", UNCHECKED)
    )
    assert plain.source == source_hash(path)
    assert (versioned.version, versioned.source) == ("2", None)
    assert unchecked.model_dump() == {"factory": path, "options": {}}  # as before there was one


@pytest.mark.parametrize(
    ("edited", "changed"),
    [
        (BLOCKS.replace("1", "2"), True),
        (f"# a line more\n\n{BLOCKS}", False),
        (BLOCKS.replace("return 1", "return (1)"), True),
    ],
    ids=["another value", "a comment", "other source that does the same"],
)
def test_a_file_that_was_edited_after_the_import_is_noticed(
    code: Path, edited: str, changed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("my_network_", "my_blocks_"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    before = hashed()
    importlib.import_module("my_network_")
    (code / "my_blocks_.py").write_text(edited)
    now = source_hash("my_network_:make")
    assert (now != before) == changed
    stale = edited != BLOCKS and "2" in edited
    assert (change_rule("my_network_:make", now) is not None) == stale


def test_annotations_of_inner_functions_are_no_change(
    code: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("my_network_", "my_blocks_"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    inner = "def block():\n    def width(n: int) -> int:\n        return n\n    return width(1)\n"
    (code / "my_blocks_.py").write_text(inner)
    importlib.import_module("my_network_")
    assert change_rule("my_network_:make", source_hash("my_network_:make")) is None


def test_what_was_imported_before_does_not_count_for_what_is_imported_again(
    code: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # a function that is gone may leave its `id` to the next one
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # a .pyc is dated to the second
    for value in range(100):
        (code / "my_blocks_.py").write_text(BLOCKS.replace("1", str(value)))
        for name in ("my_network_", "my_blocks_"):
            sys.modules.pop(name, None)  # `monkeypatch` would keep it
        importlib.import_module("my_network_")
        assert change_rule("my_network_:make", source_hash("my_network_:make")) is None
