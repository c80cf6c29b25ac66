"""The adaptive search against the full grid, on the same results: known curves, and recorded runs.

    python benchmarks/adaptive.py [--json] [--cases N]
    python benchmarks/adaptive.py --run RUN [--runs FOLDER] [--json]

RUN is the id or the study's name of a stored run that tried its whole grid, or a file with a table
as JSON.

A case is one cycle's grid and a known answer for each of its max_lr, so nothing is trained. Both
searches see the same answers, noise included, and the full grid's result is the one to reach. Of a
known curve the result without noise is known too: with noise the full grid misses it itself, and
"true" says by how much each of the two does.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import click
import numpy as np

from oracle.analysis import agreement
from oracle.analysis.replay import Judge, Replay
from oracle.runs import catalog
from oracle.search.graph import Cell, CellResult, Graph
from oracle.search.grid_search import GridSearch, OracleCycle
from oracle.search.selection.adaptive_grid import SELECTION_RULES, SearchKind
from oracle.settings import Settings
from oracle.stats.region import MaxLrScores, Region, ToleranceKind, feasible_region
from oracle.study.parts import grid
from oracle.study.parts.grid_spec import GridSpec, ListGrid, RangeGrid
from scyc.errors import BadInput
from scyc.specs.networks import FullyConnectedSpec
from scyc.specs.schedules import ConstantSpec
from scyc.specs.system import PruningSpec, SplitSpec, SystemSpec, TrainingSpec

RESULTS = Path(__file__).parents[1] / "docs" / "results"
TOLERANCE = 0.5  # points

Rng = np.random.Generator
Curve = Callable[[float], float | None]  # accuracy at a share of the grid; None: it diverges


@dataclass(frozen=True)
class Case:
    """One cycle: its grid, what each max_lr gives, and what was best in the cycle before."""

    grid: GridSpec
    answer: Callable[[float], tuple[float, ...] | None]  # by replicate; None: it diverges
    replicates: int = 3
    last: float | None = None
    tolerance: float = TOLERANCE
    tolerance_kind: ToleranceKind = "points"
    truth: Callable[[float], float | None] | None = None  # the accuracy without noise


@dataclass(frozen=True)
class Outcome:
    """How near one adaptive search came to the full grid. Ends in steps of the grid."""

    same_best: bool
    best_inside: bool  # its well-tuned max_lr lies in the full grid's region
    end_error: int  # of the worse end
    loss: float  # points of the best mean validation accuracy
    share: float  # of the full grid's training runs
    rounds: int
    full_true_loss: float | None  # points that its well-tuned max_lr is below the best, truly
    true_loss: float | None
    full_true_error: int | None  # of the worse end, from the ends without noise, in steps
    true_error: int | None


@dataclass(frozen=True)
class Row:
    """The outcomes of a family. Shares of cases in [0, 1]."""

    family: str
    cases: int
    same_best: float
    best_inside: float
    ends_same: float
    ends_near: float  # both within one step
    end_error: float  # mean, steps
    loss: float  # mean, points
    share: float  # mean
    most: float  # the largest share
    rounds: float  # mean
    full_true_loss: float | None  # means
    true_loss: float | None
    full_true_error: float | None
    true_error: float | None


def searched(case: Case, kind: SearchKind) -> tuple[OracleCycle, int]:
    """Return a cycle as one kind of search finds it, and in how many rounds."""
    search = GridSearch(
        _GRAPH, _STEADY, case.grid, case.tolerance, case.tolerance_kind, SELECTION_RULES[kind]
    )
    last = Region(case.last, 0.0, (case.last,), True, False, False) if case.last else None
    running = search.cycle([None] * case.replicates, last)
    ask, rounds = next(running), 1
    while True:
        try:
            ask = running.send({cell.id: _result(case, cell) for cell in ask.cells})
        except StopIteration as stop:
            found: OracleCycle = stop.value
            return found, rounds
        rounds += 1


def compared(case: Case) -> Outcome:
    """Return both searches of a case."""
    full, _ = searched(case, "grid")
    few, rounds = searched(case, "adaptive")
    right, found = full.region, few.region
    assert right is not None
    assert found is not None
    every = sorted({*full.cells, *few.cells})

    def error(one: Region, other: Region) -> int:
        ends = [(one.low, other.low), (one.high, other.high)]
        return max(abs(every.index(a) - every.index(b)) for a, b in ends)

    true = _true_means(case, every)
    region = feasible_region(
        {rate: MaxLrScores((mean,), False) for rate, mean in true.items()}, case.tolerance
    )

    def loss(one: Region) -> float | None:
        return region.best_accuracy - true[one.well_tuned] if region else None

    return Outcome(
        same_best=right.well_tuned == found.well_tuned,
        best_inside=right.contains(found.well_tuned),
        end_error=error(right, found),
        loss=right.best_accuracy - found.best_accuracy,
        share=len(few.cells) / len(full.cells),
        rounds=rounds,
        full_true_loss=loss(right),
        true_loss=loss(found),
        full_true_error=error(region, right) if region else None,
        true_error=error(region, found) if region else None,
    )


def row(family: str, outcomes: Iterable[Outcome]) -> Row:
    """Return the outcomes of a family together."""
    every = list(outcomes)
    mean = statistics.fmean
    return Row(
        family=family,
        cases=len(every),
        same_best=mean(each.same_best for each in every),
        best_inside=mean(each.best_inside for each in every),
        ends_same=mean(each.end_error == 0 for each in every),
        ends_near=mean(each.end_error <= 1 for each in every),
        end_error=mean(each.end_error for each in every),
        loss=mean(each.loss for each in every),
        share=mean(each.share for each in every),
        most=max(each.share for each in every),
        rounds=mean(each.rounds for each in every),
        full_true_loss=_mean(each.full_true_loss for each in every),
        true_loss=_mean(each.true_loss for each in every),
        full_true_error=_mean(each.full_true_error for each in every),
        true_error=_mean(each.true_error for each in every),
    )


def family(name: str, cases: int) -> Row:
    """Return a family of known curves, the same every time."""
    return row(name, (compared(case(name, seed)) for seed in range(cases)))


def case(name: str, seed: int) -> Case:
    """Make one case of a family; every second one after a cycle whose best was near its own."""
    made = FAMILIES[name]
    rng = np.random.default_rng([seed, *name.encode()])
    declared = _grid(rng)
    values = grid.grid_values(declared)
    curve = made.curve(rng)
    offsets = rng.normal(0, made.noise, made.replicates)
    key = int(rng.integers(2**31))

    def truth(max_lr: float) -> float | None:
        mean = curve(_share(declared, max_lr))
        return None if mean is None else min(100.0, max(1.0, mean))

    def answer(max_lr: float) -> tuple[float, ...] | None:
        mean = truth(max_lr)
        if mean is None:
            return None
        own = np.random.default_rng([key, round(_share(declared, max_lr) * 1e4) + 10**6])
        noise = own.normal(0, made.noise, made.replicates)
        drawn = np.clip(mean + offsets + noise, 1.0, 100.0)
        return tuple(drawn.tolist())

    last = None
    if seed % 2:
        heights = [truth(max_lr) or 0.0 for max_lr in values]
        drift = int(rng.integers(-len(values) // 10, len(values) // 10 + 1))
        last = values[int(np.clip(np.argmax(heights) + drift, 0, len(values) - 1))]
    return Case(declared, answer, made.replicates, last, truth=truth)


def recorded(path: Path) -> list[Case]:
    """Return the cycles of a table in a file: see :func:`cases`."""
    return cases(json.loads(path.read_text()))


def cases(table: Mapping[str, Any]) -> list[Case]:
    """Read the cycles of a run whose whole grid was searched, each grid as it had grown."""
    if table.get("kind", "oracle") != "oracle" or table.get("search", "grid") != "grid":
        return []
    found: list[Case] = []
    last = None
    for cycle in table["cycles"]:
        if not cycle["feasible"]:
            continue
        answers = {
            each["max_lr"]: None if each["diverged"] else tuple(each["val_accuracy"])
            for each in cycle["grid"]
        }
        found.append(
            Case(
                ListGrid(max_lr=tuple(answers), extend=False),
                answers.__getitem__,
                cycle.get("replicates", table["replicates"]),
                last,
                table["tolerance"],
                table["tolerance_kind"],
            )
        )
        last = cycle["well_tuned"]
    return found


def replayed(table: Mapping[str, Any]) -> list[Replay]:
    """The adaptive oracle on a recorded run's cycles, each below the full grid's own winner."""
    found: list[Replay] = []
    last = None
    for number, case in enumerate(cases(table)):
        full = replace(searched(case, "grid")[0], cycle=number)
        judge = Judge(_GRAPH, _STEADY, case.tolerance, case.tolerance_kind)
        if (replay := judge.replay(full, last)) is not None:
            found.append(replay)
        last = full.region
    return found


@dataclass(frozen=True)
class Family:
    """Curves of a kind, and the noise of one replicate, in points (std)."""

    curve: Callable[[Rng], Curve]
    noise: float = 0.0
    replicates: int = 3


def _hump(rng: Rng, low: float = 0.12, high: float = 0.88) -> Curve:
    """One hump, kinked to round, each side falling by 2 points within 3 to 63 % of the grid."""
    best, top, power = rng.uniform(low, high), rng.uniform(60, 98), rng.choice([1, 1.5, 2, 2])
    left, right = 10 ** rng.uniform(-1.5, -0.2, 2)
    return lambda at: float(top - 2 * (abs(at - best) / (left if at < best else right)) ** power)


def _edge(rng: Rng) -> Curve:
    low, high = [(-0.25, 0.04), (0.96, 1.25)][rng.integers(2)]
    return _hump(rng, low, high)


def _plateau(rng: Rng) -> Curve:
    """Exactly level over 4 to 60 % of the grid, in steps of 0.05 points beside it."""
    middle, half, top = rng.uniform(0.2, 0.8), rng.uniform(0.02, 0.3), rng.uniform(60, 98)
    side = 10 ** rng.uniform(-1.2, -0.2)
    return lambda at: float(
        round((top - 2 * (max(0.0, abs(at - middle) - half) / side) ** 1.5) * 20) / 20
    )


def _two_humps(rng: Rng) -> Curve:
    """Two humps, of heights that differ by a point at most, wider than the coarse pass's step."""
    first = rng.uniform(0.1, 0.4)
    second, top, other = first + rng.uniform(0.3, 0.5), rng.uniform(60, 95), rng.uniform(-1, 1)
    one, two = rng.uniform(0.09, 0.2, 2)
    return lambda at: float(
        max(top - 2 * ((at - first) / one) ** 2, top + other - 2 * ((at - second) / two) ** 2)
    )


