"""Make docs/reference/cli.md, the reference of the `oracle` command, from its own help.

python docs/scripts/pages.py
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import click

from oracle.cli import main as cli

_HEAD = """# Commands

`STUDY` is a YAML file ([how to write one](studies.md)) or the name of a built-in study. `RUN` is
a run's id or name, or a study's name for its latest run as written. `JOB` is a job's id, or
a study's name for its latest job. `oracle COMMAND --help` prints the same.

Exit codes: 0; 1, the run failed and says why; 2, bad input, with all problems at once; 130,
interrupted.

Environment variables take the place of options: `ORACLE_STORAGE`, `ORACLE_STORAGE_FILE`,
`ORACLE_STORE`, `ORACLE_RUNS`, `ORACLE_SERVER`, `ORACLE_TOKEN` and `ORACLE_TOKEN_FILE`;
`RAY_ADDRESS` is a Ray cluster.

This page is made from the help of the commands by `python docs/scripts/pages.py`.
"""


def page() -> str:
    """Return the reference as Markdown."""
    return "\n".join([_HEAD, *_overview(), *_sections()]).rstrip() + "\n"


def _sections() -> Iterator[str]:
    context = click.Context(cli.main, info_name="oracle")
    for name in cli.main.list_commands(context):
        yield from _command(cli.main.commands[name], f"oracle {name}", context)


def _overview() -> Iterator[str]:
    yield "| command | what it does |\n| --- | --- |"
    context = click.Context(cli.main, info_name="oracle")
    for name in cli.main.list_commands(context):
        about = _cell(_paragraphs(cli.main.commands[name])[0])
        yield f"| [`oracle {name}`](#oracle-{name}) | {about} |"
    yield ""


def _command(command: click.Command, name: str, parent: click.Context) -> Iterator[str]:
    context = click.Context(command, info_name=name.rsplit(" ", 1)[-1], parent=parent)
    yield f"## {name}\n" if name.count(" ") == 1 else f"### {name}\n"
    usage = " ".join([name, *command.collect_usage_pieces(context)])
    yield f"```text\n{usage}\n```\n"
    yield "\n\n".join(_paragraphs(command)) + "\n"
    records = [option.get_help_record(context) for option in command.get_params(context)]
    # A command that has run has its own "-h, --help" among the others.
    said = [record for record in records if record and record[1]]
    rows = [record for record in said if not record[0].endswith("--help")]
    if rows:
        yield "| option | meaning |\n| --- | --- |"
        yield from (f"| `{_cell(option)}` | {_cell(about)} |" for option, about in rows)
        yield ""
    if isinstance(command, click.Group):
        for each in command.list_commands(context):
            yield from _command(command.commands[each], f"{name} {each}", context)


def _paragraphs(command: click.Command) -> list[str]:
    """Join each paragraph of the help to one line; blocks that click leaves as they are stay so."""
    paragraphs = []
    for part in re.split(r"\n\s*\n", (command.help or "").strip()):
        block = part.lstrip().startswith("\b")
        lines = [line.strip() for line in part.replace("\b", "").strip().splitlines()]
        paragraphs.append("\n".join(f"    {line}" for line in lines) if block else " ".join(lines))
    return paragraphs


def _cell(text: str) -> str:
    """Text of one line of a Markdown table."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")
