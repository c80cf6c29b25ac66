"""The printed table of a beam search."""

from __future__ import annotations

from oracle.reports.sheet import ReportTable, cost_rows, flat_spread, format_lr, format_mean_std
from oracle.stats.paired_difference import (
    Difference,
    certainty,
    flat,
    side,
    signed,
    size,
)
from oracle.tables.oracle import OracleTable
from oracle.tables.parts.beam import BeamCycleRow, BeamPart

_HEADS = (
    "cycle",
    "weights\nremaining, %",
    "greedy\nmax_lr",
    "beam\nmax_lr",
    "parent\nrank",
    "greedy\nnetwork rank",
    "validation, %\nbeam",
    "test, %\nbeam",
    "validation,\nbeam - greedy",
    "test,\nbeam - greedy",
)


def sheet(table: OracleTable, beam: BeamPart) -> ReportTable:
    """Return a run's second table: beam search compared with the greedy oracle.

    Args:
        table: Of an oracle run.
        beam: Its part about the beam.

    Returns:
        The printed table.
    """
    return ReportTable(
        title=f"{table['study']}: beam search (width {beam['width']}) and greedy search",
        run_id=table["run_id"],
        headers=_HEADS,
        rows=[_row(cycle, beam["width"]) for cycle in beam["cycles"]],
        verdict=verdict(beam, table["complete"]),
        notes=_notes(beam),
        costs=cost_rows(
            {
                "greedy": beam["cost"]["greedy"],
                "beam": beam["cost"]["beam"],
                "shared by both": beam["cost"]["shared"],
            }
        ),
        flat=[_flat(cycle) for cycle in beam["cycles"]],
        flat_heads=_FLAT_HEADS,
    )


def verdict(beam: BeamPart, complete: bool) -> str:
    """Return whether greedy search loses accuracy at the last cycle that both have finished.

    Args:
        beam: The part of the table.
        complete: Whether the run is complete.

    Returns:
        A sentence, with the paired difference and its certainty.
    """
    judged = [cycle for cycle in beam["cycles"] if cycle["test"] is not None]
    if not judged:
        return "No cycle is finished by both searches yet."
    last, name = judged[-1], f"beam search (width {beam['width']})"
    end = complete and last is beam["cycles"][-1]
    when = f"At cycle {last['cycle']}, {'the last' if end else 'the last so far'}, "
    if last["same"]:
        return f"{when}{name} found the same network as greedy search, which loses nothing here."
    test = Difference.from_json(last["test"])
    validation = Difference.from_json(last["validation"])
    assert test is not None
    if test.none:
        return (
            f"{when}{name} has the same test accuracy as greedy search, which loses nothing here."
        )
    line = f"{when}{name} is {size(test)} of test accuracy {side(test)} greedy search: "
    line += certainty(test)
    if test.told_apart:
        loses = "accuracy" if test.points > 0 else "nothing"
        line += f"; greedy search loses {loses} here"
    return f"{line} (validation: {signed(validation)})."


def _row(cycle: BeamCycleRow, width: int) -> list[str]:
    count = len(cycle["kept"])
    rank = f"{cycle['greedy_rank']} of {count}" if cycle["greedy_rank"] else "dropped"
    return [
        str(cycle["cycle"]),
        f"{cycle['weights_remaining']:.2f}",
        format_lr(cycle["greedy_max_lr"]),
        format_lr(cycle["max_lr"][-1] if cycle["max_lr"] else None),
        "-" if cycle["cycle"] == 0 or not cycle["parent"] else f"{cycle['parent']} of {width}",
        "-" if cycle["greedy_max_lr"] is None else rank,
        format_mean_std(cycle["val_accuracy"]),
        format_mean_std(cycle["test_accuracy"]),
        signed(Difference.from_json(cycle["validation"])),
        signed(Difference.from_json(cycle["test"])),
    ]


def _notes(beam: BeamPart) -> list[str]:
    costs = beam["cost"]
    lines = [
        f"Beam search keeps the {beam['width']} networks with the best mean validation accuracy "
        "of each cycle; a row is the best of its cycle.",
        "Parent rank: rank, among those kept, of the network that it was pruned from.",
        "Differences: paired, mean over replicates ± SE; the beam's validation accuracy is biased "
        "upwards, by choosing among more networks.",
        f"The beam used {costs['beam']['trainings']:,} training runs, "
        f"{costs['shared']['trainings']:,} of them shared with greedy search.",
    ]
    for cycle in reversed(beam["cycles"]):
        if cycle["max_lr"]:
            rates = ", ".join(format_lr(each) for each in cycle["max_lr"])
            lines.append(f"max_lr of the beam's best network at cycle {cycle['cycle']}: {rates}.")
            break
    return lines


_FLAT_HEADS = (
    "run",
    "cycle",
    "weights_remaining",
    "max_lr",
    "greedy_rank",
    *(f"{name}_accuracy_{what}" for name in ("val", "test") for what in ("mean", "std")),
    *flat("val", None),
    *flat("test", None),
)


def _flat(cycle: BeamCycleRow) -> dict[str, object]:
    return {
        "run": "beam",
        "cycle": cycle["cycle"],
        "weights_remaining": cycle["weights_remaining"],
        "max_lr": cycle["max_lr"][-1] if cycle["max_lr"] else None,
        "greedy_rank": cycle["greedy_rank"],
        **flat_spread("val_accuracy", cycle["val_accuracy"]),
        **flat_spread("test_accuracy", cycle["test_accuracy"]),
        **flat("val", cycle["validation"]),
        **flat("test", cycle["test"]),
    }