def _cliff(rng: Rng) -> Curve:
    """A hump, and divergence from some rate on, which may lie below the hump's best."""
    hump, edge = _hump(rng), rng.uniform(0.3, 1.0)
    return lambda at: None if at > edge else hump(at)


FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        "hump": Family(_hump),
        "plateau": Family(_plateau),
        "two humps": Family(_two_humps),
        "cliff": Family(_cliff),
        "edge": Family(_edge),
        "hump, noise 0.3": Family(_hump, 0.3),
        "hump, noise 0.7": Family(_hump, 0.7),
        "hump, noise 1.4": Family(_hump, 1.4),
        "plateau, noise 0.7": Family(_plateau, 0.7),
        "two humps, noise 0.7": Family(_two_humps, 0.7),
        "cliff, noise 0.7": Family(_cliff, 0.7),
        "edge, noise 0.7": Family(_edge, 0.7),
        "hump, noise 0.4, 1 replicate": Family(_hump, 0.4, 1),
    }
)

_STEADY = ConstantSpec(name="constant")
_GRAPH = Graph(
    SystemSpec(
        network=FullyConnectedSpec(name="fully_connected", hidden=(8,)),
        pruning=PruningSpec(),
        training=TrainingSpec(steps=1, batch=1, validate_every=1),
        split=SplitSpec(),
        seed=0,
    ),
    "0" * 64,
)


