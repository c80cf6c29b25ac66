"""Driver processes as their server sees them: started, interrupted, ended."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from oracle.database import parse_url
from oracle.records.jobs import Holder, Job
from oracle.service.settings import ServerSettings
from scyc.json_types import JsonMapping

BUSY = 75  # exit code where another driver has the same training runs
GRACE = 30.0  # seconds that an interrupted driver gets to end
_AGAIN = 2.0  # seconds between two interrupts: one that hits while Python starts may be lost
# A user's own code runs in a driver.
_SECRETS = frozenset({"ORACLE_STORAGE", "ORACLE_STORAGE_FILE", "ORACLE_TOKEN"})


class Driver:
    """A process that runs one job. Times are seconds of one monotonic clock."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.interrupted: float | None = None  # since when
        self._process, self._last = process, 0.0

    def end(self, now: float) -> None:
        """Interrupt the driver, and kill it where it has not ended after a while.

        To be called until it has ended.

        Args:
            now: Seconds of a monotonic clock.
        """
        if self.interrupted is None:
            self.interrupted = now
        elif now - self.interrupted > GRACE:
            self._kill_group()
            return
        elif now - self._last < _AGAIN:
            return
        self._last = now
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGINT)

    def code(self) -> int | None:
        """Return its exit code, or minus the signal that ended it; None while it runs.

        With it ends whatever it has left behind, such as workers of a driver that was killed.
        """
        process = self._process
        if process.returncode is None:
            options = os.WEXITED | os.WNOHANG | os.WNOWAIT
            if os.waitid(os.P_PID, process.pid, options) is None:
                return None
            self._kill_group()  # the dead leader, not yet waited for, still keeps its number
        return process.wait()

    def _kill_group(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)


def started(
    job: Job,
    settings: ServerSettings,
    holder: Holder,
    command: Sequence[str] = (sys.executable, "-m", "oracle.service.driver"),
) -> subprocess.Popen[bytes]:
    """Start a process that runs a job; settings, passwords included, go to its input.

    Args:
        job: To run.
        settings: The server's.
        holder: Holds the claim to the job.
        command: What is started; the driver if left out.

    Returns:
        The process; its output goes to :func:`log_path`.

    Raises:
        OSError: It could not be started.
    """
    log_file = log_path(settings, job.id)
    log_file.parent.mkdir(parents=True, exist_ok=True)
    environment = {name: value for name, value in os.environ.items() if name not in _SECRETS}
    if settings.ray_address is not None:
        environment["RAY_ADDRESS"] = settings.ray_address
    with log_file.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603  # our own module
            [*command, job.id],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment | {"PYTHONUNBUFFERED": "1"},
            start_new_session=True,  # a terminal's Ctrl-C is for the server
        )
    assert process.stdin is not None  # it is a pipe
    with contextlib.suppress(BrokenPipeError), process.stdin as pipe:
        pipe.write(json.dumps(_orders(settings, holder)).encode())
    return process


def log_path(settings: ServerSettings, job_id: str) -> Path:
    """Return where a job's drivers write what they have to say to whoever runs the server.

    Args:
        settings: Of the server.
        job_id: Id of the job.

    Returns:
        A file below the home, which may not exist yet.
    """
    return settings.of_job(None).program_folder / "logs" / f"{job_id}.log"


def _orders(settings: ServerSettings, holder: Holder) -> JsonMapping:
    return {
        "url": settings.url.render_as_string(hide_password=False),
        "folder": str(settings.folder),
        "data": {name: str(path) for name, path in settings.data.items()},
        "allow": dict(settings.allow),
        "workers": settings.workers,
        "device": settings.device,
        "backend": settings.backend,
        "save_every": settings.save_every,
        "store": settings.store,
        "holder": [holder.name, holder.process],
        "server": os.getpid(),
    }


def understood(text: str) -> tuple[ServerSettings, Holder, int]:
    """Read a driver's settings from its input.

    Args:
        text: JSON, as the server wrote it.

    Returns:
        How to run, for whom, and the server's pid.
    """
    orders = json.loads(text)
    holder, server = Holder(*orders.pop("holder")), orders.pop("server")
    url, folder = parse_url(orders.pop("url")), Path(orders.pop("folder"))
    data = {name: Path(path) for name, path in orders.pop("data").items()}
    return ServerSettings(url=url, folder=folder, data=data, **orders), holder, server
