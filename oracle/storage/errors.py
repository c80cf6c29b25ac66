"""Errors of Optuna and of the database, as errors of this package."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import optuna

from oracle.database import DatabaseError, failed
from oracle.errors import OptunaStudyGone

_OPTUNA_NOT_FOUND = "Record does not exist."  # what Optuna says of a study that was deleted


@contextlib.contextmanager
def storage_errors(what: str) -> Iterator[None]:
    """Raise what goes wrong in the database as the package's errors.

    Args:
        what: What could not be done, for the message.

    Yields:
        Nothing.

    Raises:
        StorageError: The database fails.
        OptunaStudyGone: An Optuna study was deleted since it was last used.
    """
    try:
        yield
    except (optuna.exceptions.StorageInternalError, DatabaseError) as error:
        raise failed(error, what) from error
    except KeyError as error:
        if error.args != (_OPTUNA_NOT_FOUND,):
            raise
        raise OptunaStudyGone(f"{what}: its Optuna study was deleted") from error
