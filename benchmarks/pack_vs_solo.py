"""Packs of K training runs against an ordinary loop that takes them one after another.

    python benchmarks/pack_vs_solo.py [--json] [--quick] [--device cuda] [--network NAME]...

Every engine that can train the network on the device, against an ordinary PyTorch loop with the
same work (see plain.py), in seconds a member-step: one iteration of one member; `stacked` against
the same loop with a DataLoader, too. `solo` is our own loop, one member after another. On a CPU one
thread and CPU time, on a GPU wall time between two
synchronisations. The images are noise.

More of each case: member-steps a second; the share of the FLOP/s of a large matrix product, and for
fully connected networks of the bytes a second of a large copy, on the same device in the same run.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

import click
import limits
import plain
import systems
import torch
from interleaved import Case, clock, options, pairs, report

from scyc.engines.registry import ENGINES, supports
from scyc.trainer import Trainer

_SIZES = (1, 2, 4, 8, 16, 32)
_LARGE = ("vgg19", "resnet50")


def cases(
    network: str,
    sizes: Sequence[int],
    steps: int,
    rounds: int,
    device: torch.device,
    precision: systems.Precision = "fp32",
    batch: int | None = None,
    engines: Sequence[str] = tuple(ENGINES),
    loop: type[plain.Plain] = plain.Plain,
) -> Iterator[Case]:
    """Yield every engine and every pack size. loop: what it is held against."""
    now = clock(device)
    system = systems.system(network, steps, batch, precision=precision)
    images = systems.images(network, 5 * system.training.batch)
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    peak, copied = limits.matrix_product(device, dtype, now), limits.copy(device, now)
    trainer = Trainer(system, images, device)
    theirs = loop(trainer)
    loader = ", with a DataLoader" if loop is plain.Loaded else ""
    work = plain.flops(theirs.network, images.shape, system.training.batch, device)
    bytes_moved = limits.moved(theirs.network)
    for engine in engines:
        if not supports(engine, system.training, trainer.network, device):
            continue
        for size in sizes:
            pack = systems.members(trainer, size)
            measured = pairs(
                lambda pack=pack: theirs.train(pack),
                lambda pack=pack, engine=engine: trainer.train(pack, engine=engine),
                rounds,
                now,
                per=size * steps,
            )
            case = Case(
                f"{network}, {engine}, K = {size}, {precision}{loader}", measured, "s/member-step"
            )
            a_second = 1 / case.ours
            figures = {"member-steps/s": a_second, "of peak FLOP/s": work * a_second / peak}
            if network == "fully_connected":
                figures["of copy"] = bytes_moved * a_second / copied
            yield Case(case.name, measured, case.unit, figures)


def on_cpu(networks: Sequence[str], quick: bool, rounds: int) -> Iterator[Case]:
    """All engines on small packs; what is fused loses with convolutions, so few sizes show it."""
    device = torch.device("cpu")
    if "fully_connected" in networks:
        sizes, steps = ((2,), 2) if quick else (_SIZES, 100)
        yield from cases("fully_connected", sizes, steps, rounds, device)
        loaded, best = (sizes[:1] if quick else (8, 16)), ("stacked",)
        yield from cases(
            "fully_connected", loaded, steps, rounds, device, engines=best, loop=plain.Loaded
        )
    if "resnet20" in networks:
        size, steps, batch = ((2,), 1, 4) if quick else ((4,), 4, 32)
        engines = ("solo",) if quick else ("solo", "vmap", "grouped")
        yield from cases("resnet20", size, steps, rounds, device, "fp32", batch, engines)


def on_gpu(
    networks: Sequence[str], quick: bool, rounds: int, device: torch.device
) -> Iterator[Case]:
    """Yield ResNet-20 at K = 16, large networks at K = 4, and the fully connected one."""
    fused = ("graphed", "grouped", "vmap", "solo")
    for network in networks:
        if network == "fully_connected":
            size, steps = (2, 2) if quick else (16, 100)
            yield from cases(network, (size,), steps, rounds, device)
            continue
        size, steps = (4, 5) if network in _LARGE else (16, 20)
        size, steps, batch = (2, 1, 4) if quick else (size, steps, None)
        engines = ("solo",) if quick and network in _LARGE else fused
        precisions: Sequence[systems.Precision] = ("fp32", "bf16")
        for precision in precisions[:1] if quick else precisions:
            yield from cases(network, (size,), steps, rounds, device, precision, batch, engines)


def within(seconds: float, cases: Iterator[Case]) -> list[Case]:
    """Return the cases that are begun within so many seconds."""
    end = time.monotonic() + seconds
    taken = []
    for case in cases:
        taken.append(case)
        if time.monotonic() > end:
            break
    return taken


@click.command(help="Packs of K training runs against an ordinary loop, one after another.")
@options
@click.option("--network", "networks", multiple=True, type=click.Choice(list(systems.INPUTS)))
@click.option("--rounds", default=5, show_default=True, help="Pairs of each case.")
@click.option("--seconds", default=3600.0, show_default=True, help="Begin no case after these.")
@click.option("--as-gpu", is_flag=True, help="The benchmark for GPUs, on any device.")
def main(
    device: str,
    quick: bool,
    as_json: bool,
    networks: tuple[str, ...],
    rounds: int,
    seconds: float,
    as_gpu: bool,
) -> None:
    """Measure and print."""
    torch.set_num_threads(1)
    target = torch.device(device)
    rounds = 1 if quick else rounds
    small = ("fully_connected", "resnet20")
    if target.type == "cuda" or as_gpu:
        wanted = on_gpu(networks or (*small, *_LARGE), quick, rounds, target)
    else:
        wanted = on_cpu(networks or small, quick, rounds)
    report("pack_vs_solo", target, within(seconds, wanted), as_json)


if __name__ == "__main__":
    main()
