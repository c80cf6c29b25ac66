"""What ``oracle serve`` does: refuse what is wrong, open, listen, and stop in order."""

from __future__ import annotations

import contextlib
import re
import signal
import socket
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oracle.database import URL, RunDatabase, probe
from oracle.errors import SettingProblem
from oracle.host.disk import why_not_writable
from oracle.inventory import moving
from oracle.service.admission import SHIPPED
from oracle.service.limit_names import default
from oracle.service.limits import Limits
from oracle.service.scheduler import Scheduler
from oracle.service.service import Service
from oracle.service.settings import ServerSettings
from oracle.settings import Settings, default_workers
from oracle.storage import session, shared_store
from scyc.errors import BadInput, Problem
from scyc.specs import factory

if TYPE_CHECKING:
    from oracle.rest.settings import WebSettings

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_TOKENLESS = (
    "callers need tokens here, and there is none yet; make one: "
    "oracle token create NAME --scope admin"
)


@dataclass(frozen=True)
class ServeOptions:
    """How a server listens, whom it admits, and how its jobs train."""

    data: Mapping[str, str] = field(default_factory=dict)  # folders of images by name
    allow: Mapping[str, str] = field(default_factory=dict)  # module:callable by name
    host: str = "127.0.0.1"
    port: int = 8000  # 0: any that is free
    ray_address: str | None = None
    workers: int | None = None  # of each job
    device: str = "auto"
    backend: str = "ray"
    running: int = 1  # jobs at a time
    require_tokens: bool = False  # on a loopback host, too
    allowed_hosts: Sequence[str] = ()
    rate: float = 50.0  # requests a second that one caller may send
    dashboard_writes: bool = False
    behind_tls: bool = False
    limits: Mapping[str, int] = field(default_factory=dict)  # by the names of `limit_names.LIMITS`

    def limit(self, name: str) -> int:
        """Return a bound, as it was set or by default.

        Args:
            name: Of the limit, a key of `LIMITS`.

        Returns:
            In the unit of the limit.
        """
        return self.limits.get(name, default(name))


def serve(settings: Settings, options: ServeOptions) -> None:
    """Serve until this process gets SIGTERM or SIGINT.

    Drivers are ended before this returns, and their jobs are queued again.

    Args:
        settings: Where the runs and the database lie.
        options: How the server listens, whom it admits, and how its jobs train.

    Raises:
        BadInput: Everything that is wrong, before anything is started.
    """
    from oracle.rest.settings import loopback  # noqa: PLC0415
    from oracle.web.app import create_app  # noqa: PLC0415  # the web is needed here alone
    from oracle.web.listener import listen  # noqa: PLC0415

    host = options.host
    guarded = options.require_tokens or not loopback(host)
    url = session.home_url(settings)
    problems = probe(url)
    if guarded and not problems and not _has_tokens(url):
        name = "require_tokens" if loopback(host) else "host"
        problems.append(SettingProblem(name, _TOKENLESS, host))
    problems += _problems(settings, options.data, options.allow)
    problems += shared_store.problems(settings.store, options.backend)
    with _bound(host, options.port, problems) as bound:
        web = _web_settings(options, bound.getsockname()[1], guarded)
        session.make_place(url)
        moving.move(settings, _say, servers=False)
        with _running(_server_settings(settings, options, url)) as (service, scheduler):
            app = create_app(service, web, lambda: scheduler.alive)
            import pandas  # noqa: F401, PLC0415  # the dashboard would, while a figure is drawn:
            # Plotly asks the modules that are loaded for theirs, and half of one fails

            shown = f"[{host.strip('[]')}]" if ":" in host else host
            sys.stderr.write(f"http://{shown}:{web.port}\n")
            listen(app, bound)


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def _server_settings(settings: Settings, options: ServeOptions, url: URL) -> ServerSettings:
    return ServerSettings(
        url=url,
        folder=settings.folder,
        data={name: Path(folder).absolute() for name, folder in options.data.items()},
        allow=options.allow,
        workers=options.workers or default_workers(options.device),
        device=options.device,
        backend=options.backend,
        running=options.running,
        ray_address=options.ray_address,
        store=settings.store,
        queue=options.limit("queued-jobs"),
        limits=Limits(
            values=options.limit("grid-values"),
            cycle_replicates=options.limit("cycle-replicates"),
            cells=options.limit("training-runs"),
            searched_values=options.limit("adaptive-grid-values"),
            external_runs=options.limit("external-runs"),
        ),
    )


