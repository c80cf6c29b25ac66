"""Commands that analyse results: paper, fit, trend, cost, budget."""

# ruff: noqa: PLC0415

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from oracle.cli.options import Finite, storage_options
from oracle.cli.replay_command import replay
from oracle.settings import DEVICE_NAMES, Settings

if TYPE_CHECKING:
    from oracle.analysis.curve_fit import Target
    from oracle.tables.oracle import OracleTable

_text_or_json = click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)


@click.command(short_help="Recompute S-Cyc's row of the paper's tables.")
@click.argument("number", type=click.Choice(["3", "7", "8"]))
@_text_or_json
def paper(number: str, form: str) -> None:
    """Recompute S-Cyc's row of the paper's Table 3, 7 or 8, and compare it cell by cell."""
    from oracle.analysis import paper as printed

    judged = printed.check_paper_table(int(number))
    if form == "json":
        click.echo(json.dumps(printed.as_json(judged), indent=2))
    else:
        click.echo(printed.text(judged), nl=False)


@click.command(short_help="Fit S-Cyc's parameters to the regions of a RUN.")
@click.argument("run_name", metavar="[RUN]", required=False)
@storage_options
@click.option(
    "--paper", "number", type=click.Choice(["3", "7", "8"]),
    help="Fit the regions of this table of the paper.",
)  # fmt: skip
@click.option(
    "--q-most", type=click.IntRange(0, 100), default=3, show_default=True,
    help="Largest q to try.",
)  # fmt: skip
@click.option(
    "--beta-low", type=Finite(1e-3, 1e3), default=3.0, show_default=True,
    help="Smallest beta to try.",
)  # fmt: skip
@click.option(
    "--beta-high", type=Finite(1e-3, 1e3), default=6.0, show_default=True,
    help="Largest beta to try.",
)  # fmt: skip
@_text_or_json
def fit(
    run_name: str | None,
    settings: Settings,
    number: str | None,
    q_most: int,
    beta_low: float,
    beta_high: float,
    form: str,
) -> None:
    """Fit S-Cyc's parameters to the regions of a RUN or of the paper, without training.

    Prints the curve that is inside most regions, of several the closest to the well-tuned values;
    and every other (q, beta) that is inside as many. RUN may also be a file: an exported run
    (.zip), or a table that `oracle table --format json` wrote.
    """
    if (run_name is None) == (number is None):
        raise click.UsageError("name a RUN, or a table with --paper")
    if beta_low > beta_high:
        raise click.UsageError("--beta-low is above --beta-high")

    def fitted(run: str | None) -> str:
        from oracle.analysis import curve_fit as fits

        name, rate, targets = _regions(run, settings, number)
        if not targets:
            raise click.ClickException(
                "no cycle of this run has a region above chance level yet; nothing to fit"
            )
        betas = [beta_low + (beta_high - beta_low) * step / 30 for step in range(31)]
        curves = fits.fit_scyc_curve(targets, rate, range(q_most + 1), list(dict.fromkeys(betas)))
        if form == "json":
            return json.dumps(fits.as_json(curves), indent=2) + "\n"
        return fits.text(curves, name)

    if run_name is None:
        text = fitted(None)
    else:
        from oracle.runs.stored import computed

        what = ["oracle fit", q_most, beta_low, beta_high, form]
        text = computed.of_run(run_name, settings, what, fitted)
    click.echo(text, nl=False)


@click.command(short_help="Compare the cost of RUNs of one system.")
@click.argument("run_names", metavar="[RUN]...", nargs=-1)
@storage_options
@click.option("--paper", is_flag=True, help="The paper's own budget, computed by formula.")
@_text_or_json
def cost(run_names: tuple[str, ...], settings: Settings, paper: bool, form: str) -> None:
    """Compare the cost of RUNs of one system: oracle and search runs.

    In training runs, steps and seconds: the oracle's whole grid, the adaptive oracle, a search of
    S-Cyc's parameters, one run of S-Cyc; and each one's cost relative to the oracle's. RUN may
    also be a file: an exported run (.zip), or a table that `oracle table --format json` wrote.
    """
    from oracle.analysis import budgets, costs

    if paper == bool(run_names):
        raise click.UsageError("name a RUN or more, or give --paper")
    if paper:
        measured = budgets.PAPER
        shown, content = budgets.budget_text(measured), budgets.budget_json(measured)
    else:
        from oracle.inventory import sources

        compared = costs.side_by_side(sources.measured(run_names, settings))
        shown, content = costs.text(compared), costs.as_json(compared)
    click.echo(json.dumps(content, indent=2) + "\n" if form == "json" else shown, nl=False)


