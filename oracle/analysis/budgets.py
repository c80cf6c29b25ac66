"""What a budget of training runs comes to by formula, without any run."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from scyc.json_types import JsonObject


@dataclass(frozen=True)
class Budget:
    """The numbers of a study that give its cost without a run."""

    max_lr: int  # values of the grid
    networks: int  # cycles and the unpruned network
    replicates: int
    candidates: int  # of S-Cyc's parameters

    @property
    def runs(self) -> int:
        """Training runs of one iterative pruning run: S-Cyc's with known parameters."""
        return self.networks * self.replicates

    @property
    def oracle(self) -> int:
        """Training runs of the greedy oracle: one for each max_lr, network and replicate."""
        return self.max_lr * self.runs

    @property
    def search(self) -> int:
        """Training runs of S-Cyc's search, if no two candidates share any."""
        return self.candidates * self.runs


# 25 cycles, 5 runs (Section 5.1), up to about 20 candidates (5.2); the grid of 60 is our reading of
# what Table 7 prints: multiples of 0.2e-2 up to 12e-2
PAPER = Budget(max_lr=60, networks=26, replicates=5, candidates=20)


def budget_text(budget: Budget) -> str:
    """Format a budget for a terminal.

    Args:
        budget: By formula.

    Returns:
        Text of several lines.
    """
    return (
        f"oracle: {budget.max_lr} learning rates x {budget.networks} networks x "
        f"{budget.replicates} replicates = {budget.oracle:,} training runs\n"
        f"S-Cyc's search: {budget.candidates} candidates x {budget.networks} networks x "
        f"{budget.replicates} replicates = {budget.search:,} training runs, "
        f"{relative(budget.oracle / budget.search)} the oracle's\n"
        f"S-Cyc with known parameters: {budget.runs:,} training runs, "
        f"{relative(budget.oracle / budget.runs)} the oracle's\n\n"
        "The paper says exponentially less time (Section 5.3). The first ratio is candidates over "
        "learning rates,\nthe second 1 over learning rates; neither depends on the number of "
        "networks, so neither saving is exponential.\n"
    )


def budget_json(budget: Budget) -> JsonObject:
    """Convert a budget to JSON values.

    Args:
        budget: By formula.

    Returns:
        The budget's fields, the training runs of each method, and how many times as much the oracle
        costs.
    """
    return {
        **asdict(budget),
        "trainings": {"oracle": budget.oracle, "search": budget.search, "one_run": budget.runs},
        "less_than_the_oracle": {
            "search": budget.oracle / budget.search,
            "one_run": budget.oracle / budget.runs,
        },
    }


def relative(times: float | None) -> str:
    """Format a cost as a multiple of another, which costs so many times as much.

    Args:
        times: How many times as much; None where that is not known.

    Returns:
        Such as "0.25x", two digits from 0.1 on and two significant ones below; "-" where it is not
        known.
    """
    if not times:
        return "-"
    cost = 1 / times
    return f"{cost:.2f}x" if cost >= 0.1 else f"{cost:.2g}x"