def _grid(rng: Rng) -> RangeGrid:
    count = int(rng.choice([40, 50, 60, 80]))
    if rng.random() < 0.5:
        return RangeGrid(kind="log", low=0.005, high=0.5, count=count)
    return RangeGrid(kind="linear", low=0.12 / count, high=0.12, count=count)


def _share(declared: RangeGrid, max_lr: float) -> float:
    """Where a max_lr lies in the declared grid, 0 to 1; beyond where the grid has grown."""
    if declared.kind == "log":
        return float(np.log(max_lr / declared.low) / np.log(declared.high / declared.low))
    return (max_lr - declared.low) / (declared.high - declared.low)


def _true_means(case: Case, every: Iterable[float]) -> dict[float, float]:
    """The accuracies without noise of those that do not diverge; none where they are unknown."""
    if case.truth is None:
        return {}
    means = {max_lr: case.truth(max_lr) for max_lr in every}
    return {max_lr: mean for max_lr, mean in means.items() if mean is not None}


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.fmean(known) if known else None


def _result(case: Case, cell: Cell) -> CellResult:
    row = case.answer(cell.max_lr)
    accuracy = row[cell.replicate] if row else 0.0
    return CellResult(
        cell=cell.id,
        curve=(),
        val_accuracy=accuracy,
        test_accuracy=accuracy,
        diverged=row is None,
        weights_remaining=100.0,
        steps=1,
        seconds=0.0,
        checkpoint=None,
        device="",
    )


