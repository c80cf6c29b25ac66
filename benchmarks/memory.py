"""Peak memory: of a worker with a pack, of decoding a data set, of a whole run.

    python benchmarks/memory.py [--json] [--quick] [--device cuda]

Each is measured in a process of its own. Packs: K processes with an ordinary loop each, which is
what a trial per process takes, over one worker with a pack of K. Decoding: the decoded images, as
bytes, over what the process grew by. A whole run: of the demo with its grid cut down, all processes
at once, what they share counted once; its other side is the driver alone, before it starts workers.
On a GPU the packs are also measured in what PyTorch allocates there.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import click
import systems
import torch
from interleaved import Case, options, report
from jpegs import write
from plain import Plain
from watched import watch

from scyc.data import datasets
from scyc.specs.datasets import ImageFolderSpec
from scyc.trainer import Trainer

_MIB = 2**20


def own_peak() -> float:
    """Return MiB of this process at its largest."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def pack(network: str, size: int, device: str, ordinary: bool) -> dict[str, float]:
    """Train a few steps of a pack, or of one member in an ordinary loop; MiB."""
    before = own_peak()
    large = network != "fully_connected" and device == "cpu"
    trainer = Trainer(
        systems.system(network, 3, 32 if large else None),
        systems.images(network, 600),
        torch.device(device),
    )
    members = systems.members(trainer, size)
    if ordinary:
        Plain(trainer).train(members[:1])
    else:
        trainer.train(members)
    on_gpu = torch.cuda.max_memory_allocated() / _MIB if device == "cuda" else 0.0
    return {"peak": own_peak(), "before": before, "gpu": on_gpu}


def decoding(folder: str, side: int) -> dict[str, float]:
    """Decode a folder of images; MiB."""
    write(Path(folder), 4, 8, classes=2)
    datasets.load(ImageFolderSpec(name="image_folder", root=folder, size=8))  # libraries
    for file in Path(folder).rglob("*.jpg"):
        file.unlink()
    write(Path(folder), 400 if side == 8 else 4000, side)
    before = own_peak()
    images = datasets.load(ImageFolderSpec(name="image_folder", root=folder, size=side))
    return {"peak": own_peak() - before, "pixels": images.pixels.numel() / _MIB}


def child(*arguments: str) -> dict[str, float]:
    """Return the same script in a process of its own."""
    command = [sys.executable, __file__, "--child", json.dumps(arguments)]
    output = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
    measured: dict[str, float] = json.loads(output.stdout)
    return measured


def cases(device: str, quick: bool) -> list[Case]:
    """Return all of them."""
    measured = []
    sizes: Sequence[tuple[str, int]] = [("fully_connected", 16), ("resnet20", 4)]
    for network, size in [("fully_connected", 2)] if quick else sizes:
        alone, together = (
            child("plain", network, "1", device),
            child("pack", network, str(size), device),
        )
        name = f"{network}, K = {size}"
        measured.append(Case(name, [(size * alone["peak"], together["peak"])], "MiB"))
        if device == "cuda":
            measured.append(Case(f"{name}, GPU", [(size * alone["gpu"], together["gpu"])], "MiB"))
    with tempfile.TemporaryDirectory() as folder:
        decoded = child("decoding", folder, "8" if quick else "64")
        measured.append(Case("decoding", [(decoded["pixels"], max(1.0, decoded["peak"]))], "MiB"))
    if not quick:
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "oracle.cli", "run", "digits", "--cycles", "2"]
            command += ["--workers", "2", "--device", "cpu", "--runs", folder, "--quiet"]
            whole, driver = (
                watch(command),
                watch([sys.executable, "-c", "import oracle.runs.execute"]),
            )
            measured.append(Case("a whole run", [(driver.peak / _MIB, whole.peak / _MIB)], "MiB"))
    return measured


def _child(arguments: Sequence[str]) -> dict[str, float]:
    torch.set_num_threads(1)
    what, *rest = arguments
    if what == "decoding":
        return decoding(rest[0], int(rest[1]))
    return pack(rest[0], int(rest[1]), rest[2], what == "plain")


@click.command(help="Peak memory of a worker, of decoding, of a whole run.")
@options
@click.option("--child", "arguments", hidden=True)
def main(device: str, quick: bool, as_json: bool, arguments: str | None) -> None:
    """Measure and print."""
    if arguments is not None:
        click.echo(json.dumps(_child(json.loads(arguments))))
        return
    report("memory", torch.device(device), cases(device, quick), as_json)


if __name__ == "__main__":
    main()
