"""One cycle of ResNet-20 from JPEG files, against a straightforward DataLoader loop.

    python benchmarks/against_plain_loop.py [--json] [--quick] [--data FOLDER] [--device cuda]

- Theirs: torchvision's ImageFolder, which decodes every image each time that it is drawn, with the
  transforms v2 for random crop, flip and normalisation; a DataLoader; an nn.Module in PyTorch's
  default layout; torch.optim.SGD; masks multiplied in after every step. Of torchvision, JPEG
  decoding is PIL's.
- Ours: the folder is decoded once, the images stay in memory as bytes, and the engine trains. The
  decoding is part of our time in the first case; in the second it is not, as in every cell of a run
  but a worker's first.

The same network, batch size and number of iterations, and both evaluate the validation images once,
at the end. On a CPU one thread and CPU time.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import click
import systems
import torch
from interleaved import Case, clock, options, pairs, report
from jpegs import write
from torch import nn
from torch.nn import functional

from scyc import torchvision_compat
from scyc.data import datasets as sources
from scyc.data.images import Images
from scyc.networks import registry
from scyc.specs.datasets import ImageFolderSpec
from scyc.trainer import Trainer

SIDE = 32  # pixels
CROP = 4  # pixels of padding


def plain_loop(
    folder: Path, network: nn.Module, masks: dict[str, torch.Tensor], steps: int, batch: int
) -> Callable[[], float]:
    """Make the loop that one writes today; returns a function that trains and gives an accuracy."""
    torchvision_compat.torchvision()
    from torchvision import datasets  # noqa: PLC0415  # after torchvision can be imported
    from torchvision.transforms import v2  # noqa: PLC0415

    normalised = [
        v2.ToDtype(torch.float32, scale=True),
        v2.Normalize([0.48, 0.48, 0.48], [0.2, 0.2, 0.2]),
    ]
    shape = [v2.ToImage(), v2.Resize((SIDE, SIDE))]
    augmented = [v2.RandomCrop(SIDE, padding=CROP), v2.RandomHorizontalFlip()]
    training = datasets.ImageFolder(str(folder), v2.Compose([*shape, *augmented, *normalised]))
    validation_images = datasets.ImageFolder(str(folder), v2.Compose([*shape, *normalised]))
    order = torch.randperm(len(training), generator=torch.Generator().manual_seed(0)).tolist()
    first, second = 6 * len(order) // 10, 8 * len(order) // 10
    loader = torch.utils.data.DataLoader(
        torch.utils.data.Subset(training, order[:first]), batch, shuffle=True, drop_last=True
    )
    validation = torch.utils.data.DataLoader(
        torch.utils.data.Subset(validation_images, order[first:second]), 512
    )
    device = next(network.parameters()).device
    start = {name: value.clone() for name, value in network.state_dict().items()}
    parameters = dict(network.named_parameters())

    def train() -> float:
        network.load_state_dict(start)
        optimizer = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4)
        step = 0
        network.train()
        while step < steps:
            for images, labels in loader:
                loss = functional.cross_entropy(network(images.to(device)), labels.to(device))
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                with torch.no_grad():
                    for name, mask in masks.items():
                        parameters[name].mul_(mask)
                step += 1
                if step == steps:
                    break
        network.eval()
        right = 0
        with torch.no_grad():
            for images, labels in validation:
                guesses = network(images.to(device)).argmax(1).cpu()
                right += int((guesses == labels).sum())
        return 100 * right / (second - first)

    return train


def cases(folder: Path, steps: int, batch: int, rounds: int, device: torch.device) -> list[Case]:
    """Return both cases."""
    spec = ImageFolderSpec(name="image_folder", root=str(folder), size=SIDE)
    augment = {"crop": CROP, "flip": True}
    system = systems.system("resnet20", steps, batch, augment=augment)

    def decoded() -> Images:
        return sources.load(spec)

    images = decoded()
    trainer = Trainer(system, images, device)
    member = systems.members(trainer, 1)
    network = registry.build(system.network, images.shape, len(images.classes), seed=0).to(device)
    masks = {name: mask.to(device).float() for name, mask in member[0].start.masks.items()}
    theirs = plain_loop(folder, network, masks, steps, batch)
    now = clock(device)

    def from_files() -> None:
        Trainer(system, decoded(), device).train(member)

    text = f"ResNet-20, {len(images.labels)} JPEG files, {steps} iterations of {batch}"
    return [
        Case(
            f"{text}, decoding included",
            pairs(theirs, from_files, rounds, now, per=steps),
            "s/iteration",
        ),
        Case(
            f"{text}, a cell after the first",
            pairs(theirs, lambda: trainer.train(member), rounds, now, per=steps),
            "s/iteration",
        ),
    ]


@click.command(help="One cycle of ResNet-20, against a straightforward DataLoader loop.")
@options
@click.option("--data", type=click.Path(path_type=Path), help="A folder of class folders.")
@click.option("--rounds", default=5, show_default=True, help="Pairs of each case.")
def main(device: str, quick: bool, as_json: bool, data: Path | None, rounds: int) -> None:
    """Measure and print."""
    torch.set_num_threads(1)
    count, steps, batch = (60, 2, 8) if quick else (1000, 40, 64)
    with tempfile.TemporaryDirectory() as made:
        folder = data or write(Path(made), count, SIDE)
        found = cases(folder, steps, batch, 1 if quick else rounds, torch.device(device))
    report("against_plain_loop", torch.device(device), found, as_json)


if __name__ == "__main__":
    sys.exit(main())
