"""More iterations for a stored run's unpruned network."""

from collections.abc import Callable
from pathlib import Path

import pytest

from oracle.runs import catalog, execute, longer, prepare
from oracle.settings import Settings
from oracle.stats.paired_difference import Difference
from oracle.study.base import Study
from oracle.study.oracle import OracleStudy
from oracle.study.scale_down import lengthened
from scyc.errors import BadInput


def cycle(best: float, low: float, high: float, diverged: float | None = None) -> dict[str, object]:
    grid = [{"max_lr": rate, "diverged": rate == diverged} for rate in (0.1, 0.2, 0.4, 0.8)]
    return {"well_tuned": best, "feasible": {"low": low, "high": high}, "grid": grid}


def test_the_well_tuned_rate_is_trained_with_the_lowest_of_its_region() -> None:
    assert longer.two_rates(cycle(0.4, 0.1, 0.8)) == [0.1, 0.4]
    assert longer.two_rates(cycle(0.1, 0.1, 0.8)) == [0.1, 0.8]


def test_a_region_of_one_value_takes_a_neighbour_that_did_not_diverge() -> None:
    assert longer.two_rates(cycle(0.4, 0.4, 0.4)) == [0.2, 0.4]
    assert longer.two_rates(cycle(0.1, 0.1, 0.1, diverged=0.2)) == [0.1, 0.4]


def test_everything_that_counts_iterations_becomes_longer(study: Callable[..., Study]) -> None:
    short = study(training={"steps": 12, "batch": 16, "validate_every": 2}, pruning={"rewind": 4})
    assert isinstance(short, OracleStudy)
    longer_study = lengthened(short, 1.5)
    assert longer_study.training.steps == 18
    assert longer_study.training.validate_every == 3
    assert longer_study.pruning.rewind == 6
    assert longer_study.schedule.model_dump()["warmup"] == 4  # round(4.5) goes to the even number
    assert longer_study.schedule.model_dump()["drops"] == (12,)
    assert longer_study.shrunk == {}


def test_a_gain_counts_where_it_is_above_tolerance_and_noise() -> None:
    def gain(points: float, error: float | None, p: float | None) -> longer.Gain:
        paired = Difference(points, error, p, 3)
        return longer.Gain(points, paired, paired)

    gains = (
        gain(0.6, 0.1, 0.01),
        gain(0.7, 0.5, 0.3),
        gain(0.4, 0.01, 0.001),
        gain(2.0, None, None),
    )
    trained_longer = longer.Longer("run", 10, 15, 0.5, gains)
    assert trained_longer.undertrained == [0.6, 2.0]
    assert "undertrained at 0.6, 2:" in longer.text(trained_longer)


def test_a_stored_run_is_trained_longer_with_its_own_replicates(
    study: Callable[..., Study], tmp_path: Path
) -> None:
    """As a study that is declared with 1.5 times the iterations is trained."""
    settings = Settings(folder=tmp_path, backend="inline", workers=1)
    short = study(cycles=1, grid={"max_lr": [0.05, 0.1, 0.2], "extend": False})
    assert isinstance(short, OracleStudy)
    long = lengthened(short, 1.5).model_copy(update={"name": "long"})
    tables = [execute.execute(prepare.prepare(each, settings)) for each in (short, long)]
    run = catalog.find_run("tiny", settings)
    trained_longer = longer.train_longer(run, tables[0], "cpu")
    assert (trained_longer.steps, trained_longer.more_steps) == (12, 18)
    grids = [{e["max_lr"]: e for e in table["cycles"][0]["grid"]} for table in tables]
    assert len(trained_longer.gains) == 2
    for gain in trained_longer.gains:
        before, after = (grid[gain.max_lr]["val_accuracy"] for grid in grids)
        each = [b - a for a, b in zip(before, after, strict=True)]
        assert gain.validation.points == pytest.approx(sum(each) / 2)
        assert gain.validation.replicates == 2
    content = longer.as_json(trained_longer)["gains"]
    assert [each["validation"]["points"] for each in content] == [
        each.validation.points for each in trained_longer.gains
    ]
    with pytest.raises(BadInput, match="has no finished cycle"):
        longer.train_longer(run, {"cycles": []}, "cpu")
