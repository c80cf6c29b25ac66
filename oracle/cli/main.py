"""The command line: a thin shell over `oracle.runs`. Heavy imports wait for their command."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from oracle.cli import (
    analysis_commands,
    inventory_commands,
    job_commands,
    run_commands,
    server_commands,
    study_commands,
)
from oracle.cli.option_names import with_option_names
from oracle.cli.printing import BAD_INPUT, FAILED, INTERRUPTED
from oracle.errors import OracleError
from oracle.host.disk import disk_failed
from oracle.host.processes import end_forks_with_this_process
from oracle.host.terminal import printable
from scyc.errors import BadInput

_MODULES = (
    study_commands,
    run_commands,
    inventory_commands,
    analysis_commands,
    job_commands,
    server_commands,
)


class _Commands(click.Group):
    """The commands, which name options where a setting is refused."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command. Raises BadInput."""
        try:
            return super().invoke(ctx)
        except BadInput as error:
            raise with_option_names(error) from error


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="scyc-oracle", prog_name="oracle")
def main() -> None:
    """Find the best learning rates of each pruning cycle, and compare S-Cyc with them.

    STUDY is a YAML file or the name of a built-in study (`oracle studies`). RUN is a run's id, the
    name that you gave it, or a study's name: its latest run as written, or, where there is none,
    the latest that options scaled down. `serve` starts a server; submit, status, watch, cancel,
    resume and fetch are its clients.
    """


for _module in _MODULES:
    for _command in _module.COMMANDS:
        main.add_command(_command)


def entry() -> None:
    """Run the ``oracle`` command: exits with 0, 1 (failed), 2 (bad input) or 130 (interrupted)."""
    sys.path.insert(0, str(Path.cwd()))  # where a study's own code lies
    end_forks_with_this_process()
    try:
        code = main(standalone_mode=False) or 0
    except BadInput as error:
        click.echo(str(error), err=True)
        code = BAD_INPUT
    except click.UsageError as error:
        error.show()
        code = BAD_INPUT
    except click.ClickException as error:
        error.show()
        code = FAILED
    except (KeyboardInterrupt, click.Abort):
        text = "interrupted; finished training runs are kept: run the same command to continue"
        click.echo(text, err=True)
        code = INTERRUPTED
    except (OracleError, OSError) as error:
        failure = disk_failed(error) if isinstance(error, OSError) else error
        if failure is None:
            raise
        click.echo(printable(f"{type(failure).__name__}: {failure}"), err=True)
        code = FAILED
    sys.exit(code)
