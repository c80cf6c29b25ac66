"""The printed table of a search, and its notes."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from oracle.reports.parts.majority import split_notes
from oracle.reports.sheet import (
    Cell,
    ReportTable,
    cost_rows,
    footnotes,
    format_lr,
    format_mean_std,
    shrunk_lines,
)
from oracle.stats.region import ahead
from oracle.tables.search import CandidateRow, SearchTable, metric

_WAYS = {
    "paper": "the paper's: epsilon, then delta, then q, then beta",
    "optuna": "Optuna sampler",
    "grid": "full grid",
}


def sheet(table: SearchTable) -> ReportTable:
    """Make the printed table: a row a candidate, the best first.

    Args:
        table: Of the run.

    Returns:
        The printed table; the best candidates are marked.
    """
    objectives = [
        metric(table["objective"]["name"], cycles) for cycles in table["objective"]["cycles"]
    ]
    return ReportTable(
        title=f"{table['study']}: search of S-Cyc's parameters",
        run_id=table["run_id"],
        headers=(
            "candidate",
            "search\nstep",
            "epsilon",
            "delta",
            "q",
            "beta",
            *(_broken(each) for each in objectives),
            "test, % after\nthe last cycle",
            "stopped",
        ),
        rows=[_row(each, table["networks"], len(objectives)) for each in table["candidates"]],
        verdict=verdict(table),
        notes=footnotes([*shrunk_lines(table), *split_notes(table), *_footnotes(table)]),
        costs=cost_rows(
            {
                "search": table["cost"]["search"],
                "without shared runs": table["cost"]["unshared"],
                "best candidate alone": table["cost"]["best"],
            }
        ),
        flat=[_flat(each, table) for each in table["candidates"]],
        flat_heads=_flat_heads(table),
        left=frozenset({1, 8 + len(objectives) - 1}),
    )


def verdict(table: SearchTable) -> str:
    """Name the best parameters, and what the search of them cost.

    Args:
        table: Of the run.

    Returns:
        A sentence.
    """
    best = _best(table)
    made, named = table["trainings"]["made"], table["trainings"]["named"]
    spent = f"{made:,} training runs instead of {named:,} without sharing"
    spent += f" ({100 * made / named:.0f} %)." if named else "."
    if not best:
        return f"No candidate is complete yet; {spent}"
    if table["objective"]["name"] == "pareto":
        many = f"{len(best)} candidates are" if len(best) > 1 else "1 candidate is"
        return f"{many} on the Pareto front; {spent}"
    (first,) = best
    name = metric(table["objective"]["name"], table["objective"]["cycles"][0])
    return (
        f"Best: epsilon {format_lr(first['epsilon'])}, delta {format_lr(first['delta'])}, "
        f"q {first['q']}, beta {format_lr(first['beta'])}, {name.removesuffix(', %')} "
        f"{format_mean_std((first['objectives'] or [[]])[0])} %; {spent}"
    )


def _best(table: SearchTable) -> list[CandidateRow]:
    return [each for each in table["candidates"] if each["best"]]


def _broken(head: str) -> str:
    """Break a long head into two lines."""
    middle = head.find(" ", len(head) // 2 - 2)
    return head[:middle] + "\n" + head[middle + 1 :]


def _footnotes(table: SearchTable) -> list[str]:
    counts, best = table["trainings"], _best(table)
    lines = [f"Search method: {_WAYS[table['search']]}. Accuracies are on validation images."]
    lines += [
        f"max_lr of candidate {each['candidate']}, cycle by cycle: "
        + ", ".join(format_lr(value) for value in each["max_lr"])
        for each in best
    ]
    lines.append(
        f"Training runs: {counts['named']:,} without sharing, {counts['asked']:,} requested, "
        f"{counts['made']:,} trained: candidates that agree up to a cycle share its networks."
    )
    if any(each["delta"] == 0 for each in best):
        lines.append("delta 0: no rise of max_lr was better than none; q and beta have no effect.")
    if table["resolution"] is not None:
        lines.append(f"max_lr is rounded to {table['resolution']} digits.")
    lines += _uncertain(table)
    halved = sum(each["stopped"] == "halving" for each in table["candidates"])
    if halved:
        lines.append(f"{halved} candidates were stopped early by successive halving.")
    above = [each for each in table["candidates"] if _above(each, best)]
    if above:
        lines.append(
            f"{len(above)} candidate(s) rejected in an earlier step have a higher objective than "
            "the best."
        )
    if any(each["stopped"] == "diverged" for each in table["candidates"]):
        lines.append("diverged: in at least one replicate; the candidate ends there.")
    if not table["complete"]:
        some = "the table has the candidates so far"
        begun = some if table["candidates"] else "no candidate is finished yet"
        lines.append(f"The run is not complete; {begun}.")
    return lines


def _uncertain(table: SearchTable) -> list[str]:
    if table["undecided"] is None:
        if table["replicates"] == 1:
            return ["Noise: unknown with one replicate; the ranking is uncertain."]
        return []
    count = len(table["undecided"])
    others = sum(each["objectives"] is not None for each in table["candidates"]) - 1
    return [
        f"Noise: {count} of the other {others} complete candidates are within two SE of the best "
        f"(paired difference, {table['replicates']} replicates). The best's accuracy is biased "
        "upwards by the choice."
    ]


def _above(candidate: CandidateRow, best: Sequence[CandidateRow]) -> bool:
    """Whether it has a higher single objective than the one that is best."""
    if len(best) != 1 or candidate["objectives"] is None or len(candidate["objectives"]) > 1:
        return False
    theirs = best[0]["objectives"]
    assert theirs is not None  # the best is through
    return ahead(statistics.fmean(candidate["objectives"][0]), statistics.fmean(theirs[0]))


def _row(candidate: CandidateRow, networks: int, objectives: int) -> list[str]:
    done = candidate["objectives"]
    last = candidate["cycles"][-1] if len(candidate["cycles"]) == networks else None
    why = {None: "", "halving": "halving", "epsilon": "epsilon", "diverged": "diverged"}
    stopped = why[candidate["stopped"]]
    if stopped:
        stopped += f", cycle {candidate['last_cycle']}"
    elif last is None:
        stopped = "running"
    return [
        Cell(f"{candidate['candidate']}*", "best")
        if candidate["best"]
        else str(candidate["candidate"]),
        ", ".join(candidate["steps"]),
        format_lr(candidate["epsilon"]),
        format_lr(candidate["delta"]),
        str(candidate["q"]),
        format_lr(candidate["beta"]),
        *([format_mean_std(each) for each in done] if done else ["-"] * objectives),
        format_mean_std(last["test_accuracy"]) if done and last else "-",
        stopped,
    ]


def _flat_heads(table: SearchTable) -> tuple[str, ...]:
    count = len(table["objective"]["cycles"])
    numbered = [f"objective_{index}" for index in range(count)] if count > 1 else ["objective"]
    return (
        "rank",
        "candidate",
        "best",
        "steps",
        "epsilon",
        "delta",
        "q",
        "beta",
        *(f"{name}_{what}" for name in numbered for what in ("mean", "std")),
        "stopped",
        "last_cycle",
        "last_val_accuracy_mean",
        "last_test_accuracy_mean",
        *(f"max_lr_{cycle}" for cycle in range(table["networks"])),
    )


def _flat(candidate: CandidateRow, table: SearchTable) -> dict[str, object]:
    last = candidate["cycles"][-1] if candidate["cycles"] else None
    objectives = candidate["objectives"] or [[] for _ in table["objective"]["cycles"]]
    values: list[object] = []
    for each in objectives:
        values.append(statistics.fmean(each) if each else None)
        values.append(statistics.stdev(each) if each and len(each) > 1 else None)
    row = [
        table["candidates"].index(candidate) + 1,
        candidate["candidate"],
        candidate["best"],
        " ".join(candidate["steps"]),
        candidate["epsilon"],
        candidate["delta"],
        candidate["q"],
        candidate["beta"],
        *values,
        candidate["stopped"],
        candidate["last_cycle"],
        statistics.fmean(last["val_accuracy"]) if last else None,
        statistics.fmean(last["test_accuracy"]) if last else None,
        *candidate["max_lr"],
    ]
    return dict(zip(_flat_heads(table), row, strict=True))
