"""What may become of a file: cut short, changed, or replaced."""

from __future__ import annotations

import io
import os
import pickle
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch

CANARY = "owned"  # the file that a hostile pickle would write, in the working folder


class Hostile:
    """Writes a file when it is unpickled."""

    def __reduce__(self) -> tuple[Any, tuple[str, str]]:
        return (open, (CANARY, "w"))


def cut(share: float) -> Callable[[Path], None]:
    """Keep this share of a file; of 1.0 all but its last byte."""

    def damage(file: Path) -> None:
        os.truncate(file, min(int(file.stat().st_size * share), file.stat().st_size - 1))

    return damage


def flipped(share: float) -> Callable[[Path], None]:
    """Change one bit of a file, so far into it."""

    def damage(file: Path) -> None:
        content = bytearray(file.read_bytes())
        content[int((len(content) - 1) * share)] ^= 0x10
        file.write_bytes(content)

    return damage


def holding(content: Any) -> Callable[[Path], None]:
    """A valid torch file instead of the file."""

    def damage(file: Path) -> None:
        buffer = io.BytesIO()
        torch.save(content, buffer)
        file.write_bytes(buffer.getvalue())

    return damage


def network(tensor: torch.Tensor, name: str = "layers.0.weight") -> dict[str, Any]:
    """What a checkpoint holds, with another tensor."""
    return {"state": {name: tensor}, "masks": {}}


def _put(file: Path, content: bytes) -> None:
    file.write_bytes(content)


def _folder(file: Path) -> None:
    file.unlink()
    file.mkdir()
    (file / "within").write_bytes(b"something of somebody's")


def _linked(target: str) -> Callable[[Path], None]:
    def damage(file: Path) -> None:
        file.unlink()
        file.symlink_to(target)

    return damage


def _moved(file: Path) -> None:
    """The same content by way of a link into the working folder: nothing is lost."""
    shutil.copy(file, aside := Path.cwd() / f"{file.name}.aside")
    file.unlink()
    file.symlink_to(aside)


def _pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


DAMAGES: Mapping[str, Callable[[Path], None]] = MappingProxyType(
    {
        "empty": cut(0.0),
        "cut to a tenth": cut(0.1),
        "cut in half": cut(0.5),
        "cut by a byte": cut(1.0),
        "flipped at its begin": flipped(0.0),
        "flipped in its middle": flipped(0.5),
        "flipped at its end": flipped(1.0),
        "a text": lambda file: _put(file, b"no network\n"),
        "a pickle that runs code": lambda file: _put(file, pickle.dumps(Hostile())),
        "a file of torch's that runs code": holding(Hostile()),
        "other shapes": holding(network(torch.zeros(3, 5))),
        "other keys": holding(network(torch.zeros(16, 64), "somebody.else")),
        "other types": holding(network(torch.zeros(16, 64, dtype=torch.int8))),
        "sparse": holding(network(torch.eye(64).to_sparse())),
        "not a number": holding(network(torch.full((16, 64), float("nan")))),
        "no tensors": holding({"state": {"w": "text"}, "masks": {}}),
        "deleted": lambda file: file.unlink(),
        "a link to nothing": _linked("/nowhere/at/all"),
        "a link to itself": lambda file: _linked(file.name)(file),
        "a link without an end": _linked("/dev/zero"),
        "a pipe": _pipe,
        "a link to its copy": _moved,
        "a folder": _folder,
    }
)
