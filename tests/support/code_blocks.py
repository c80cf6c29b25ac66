"""The blocks of code in the README and in docs/, with what their pages say about running them.

A comment on the line above a block says what it needs: ``<!-- not run: REASON -->``; ``quick``, it
runs in ``make test`` too; ``given: NAMES``, which a test provides; ``file: NAME``, it is what a
file holds. Several are parted by ``; ``. A page may say of all its blocks
``<!-- blocks not run: REASON -->``.
"""

import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path

import click

ROOT = Path(__file__).parents[2]
MADE = frozenset({"api.md", "cli.md", "http.md", "study-fields.md"})  # from the code
_BLOCK = re.compile(
    r"(?:^<!-- (?P<mark>[^\n]*?) -->\n)?^```(?P<language>\S*)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_WHOLE = re.compile(r"^<!-- blocks not run: (.+?) -->$", re.MULTILINE)
_OPERATORS = frozenset(";&|()\n")


@dataclass(frozen=True)
class Block:
    """One block of code of a page."""

    page: str
    line: int
    language: str
    text: str
    marks: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def pages() -> list[Path]:
    """The README and every page of docs/ that people write, in the order of the menu."""
    menu = (ROOT / "mkdocs.yml").read_text("utf-8").split("\nnav:\n")[1]
    names = re.findall(r"(\S+\.md)$", menu, re.MULTILINE)
    written = [ROOT / "docs" / name for name in names if not name.startswith("repository/")]
    return [ROOT / "README.md", *(page for page in written if page.name not in MADE)]


def blocks(page: Path) -> list[Block]:
    """The blocks of a page, from the first to the last."""
    text = page.read_text("utf-8")
    name = str(page.relative_to(ROOT))
    whole = why_not_run(page)
    found_blocks = []
    for match in _BLOCK.finditer(text):
        marks = _marks(match["mark"] or "")
        if whole:
            marks.setdefault("not run", whole)
        line = text[: match.start()].count("\n") + 1
        found_blocks.append(Block(name, line, match["language"], match["text"], marks))
    return found_blocks


def why_not_run(page: Path) -> str:
    """What a page says of all its blocks."""
    match = _WHOLE.search(page.read_text("utf-8"))
    return match[1] if match else ""


def _marks(text: str) -> dict[str, str]:
    parts = [text] if text.startswith("not run") else text.split("; ")
    return dict((part.partition(": ")[::2]) for part in parts if part)


def without_blocks(page: Path) -> str:
    """The text of a page without its blocks."""
    return _BLOCK.sub("", page.read_text("utf-8"))


def commands(text: str) -> list[list[str]]:
    """The words of every command of a shell script, without its redirections."""
    text = re.sub(r"\\\n\s*", " ", re.sub(r"(^|\s)#.*$", "", text, flags=re.MULTILINE))
    lexer = shlex.shlex(text, posix=True, punctuation_chars=";&|<>()\n")
    lexer.whitespace, lexer.whitespace_split, lexer.commenters = " \t", True, ""
    words_of_commands: list[list[str]] = [[]]
    skip = False
    for word in lexer:
        if set(word) <= {"<", ">"}:
            skip = True  # the file that comes next
        elif set(word) <= _OPERATORS:
            words_of_commands.append([])
        elif skip:
            skip = False
        else:
            words_of_commands[-1].append(word)
    return [words for words in words_of_commands if words]


def understood(group: click.Command, words: list[str]) -> click.Context:
    """A command line as a click program reads it; nothing is run.

    Raises click.UsageError for a command, an option or a value that it does not know.
    """
    context = click.Context(group)
    command = group
    while isinstance(command, click.Group):
        name, subcommand, words = command.resolve_command(context, list(words))
        assert subcommand is not None
        command = subcommand
        context = click.Context(command, info_name=name, parent=context)
    return command.make_context(command.name, list(words))
