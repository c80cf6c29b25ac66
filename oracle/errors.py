"""The exceptions of this package, in one tree, and problems with settings.

    OracleError
        RunError        a run stopped; what is finished is kept
        StorageError    the database failed
        ServiceError    a server refuses a request

Bad input is :class:`scyc.errors.BadInput`, a ValueError, with all problems at once.
"""

from __future__ import annotations

from dataclasses import dataclass

from scyc.errors import Problem


class OracleError(Exception):
    """The base class of what this package raises; the message says why and what to do.

    Example:
        >>> import oracle
        >>> try:
        ...     raise oracle.RunError("the study was stopped")
        ... except oracle.OracleError as error:  # also of a database, or of a server
        ...     print(error)
        the study was stopped
    """


class RunError(OracleError):
    """A run stopped before its end. What is finished is kept.

    Example:
        >>> import oracle
        >>> def train(task):
        ...     raise ValueError("no data")
        >>> study = oracle.OracleStudy(
        ...     name="broken", trainer=train, version="1", cycles=1,
        ...     grid={"max_lr": [0.1, 0.2], "extend": False},
        ...     s_cyc={"epsilon": 0.1, "delta": 0.1, "q": 0, "beta": 3.0},
        ... )
        >>> try:
        ...     oracle.run(study, backend="inline", progress=False)
        ... except oracle.RunError as error:
        ...     print(str(error).splitlines()[-1])
        ValueError: no data
    """


class LeaseHeld(RunError):
    """Another driver works on the same graph."""


class LeaseLost(RunError):
    """Another driver has taken this driver's lease, so nothing more may be written."""


class DiskError(RunError):
    """A file could not be written or read: the disk is full, say, or read-only."""


class CheckpointGoneError(RunError):
    """A finished cell's checkpoint is gone, and training it again gave another network."""


class PackFailed(RunError):
    """A pack could not be trained: its worker raised, or died again and again."""


class RayUnavailable(PackFailed):
    """Ray did not start, or its cluster was not reached; a later attempt may succeed.

    Attributes:
        cluster: Whether it is a cluster, which others start and stop.
    """

    def __init__(self, message: str, cluster: bool) -> None:
        super().__init__(message)
        self.cluster = cluster


class AllDiverged(RunError):
    """Every max_lr of a cycle diverged, so there is no network to prune next."""


class JobFailed(RunError):
    """A job on a server ended without being done."""


class JobWithdrawn(RunError):
    """A job was taken from this driver: cancelled, or given to another server."""


class StorageError(OracleError):
    """The database failed. What was stored before is kept."""


class OptunaStudyGone(StorageError):
    """An Optuna study was deleted, as anybody may do in the dashboard, while it was in use."""


class StorageUnavailable(StorageError):
    """The database does not answer, and may come back."""


class ServiceError(OracleError):
    """A request that a server refuses."""


class UnknownJob(ServiceError):
    """There is no such job, or no such run."""


class WrongState(ServiceError):
    """A job is in a state that does not allow the request, such as cancelling a done one."""


class KeyReused(ServiceError):
    """An Idempotency-Key came again with another study."""


class ServerBusy(ServiceError):
    """So much is computed for others that a request's turn did not come."""


class QueueFull(ServiceError):
    """As many jobs wait as the server takes."""


class Forbidden(ServiceError):
    """The caller may not do this."""


class ConflictingObservation(ServiceError):
    """A training run was observed twice, with different accuracies."""


class ServerError(ServiceError):
    """A server refused a request, or did not answer.

    Attributes:
        status: The HTTP status; None where no answer came.
    """

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class SettingProblem(Problem):
    """A problem with how something is to be run, not with the study.

    `path` is the name of a field, such as ``runs`` or ``device``; the command line shows it as an
    option, the HTTP API as a field of its request.
    """


@dataclass(frozen=True)
class StorageProblem(SettingProblem):
    """A problem with the database that was named."""


@dataclass(frozen=True)
class ScaleProblem(SettingProblem):
    """A problem with a field of :class:`oracle.settings.ScaleDown`."""
