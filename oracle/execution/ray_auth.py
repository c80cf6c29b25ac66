"""Who gets into a Ray: the token that a driver shows, and that of a Ray of its own.

Whoever reaches Ray's ports with its token runs code as the user who started it. So a Ray that a
driver starts for itself listens on loopback alone, and requires a token that only its processes
can read; one that was started by hand has whatever token its user gave it.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

LOOPBACK = "127.0.0.1"


def shows_token(environment: Mapping[str, str], home: Path) -> bool:
    """Return whether a driver shows a cluster its token without RAY_AUTH_MODE being set.

    Ray itself does not where an address is given, though its head asks for a token as soon as it
    finds one. A token that was named is shown, and that of this user to a head on this machine.

    Args:
        environment: Of the process.
        home: The user's.

    Returns:
        True where the token has to be switched on for Ray.
    """
    if "RAY_AUTH_MODE" in environment:
        return False
    if environment.get("RAY_AUTH_TOKEN") or environment.get("RAY_AUTH_TOKEN_PATH"):
        return True
    host = environment.get("RAY_ADDRESS", "").rpartition(":")[0]
    here = host == "localhost" or host.startswith("127.")
    return here and _users_token(home).is_file()


def _users_token(home: Path) -> Path:
    """Where Ray keeps a user's token."""
    return home / ".ray" / "auth_token"


def exposed(token: Path) -> bool:
    """Return whether others on this machine may read a token; not where there is none.

    Args:
        token: File of the token.

    Returns:
        True where group or others have any permission on the file.
    """
    try:
        return bool(stat.S_IMODE(token.stat().st_mode) & 0o077)
    except OSError:
        return False


@contextlib.contextmanager
def environment(workers: int, scratch: Path | None, say: Callable[[str], None]) -> Iterator[None]:
    """Set the variables under which Ray is used; those that the user has set stay.

    Args:
        workers: Processes that train.
        scratch: Folder of a Ray of the driver's own, None for a cluster's.
        say: Takes what the user should know.

    Yields:
        Nothing; the variables are restored afterwards.
    """
    usual = {
        "RAY_AIR_NEW_OUTPUT": "0",
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
        "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
        "TUNE_DISABLE_SIGINT_HANDLER": "1",
        "TUNE_GLOBAL_CHECKPOINT_S": "3600",
        "TUNE_MAX_PENDING_TRIALS_PG": str(workers + 1),
    }
    variables: dict[str, str | None] = {
        name: os.environ.get(name, value) for name, value in usual.items()
    }
    if scratch is not None:
        variables |= _own(scratch)
    elif shows_token(os.environ, Path.home()):
        variables["RAY_AUTH_MODE"] = "token"
        token = _users_token(Path.home())
        if not os.environ.get("RAY_AUTH_TOKEN_PATH") and exposed(token):
            say(f"{token} can be read by others on this machine: chmod 600 {token}")
    before = _set(variables)
    try:
        yield
    finally:
        _set(before)


def _set(variables: Mapping[str, str | None]) -> dict[str, str | None]:
    """Set variables, or remove them; returns what they were."""
    before = {name: os.environ.get(name) for name in variables}
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    return before


def _own(folder: Path) -> dict[str, str | None]:
    """Make the environment of a driver's own Ray, with a new token in a folder; None: not set.

    Ray turns its token mode on by itself where no mode is set and no address is given, also in a
    process that has used Ray without. It takes a loopback address for the machine's outer one, and
    then listens on every address, unless it is kept on this machine by the variable that
    other systems have it for.
    """
    token = folder / "token"
    opened = os.open(token, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(opened, "w") as file:
        file.write(secrets.token_hex(32))
    return {
        "RAY_AUTH_MODE": None,
        "RAY_AUTH_TOKEN": None,
        "RAY_AUTH_TOKEN_PATH": str(token),
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    }
