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
    "greed's\nmax_lr",
    "beam's\nmax_lr",
    "its parent\nwas",
    "greed's own\nnetwork is",
    "validation, %\nbeam",
    "test, %\nbeam",
    "validation,\nbeam - greed",
    "test,\nbeam - greed",
)


def sheet(table: OracleTable, beam: BeamPart) -> ReportTable:
    """Return a run's second table: the beam against greed."""
    return ReportTable(
        title=f"{table['study']}: a beam of {beam['width']} against greed",
        run_id=table["run_id"],
        headers=_HEADS,
        rows=[_row(cycle, beam["width"]) for cycle in beam["cycles"]],
        verdict=verdict(beam, table["complete"]),
        notes=_notes(beam),
        costs=cost_rows(
            {
                "greed": beam["cost"]["greedy"],
                "beam": beam["cost"]["beam"],
                "shared by both": beam["cost"]["shared"],
            }
        ),
        flat=[_flat(cycle) for cycle in beam["cycles"]],
        flat_heads=_FLAT_HEADS,
    )


def verdict(beam: BeamPart, complete: bool) -> str:
    """Whether greed costs accuracy at the last cycle that both have finished."""
    judged = [cycle for cycle in beam["cycles"] if cycle["test"] is not None]
    if not judged:
        return "No cycle is finished by both the beam and greed yet."
    last, name = judged[-1], f"the beam of {beam['width']}"
    end = complete and last is beam["cycles"][-1]
    when = f"At cycle {last['cycle']}, {'the last' if end else 'the last so far'}, "
    if last["same"]:
        return f"{when}{name} has greed's own network first: greed costs nothing here."
    test = Difference.from_json(last["test"])
    validation = Difference.from_json(last["validation"])
    assert test is not None
    if test.none:
        return f"{when}{name} has the same test accuracy as greed: greed costs nothing here."
    line = f"{when}{name} is {size(test)} of test accuracy {side(test)} greed: {certainty(test)}"
    if test.told_apart:
        line += "; greed costs accuracy here" if test.points > 0 else "; greed costs nothing here"
    return f"{line} (validation, which chose both: {signed(validation)})."


def _row(cycle: BeamCycleRow, width: int) -> list[str]:
    kept = len(cycle["kept"])
    rank = f"{cycle['greedy_rank']} of {kept}" if cycle["greedy_rank"] else "dropped"
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
        f"Beam: at each cycle the {beam['width']} networks with the best mean validation accuracy "
        "are kept and searched below, not one; each row is the best of its cycle. Parent: the rank "
        "of the network that it was pruned from, among those that were kept.",
        "Differences: mean over replicates, paired, ± standard error. The beam chooses among more "
        "networks, so its validation accuracy flatters it more; test accuracy chose neither.",
        f"The beam used {costs['beam']['trainings']:,} trainings, of which "
        f"{costs['shared']['trainings']:,} are greed's own and were made once.",
    ]
    for cycle in reversed(beam["cycles"]):
        if cycle["max_lr"]:
            rates = ", ".join(format_lr(each) for each in cycle["max_lr"])
            lines.append(f"The beam's best at cycle {cycle['cycle']} came by max_lr {rates}.")
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