def _web_settings(options: ServeOptions, port: int, guarded: bool) -> WebSettings:
    from oracle.rest.settings import WebSettings  # noqa: PLC0415  # as in `serve`

    return WebSettings(
        host=options.host,
        port=port,
        allowed_hosts=tuple(options.allowed_hosts),
        tokens_required=guarded,
        rate=options.rate,
        dashboard_writes=options.dashboard_writes,
        cookie_secure=options.behind_tls,
        burst=options.limit("requests-at-once"),
        body_limit=options.limit("body-bytes"),
        upload_limit=options.limit("upload-bytes"),
        heavy_answers=options.limit("heavy-answers"),
        connections=options.limit("connections"),
        connections_per_address=options.limit("connections-per-address"),
    )


@contextlib.contextmanager
def _running(settings: ServerSettings) -> Iterator[tuple[Service, Scheduler]]:
    """Open a service and the scheduler of its jobs."""
    service = Service(settings)
    try:
        scheduler = Scheduler(service.jobs, settings)
        # From here on a signal ends the server in order, whatever it is just doing.
        before = {each: signal.signal(each, _end) for each in (signal.SIGINT, signal.SIGTERM)}
        try:
            scheduler.start()
            yield service, scheduler
        except _Ended:
            pass
        finally:
            for each in before:
                signal.signal(each, signal.SIG_IGN)  # drivers end by the clock, not by impatience
            scheduler.stop()
            for each, handler in before.items():
                signal.signal(each, handler)
    finally:
        service.close()


class _Ended(BaseException):
    """The process got a signal to end while it is not yet, or no longer, listening."""


def _end(number: int, frame: Any) -> None:
    raise _Ended


@contextlib.contextmanager
def _bound(host: str, port: int, problems: list[Problem]) -> Iterator[socket.socket]:
    """Bind a socket to an address. Raises BadInput, also for other problems."""
    from oracle.web.listener import listening  # noqa: PLC0415

    try:
        bound = listening(host, port)
    except OSError as error:
        reason = error.strerror or str(error)
        rule = f"cannot be listened on ({reason}); name another --host or --port"
        problems.append(SettingProblem("address", rule, f"{host}:{port}"))
        raise BadInput("serve", problems) from error
    with bound:
        if problems:
            raise BadInput("serve", problems)
        yield bound


def _problems(
    settings: Settings, data: Mapping[str, str], allow: Mapping[str, str]
) -> list[Problem]:
    problems: list[Problem] = []
    if rule := why_not_writable(settings.folder):
        problems.append(SettingProblem("runs", rule, str(settings.folder)))
    for option, named in (("data", data), ("allow", allow)):
        rule = "1 to 64 letters, digits and . _ - are a name, the first a letter or digit"
        problems += [
            SettingProblem(option, rule, name) for name in named if not _NAME.fullmatch(name)
        ]
    for name, folder in data.items():
        if not Path(folder).is_dir():
            problems.append(
                SettingProblem(f"data.{name}", "no such folder; name one that is there", folder)
            )
    for name, code in allow.items():
        if any(name in shipped for shipped in SHIPPED.values()):
            rule = "is the name of a built-in network or data set; choose another"
            problems.append(SettingProblem("allow", rule, name))
        try:
            factory.load_factory(code)
        except Exception as error:  # one's own code may raise anything
            problems.append(SettingProblem(f"allow.{name}", f"{error}; give module:callable", code))
    return problems


def _has_tokens(url: URL) -> bool:
    if url.get_backend_name() == "sqlite" and not Path(str(url.database)).exists():
        return False
    with contextlib.closing(RunDatabase(url)) as database:
        return database.tokens().any()
