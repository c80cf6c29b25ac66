"""The digits' grid as one would write it today: Ray Tune, a function, a trial for each training.

    python benchmarks/trial_per_process.py FOLDER [--cycles N] [--grid N]

One ``tune.Tuner`` a pruning cycle, with a grid search over max_lr and replicate. Every trial is a
process of its own, as Tune's default is: it loads the data, trains with an ordinary loop, reports
its validation accuracies and saves its weights. Then the max_lr of the best mean wins, its networks
are pruned by global magnitude and rewound, and the next cycle starts. The same network, split
shares, budget, batch size, schedule, optimizer and grid as studies/digits.yaml; nothing is ours.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

LOW, HIGH = 0.01, 0.3
BATCH, MOMENTUM, DECAY, RATE = 64, 0.9, 1e-4, 0.2


def train(config: dict[str, Any]) -> None:
    """One trial."""
    import torch  # noqa: PLC0415  # in the trial's process
    from ray import tune  # noqa: PLC0415
    from sklearn.datasets import load_digits  # noqa: PLC0415
    from torch import nn  # noqa: PLC0415

    torch.set_num_threads(1)
    images, labels = (torch.tensor(each) for each in load_digits(return_X_y=True))
    parts = torch.randperm(
        len(images), generator=torch.Generator().manual_seed(config["replicate"])
    )
    training, validation, _ = parts.split([1078, 359, len(images) - 1437])
    inputs = ((images - images[training].mean()) / images[training].std()).float()
    torch.manual_seed(config["replicate"])
    layers: list[nn.Module] = []
    for before, after in ((64, 256), (256, 256), (256, 256)):
        layers += [nn.Linear(before, after), nn.ReLU()]
    network = nn.Sequential(*layers, nn.Linear(256, 10))
    start = {name: value.clone() for name, value in network.state_dict().items()}
    masks = torch.load(config["masks"]) if config["masks"] else {}
    parameters = dict(network.named_parameters())
    with torch.no_grad():
        for name, mask in masks.items():
            parameters[name].mul_(mask)
    optimizer = torch.optim.SGD(
        network.parameters(), lr=config["max_lr"], momentum=MOMENTUM, weight_decay=DECAY
    )
    steps, warmup = config["steps"], config["steps"] // 5
    drops = (3 * steps // 5, 4 * steps // 5)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1.0, step / warmup) / 10 ** sum(step >= at for at in drops)
    )
    order = torch.Generator().manual_seed(config["replicate"])
    best, waiting = 0.0, torch.empty(0, dtype=torch.int64)
    for step in range(1, steps + 1):
        if len(waiting) < BATCH:
            waiting = training[torch.randperm(len(training), generator=order)]
        chosen, waiting = waiting[:BATCH], waiting[BATCH:]
        optimizer.zero_grad()
        nn.functional.cross_entropy(network(inputs[chosen]), labels[chosen]).backward()
        optimizer.step()
        schedule.step()
        with torch.no_grad():
            for name, mask in masks.items():
                parameters[name].mul_(mask)
            if step % max(1, steps // 5) == 0:
                right = network(inputs[validation]).argmax(1) == labels[validation]
                best = max(best, 100 * float(right.float().mean()))
                tune.report({"accuracy": best})
    torch.save({"start": start, "end": network.state_dict()}, config["file"])


def pruned(saved: Path, masks: Path | None) -> dict[str, Any]:
    """Return masks after one more cycle: the smallest fifth of the remaining hidden weights go."""
    import torch  # noqa: PLC0415

    end = torch.load(saved)["end"]
    old = torch.load(masks) if masks else {}
    names = [name for name, value in end.items() if value.dim() == 2 and len(value) > 10]
    remaining = {name: old.get(name, torch.ones_like(end[name])) for name in names}
    left = torch.cat([end[name][remaining[name] > 0].abs() for name in names]).sort().values
    least = left[round(RATE * len(left)) - 1]
    return {name: remaining[name] * (end[name].abs() > least) for name in names}


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--cycles", default=8, show_default=True)
@click.option("--grid", default=10, show_default=True)
@click.option("--replicates", default=3, show_default=True)
@click.option("--steps", default=200, show_default=True)
def main(folder: Path, cycles: int, grid: int, replicates: int, steps: int) -> None:
    """Search all cycles; prints each cycle's best max_lr."""
    os.environ.update(RAY_AIR_NEW_OUTPUT="0", RAY_USAGE_STATS_ENABLED="0")
    import ray  # noqa: PLC0415  # reads the environment
    import torch  # noqa: PLC0415
    from ray import tune  # noqa: PLC0415

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    folder.mkdir(parents=True, exist_ok=True)
    rates = [LOW * (HIGH / LOW) ** (k / max(1, grid - 1)) for k in range(grid)]
    masks: dict[int, Path | None] = dict.fromkeys(range(replicates))
    for cycle in range(cycles):
        files = {
            (rate, r): str(folder / f"{cycle}-{rate:.6f}-{r}.pt")
            for rate in rates
            for r in range(replicates)
        }
        results = tune.Tuner(
            tune.with_resources(_trial(files, masks, steps), {"cpu": 1}),
            param_space={
                "max_lr": tune.grid_search(rates),
                "replicate": tune.grid_search(list(range(replicates))),
            },
            run_config=tune.RunConfig(storage_path=str(folder / "ray"), verbose=0),
        ).fit()
        accuracy: dict[float, list[float]] = {rate: [] for rate in rates}
        for result in results:
            accuracy[result.config["max_lr"]].append(result.metrics["accuracy"])
        best = max(rates, key=lambda rate: sum(accuracy[rate]))
        for r in range(replicates):
            new = pruned(Path(files[best, r]), masks[r])
            masks[r] = folder / f"masks-{cycle}-{r}.pt"
            torch.save(new, masks[r])
        click.echo(f"cycle {cycle}: max_lr {best:.4g}, {sum(accuracy[best]) / replicates:.1f} %")
    ray.shutdown()


def _trial(files: dict[tuple[float, int], str], masks: dict[int, Path | None], steps: int) -> Any:
    known = {r: None if mask is None else str(mask) for r, mask in masks.items()}

    def trial(config: dict[str, Any]) -> None:
        own = {"file": files[config["max_lr"], config["replicate"]], "steps": steps}
        train({**config, **own, "masks": known[config["replicate"]]})

    return trial


if __name__ == "__main__":
    main()
