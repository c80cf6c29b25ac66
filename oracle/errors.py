"""What can go wrong with a run that was well declared. Nothing finished is lost in any case."""

from __future__ import annotations


class RunError(Exception):
    """A run that stopped before its end; its message says why and what to do."""


class LeaseHeld(RunError):
    """Another driver works on the same graph."""


class LeaseLost(RunError):
    """Another driver has taken this driver's lease, so nothing more may be written."""


class StorageError(RunError):
    """The database failed while a run was under way."""


class OptunaStudyGone(StorageError):
    """An Optuna study was deleted, as anybody may do in the dashboard, while it was in use."""


class StorageUnavailable(StorageError):
    """The database does not answer, and may come back."""


class DiskError(RunError):
    """A file could not be written or read: the disk is full, say, or is only read."""


class CheckpointGoneError(RunError):
    """A finished cell's checkpoint is gone, and training it again gave another network."""


class PackFailed(RunError):
    """A pack could not be trained: its worker raised, or died again and again."""


class AllDiverged(RunError):
    """Every max_lr of a cycle diverged, so there is no network to prune next."""


class UnknownJob(RunError):
    """There is no such job, or no such run."""


class WrongState(RunError):
    """A job is in a state that refuses what was asked of it, such as cancelling a done one."""


class KeyReused(RunError):
    """An Idempotency-Key came again with another study."""


class QueueFull(RunError):
    """As many jobs wait as the server takes."""


class Forbidden(RunError):
    """The caller may not do this."""


class ConflictingObservation(RunError):
    """A training was observed twice, with different accuracies."""
