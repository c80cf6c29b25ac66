"""Options that several commands share; a command gets them as one Settings."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from oracle.cli.printing import note
from oracle.settings import BACKEND_NAMES, DEVICE_NAMES, ScaleDown, Settings, default_workers
from scyc.errors import BadInput, Problem

FILE = click.Path(path_type=Path)
Command = Callable[..., None]
_PASSWORD = re.compile(r"://[^:/@]*:.+@|[?&](ssl)?password=", re.IGNORECASE)


class Finite(click.FloatRange):
    """A number between bounds. Click takes NaN to lie between any, and inf above any."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Convert to a number; fails as Click's own types do.

        Args:
            value: As it was typed.
            param: The option, for the message.
            ctx: The command, for the message.

        Returns:
            A finite number.
        """
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is not a finite number; give one", param, ctx)
        return number


def storage_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say where runs are; the command gets them as `settings`.

    Args:
        command: To decorate.

    Returns:
        The command with the options.
    """

    @click.option(
        "--runs", "folder", type=FILE, default=Path("runs"), envvar="ORACLE_RUNS",
        show_default=True, help="Folder of all runs, shared by commands and servers.",
    )  # fmt: skip
    @click.option(
        "--storage", envvar="ORACLE_STORAGE", default=None,
        help="Database URL, SQLite or PostgreSQL.  [default: _oracle/oracle.db in --runs]",
    )  # fmt: skip
    @click.option(
        "--storage-file", type=FILE, envvar="ORACLE_STORAGE_FILE", default=None,
        help="File that holds the database URL, for a URL with a password.",
    )  # fmt: skip
    @click.option(
        "--store", envvar="ORACLE_STORE", default=None, metavar="URL",
        help="Shared location of networks and images, such as s3://bucket/oracle."
        "  [default: in the study's folder]",
    )  # fmt: skip
    @functools.wraps(command)
    def with_settings(
        folder: Path,
        storage: str | None,
        storage_file: Path | None,
        store: str | None,
        **arguments: Any,
    ) -> None:
        _warn_of_password(storage)
        if storage_file is not None:
            storage = _stored_url(storage_file, storage)
        settings = Settings(folder=folder, storage=storage, store=store, chosen=note)
        command(settings=settings, **arguments)

    return with_settings


def _warn_of_password(storage: str | None) -> None:
    """Say so where a password stands among the arguments: a process's are shown to everyone."""
    source = click.get_current_context().get_parameter_source("storage")
    if source is ParameterSource.COMMANDLINE and _PASSWORD.search(storage or ""):
        click.echo(
            "warning: other users of this machine can read the password among the arguments while "
            "this runs; use ORACLE_STORAGE or --storage-file",
            err=True,
        )


def _stored_url(file: Path, storage: str | None) -> str:
    """Read the database URL that a file holds. Raises BadInput, which does not show the content.

    storage: what else names a database.
    """
    if storage is not None:
        rule = "and --storage both name the database (or their ORACLE_ variables do); leave out one"
    else:
        try:
            content = file.read_text(encoding="utf-8").strip()
            if "://" in content and content.isprintable():
                return content
            rule = "holds no database URL; one line such as postgresql://user:password@host/name"
        except OSError as error:
            rule = f"cannot be read: {error.strerror}"
        except UnicodeDecodeError:
            rule = "is not text"
    raise BadInput("storage", [Problem("--storage-file", rule, str(file))])


def worker_options(workers: str, inline: str) -> Callable[[Command], Command]:
    """Make the options that say which workers train.

    Args:
        workers: What --workers counts.
        inline: Where the backend `inline` trains.

    Returns:
        A decorator; the command gets `workers`, `backend` and `device`.
    """

    def with_options(command: Command) -> Command:
        command = click.option(
            "--device", type=click.Choice(DEVICE_NAMES), default="auto", show_default=True,
            help="Device that workers train on.",
        )(command)  # fmt: skip
        command = click.option(
            "--backend", type=click.Choice(BACKEND_NAMES), default="ray", show_default=True,
            help=f"Train on Ray Tune's workers, or {inline}.",
        )(command)  # fmt: skip
        return click.option(
            "--workers", type=click.IntRange(1, 4096),
            help=f"{workers}  [default: one per CPU core, or one per GPU]",
        )(command)  # fmt: skip

    return with_options


def device_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say on what a study is run; they go into `settings` too.

    Args:
        command: To decorate.

    Returns:
        The command with the options.
    """

    @click.option(
        "--data", type=FILE, help="Folder of the images; replaces the study's dataset.root."
    )
    @click.option(
        "--download", is_flag=True,
        help="Download CIFAR-10 or Fashion-MNIST into that folder first, where it is missing.",
    )  # fmt: skip
    @worker_options("Number of worker processes.", "in this process")
    @click.option(
        "--save-every", type=Finite(0, min_open=True), default=5.0, show_default=True,
        metavar="MINUTES", help="Interval of saving unfinished training, to resume after a crash.",
    )  # fmt: skip
    @functools.wraps(command)
    def with_settings(
        settings: Settings,
        data: Path | None,
        download: bool,
        workers: int | None,
        backend: str,
        device: str,
        save_every: float,
        **arguments: Any,
    ) -> None:
        settings = replace(
            settings, data=data, download=download, backend=backend, device=device,
            save_every=save_every, workers=workers or default_workers(device),
        )  # fmt: skip
        command(settings=settings, **arguments)

    return with_settings


set_option = click.option(
    "--set", "assignments", multiple=True, metavar="FIELD=VALUE",
    help="Set a field of the study, such as training.steps=500; may be given again.",
)  # fmt: skip


def scale_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that make a study smaller; the command gets them as `smaller`.

    Args:
        command: To decorate.

    Returns:
        The command with the options.
    """

    @click.option(
        "--scale", type=Finite(0, 1, min_open=True),
        help="Scale steps, warm-up, milestones and validation interval, such as by 0.02.",
    )  # fmt: skip
    @click.option(
        "--subset", type=Finite(0, 1, min_open=True),
        help="Fraction of each class's images to use.",
    )  # fmt: skip
    @click.option(
        "--classes", type=click.IntRange(2), help="Number of classes to use, the first ones."
    )
    @click.option("--cycles", type=click.IntRange(1), help="Number of pruning cycles.")
    @click.option("--grid", type=click.IntRange(2), help="Number of learning rates in each grid.")
    @click.option("--replicates", type=click.IntRange(1), help="Number of replicates.")
    @functools.wraps(command)
    def with_wanted(
        scale: float | None,
        subset: float | None,
        classes: int | None,
        cycles: int | None,
        grid: int | None,
        replicates: int | None,
        **arguments: Any,
    ) -> None:
        smaller = ScaleDown(scale, subset, classes, cycles, grid, replicates)
        command(smaller=smaller, **arguments)

    return with_wanted


def recorded(command: Callable[..., None]) -> Callable[..., None]:
    """Add the option that asks for distributions; the command gets it as `which`.

    Args:
        command: To decorate.

    Returns:
        The command with the option.
    """
    return click.option(
        "--distributions", "which", metavar="NAME",
        help="Show recorded distributions: `oracle`, `s_cyc`, or the label of a schedule.",
    )(command)  # fmt: skip
