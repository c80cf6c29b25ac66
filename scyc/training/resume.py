"""Finished members of a pack that goes on training, as an engine saves them."""

from __future__ import annotations

from scyc.pruning.pruned_network import Network
from scyc.storage.pack_state_file import State
from scyc.training.job import Job, Outcome


def outcome_state(outcome: Outcome) -> State:
    """Return a finished member as an engine saves it; its masks are those of its job.

    Args:
        outcome: Of a member that is trained.

    Returns:
        Tensors and plain values; its keys are stored in files.
    """
    return {
        "curve": outcome.curve,
        "accuracies": (outcome.val_accuracy, outcome.test_accuracy),
        "diverged": outcome.diverged,
        "network": dict(outcome.network.state),
        "kept": None if outcome.snapshot is None else dict(outcome.snapshot.state),
    }


def outcome_from_state(state: State, job: Job) -> Outcome:
    """Return the finished member of a state that :func:`outcome_state` made.

    Args:
        state: What :func:`outcome_state` made, in an earlier process.
        job: The member's job, whose masks the outcome has.

    Returns:
        The same outcome.
    """
    masks, snapshot = job.start.masks, state["kept"]
    val, test = state["accuracies"]
    return Outcome(
        state["curve"],
        val,
        test,
        state["diverged"],
        Network(state["network"], masks),
        None if snapshot is None else Network(snapshot, masks),
    )