@click.command(short_help="Check whether a RUN was undertrained.")
@click.argument("run_name", metavar="RUN")
@storage_options
@click.option(
    "--device", type=click.Choice(DEVICE_NAMES), default="auto", show_default=True,
    help="Device to train on.",
)  # fmt: skip
@_text_or_json
def budget(run_name: str, settings: Settings, device: str, form: str) -> None:
    """Check whether a RUN was undertrained: train its unpruned network 1.5 times as long.

    It trains all replicates at the well-tuned max_lr and at the lowest max_lr of the region, in
    this process; nothing is stored. A gain above the region's tolerance means that the run was
    undertrained.
    """
    from oracle.runs import catalog, longer

    run = catalog.find_run(run_name, settings)
    table = cast("OracleTable", catalog.stored_table(run))  # else the study is refused
    comparison = longer.train_longer(run, table, device)
    if form == "json":
        click.echo(json.dumps(longer.as_json(comparison), indent=2))
    else:
        click.echo(longer.text(comparison), nl=False)


@click.command(short_help="Test whether max_lr rises with pruning in RUNs.")
@click.argument("run_names", metavar="RUN...", nargs=-1, required=True)
@click.option(
    "--against",
    metavar="RUN",
    help="Report instead how far the regions of RUNs are from those of this run.",
)
@storage_options
@_text_or_json
def trend(run_names: tuple[str, ...], against: str | None, settings: Settings, form: str) -> None:
    """Test whether max_lr rises with pruning in RUNs, and which curve describes it best.

    The well-tuned max_lr and both ends of the region: slopes over the cycles with 90 % intervals;
    a constant, a line, a power law and S-Cyc's curve by AIC. RUN may also be a file: an exported
    run (.zip), or a table that `oracle table --format json` wrote.
    """
    from oracle.analysis import rise, shift

    if against is not None:
        base = _oracle_table(against, settings)[0]
        shifts = [shift.compare(_oracle_table(name, settings)[0], base) for name in run_names]
        if form == "json":
            click.echo(json.dumps([shift.as_json(each) for each in shifts], indent=2))
        else:
            click.echo("\n".join(shift.text(each) for each in shifts), nl=False)
        return
    rises = [rise.of_table(*_oracle_table(name, settings)) for name in run_names]
    if form == "json":
        click.echo(json.dumps([rise.as_json(each) for each in rises], indent=2))
    else:
        click.echo("\n".join(rise.text(each) for each in rises), nl=False)


COMMANDS = (paper, fit, trend, cost, budget, replay)


def _oracle_table(name: str, settings: Settings) -> tuple[OracleTable, float | None]:
    """Read the table of a run, or of a file, and the share that a cycle prunes if known."""
    from oracle.analysis import rise
    from oracle.inventory import sources

    if name.endswith(".json"):
        return rise.read(Path(name)), None
    return sources.oracle_table(name, settings)


def _regions(
    run_name: str | None, settings: Settings, number: str | None
) -> tuple[str, float, list[Target]]:
    """Read the name, pruning rate and regions of a run or of a table of the paper."""
    from oracle.analysis import paper as printed
    from oracle.analysis.curve_fit import Target
    from oracle.analysis.region_fit import of_cycles

    if number is not None:
        judged = printed.check_paper_table(int(number))
        columns = [
            Target(cell.cycle, cell.feasible_low, cell.feasible_high, cell.well_tuned)
            for cell in judged.cells
        ]
        return f"Table {number}", judged.rate, columns
    from oracle.inventory import sources

    assert run_name is not None
    table, rate = sources.oracle_table(run_name, settings)
    return table["run_id"], rate, of_cycles(table["cycles"])