@click.command(help="The adaptive search against the full grid, on the same results.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--cases", default=40, show_default=True, help="Cases of each family.")
@click.option("--run", help="A stored run's id or study, or a file with a table as JSON.")
@click.option("--runs", default="runs", show_default=True, help="Folder of all runs.")
def main(as_json: bool, cases: int, run: str | None, runs: str) -> None:
    """Print a row for each family and each recorded run; or of one run, one for each cycle."""
    if run is not None:
        _print_run(*_found(run, Path(runs)), as_json)
    else:
        _print_families(cases, as_json)


def _found(run: str, folder: Path) -> tuple[Mapping[str, Any], Sequence[OracleCycle] | None]:
    """A run's table, and the adaptive oracle's own path where its storage tells it."""
    if Path(run).suffix == ".json":
        return json.loads(Path(run).read_text()), None
    try:
        known = catalog.find_run(run, Settings(folder=folder))
        table = catalog.stored_table(known)
        return table, catalog.adaptive_path(known) if table["kind"] == "oracle" else None
    except BadInput as error:
        raise click.ClickException(str(error)) from error


def _print_run(table: Mapping[str, Any], path: Sequence[OracleCycle] | None, as_json: bool) -> None:
    found = replayed(table)
    if not found:
        raise click.ClickException("not a run that tried its whole grid; nothing to replay on")
    if as_json:
        click.echo(json.dumps(agreement.as_json(dict(table), found, path), indent=2))
    else:
        click.echo(agreement.text(dict(table), found, path), nl=False)


def _print_families(cases: int, as_json: bool) -> None:
    rows = [family(name, cases) for name in FAMILIES]
    runs = {path.stem: recorded(path) for path in sorted(RESULTS.glob("*.json"))}
    rows += [row(f"recorded: {run}", map(compared, found)) for run, found in runs.items() if found]
    if as_json:
        click.echo(json.dumps([asdict(each) for each in rows], indent=2))
        return
    heads = (
        "cases",
        "best =",
        "inside",
        "ends =",
        "ends +-1",
        "error",
        "trained",
        "most",
        "rounds",
    )
    click.echo(
        f"{'family':<34}"
        + "".join(f"{head:>9}" for head in heads)
        + f"{'true loss':>14}{'true error':>14}"
    )
    for each in rows:
        shares = (each.same_best, each.best_inside, each.ends_same, each.ends_near)
        click.echo(
            f"{each.family:<34}{each.cases:>9}"
            + "".join(f"{share:>9.0%}" for share in shares)
            + f"{each.end_error:>9.2f}{each.share:>9.0%}{each.most:>9.0%}{each.rounds:>9.1f}"
            + _pair(each.full_true_loss, each.true_loss)
            + _pair(each.full_true_error, each.true_error)
        )
    click.echo("true loss (points), true error (steps): of the full grid / of the adaptive search")


def _pair(full: float | None, few: float | None) -> str:
    shown = "-" if full is None else f"{full:.2f} / {few:.2f}"
    return f"{shown:>14}"


if __name__ == "__main__":
    main()
