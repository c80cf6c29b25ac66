"""The state of a pack in a file: whole, checked, and never code."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import torch

from scyc.storage.pack_state_file import PackStateFile


class Clock:
    """Tells the time it is set to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Filed:
    """Stores of one file, and the lines that they gave."""

    file: Path
    messages: list[str] = field(default_factory=list)
    clock: Clock = field(default_factory=Clock)

    def open(self, stamp: str = "pack, solo, 1") -> PackStateFile:
        return PackStateFile(self.file, stamp, 60.0, self.clock, self.messages.append)


@pytest.fixture
def filed(tmp_path: Path) -> Filed:
    return Filed(tmp_path / "in-flight" / "pack.pt")


def test_a_state_comes_back_from_its_file(filed: Filed) -> None:
    assert filed.open().load() is None
    state = {"step": 3, "curve": ((1, 2.5),), "weights": torch.arange(5.0), "kept": None}
    filed.open().save(state)
    state_read = filed.open().load()
    assert state_read is not None
    assert (state_read["step"], state_read["curve"], state_read["kept"]) == (3, ((1, 2.5),), None)
    assert torch.equal(state_read["weights"], torch.arange(5.0))
    assert filed.messages == []
    assert [file.name for file in filed.file.parent.iterdir()] == ["pack.pt"]


def test_a_save_is_due_60_seconds_after_the_start_and_after_each_save(filed: Filed) -> None:
    store = filed.open()
    due = []
    for now in (100.0, 159.9, 160.0):
        filed.clock.now = now
        due.append(store.due())
    store.save({})
    due.append(store.due())
    filed.clock.now = 221.0
    assert [*due, store.due()] == [False, False, True, False, True]


@pytest.mark.parametrize("position", [0, 40, -1])
def test_a_damaged_file_is_reported_and_not_read(filed: Filed, position: int) -> None:
    filed.open().save({"weights": torch.zeros(3)})
    content = bytearray(filed.file.read_bytes())
    content[position] ^= 1
    filed.file.write_bytes(content)
    assert filed.open().load() is None
    assert filed.messages == [f"{filed.file}: damaged; its pack starts anew"]


def test_a_file_cut_short_or_of_another_version_is_not_read(filed: Filed) -> None:
    filed.open().save({"weights": torch.zeros(3)})
    assert filed.open("pack, solo, 2").load() is None
    assert filed.messages == [f"{filed.file}: of another version or device; its pack starts anew"]
    filed.file.write_bytes(filed.file.read_bytes()[:50])
    assert filed.open().load() is None
    filed.file.write_bytes(b"")
    assert filed.open().load() is None
    assert len(filed.messages) == 3


def test_a_file_never_runs_code(filed: Filed) -> None:
    class Evil:
        def __reduce__(self) -> tuple[Any, ...]:
            return (os.system, ("true",))

    filed.open().save({"weights": Evil()})
    assert filed.open().load() is None
    assert "damaged" in filed.messages[0]
