"""Every benchmark in one go, into a folder of JSON files; `tables.py` makes tables of them.

    python benchmarks/all.py FOLDER [--device cuda] [--quick] [--rehearse]

With ``--device cuda`` what a GPU is asked for, in under 8 minutes of its time: packs of every
network, a worker's memory, the plain loop; what matters most comes first, and no script takes more
than its share. With ``--device cpu`` all the rest, about half an hour on 2 cores. ``--rehearse``
runs the GPU's list on the CPU, as small as can be.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import click

HERE = Path(__file__).parent
_PACKS = ("pack_vs_solo.py", "--as-gpu", "--network")
# By device: a file's name, the script that fills it, and its options.
RUNS: Mapping[str, Mapping[str, Sequence[str]]] = MappingProxyType(
    {
        "cpu": {
            "pack_vs_solo": ("pack_vs_solo.py",),
            "against_plain_loop": ("against_plain_loop.py",),
            "memory": ("memory.py",),
            "driver": ("driver.py",),
            "load": ("load.py",),
            "scale": ("scale.py", "--cells", "4000", "--jobs", "8"),
            "whole_run": ("whole_run.py",),
            "oracle_vs_trial_per_process": ("oracle_vs_trial_per_process.py",),
        },
        "cuda": {
            "gpu_resnet20": (*_PACKS, "resnet20", "--seconds", "130"),
            "gpu_fully_connected": (*_PACKS, "fully_connected", "--seconds", "40"),
            "gpu_vgg19": (*_PACKS, "vgg19", "--seconds", "60"),
            "gpu_resnet50": (*_PACKS, "resnet50", "--seconds", "80"),
            "gpu_against_plain_loop": ("against_plain_loop.py",),
            "gpu_memory": ("memory.py",),
        },
    }
)
_LIMIT = 180  # seconds for one script on a GPU, which none should need


@click.command(help="Every benchmark, into FOLDER.")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--device", type=click.Choice(list(RUNS)), default="cpu", show_default=True)
@click.option("--quick", is_flag=True, help="As little as shows that it works.")
@click.option("--rehearse", is_flag=True, help="What a GPU is asked for, on the CPU.")
def main(folder: Path, device: str, quick: bool, rehearse: bool) -> None:
    """Run one script after another; one that fails does not keep the others from running."""
    folder.mkdir(parents=True, exist_ok=True)
    failed = []
    for name, (script, *more) in RUNS["cuda" if rehearse else device].items():
        command = [sys.executable, str(HERE / script), "--json", "--device", device, *more]
        command += ["--quick"] if quick or rehearse else []
        start = time.monotonic()
        limit = _LIMIT if device == "cuda" else None
        try:
            done = subprocess.run(  # noqa: S603  # the scripts beside this one
                command, stdout=subprocess.PIPE, text=True, timeout=limit, check=False
            )
        except subprocess.TimeoutExpired:
            done = None
        took = time.monotonic() - start
        if done is None or done.returncode:
            failed.append(name)
            click.echo(f"{name}: failed after {took:.0f} s", err=True)
            continue
        (folder / f"{name}.json").write_text(done.stdout)
        click.echo(f"{name}: {took:.0f} s", err=True)
    if failed:
        raise click.ClickException(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
