"""Refusing bad input: what is wrong, where, which rule it breaks and what to do, all at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from sysconfig import get_path
from traceback import walk_tb


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with an input."""

    path: str  # where: a field such as "grid.values[4]", a file, an option
    rule: str  # the rule that is broken, and the remedy
    value: object = None  # what stands there; None where there is nothing to show

    def __str__(self) -> str:
        shown = "" if self.value is None else f" = {_shorten(self.value)}"
        return _printable(f"{self.path}{shown}    {self.rule}")


class BadInput(ValueError):
    """An input that was refused, with every problem that was found in it.

    Example:
        >>> import oracle
        >>> try:
        ...     oracle.run("digits", workers=0, device="gpu")
        ... except oracle.BadInput as error:
        ...     print([problem.path for problem in error.problems])
        ['device', 'workers']
    """

    def __init__(self, source: str, problems: Sequence[Problem]) -> None:
        self.source = source
        self.problems = tuple(problems)
        count = f"{len(problems)} problem" + ("s" if len(problems) != 1 else "")
        lines = [f"{_printable(source)}: {count}", *(f"  {each}" for each in problems)]
        super().__init__("\n".join(lines))


def unknown(name: str, known: Iterable[str]) -> str:
    """Word the rule for a name that is not in a registry.

    Args:
        name: What was given.
        known: All names of the registry.

    Returns:
        A rule with the nearest name, and all that are known.
    """
    names = sorted(known)
    close = get_close_matches(name, names, n=1)
    guess = f'did you mean "{close[0]}"? ' if close else ""
    return f"unknown; {guess}known: {', '.join(names)}"


_NOT_OWN = (Path(__file__).resolve().parent, Path(get_path("stdlib")))


def raised(error: BaseException) -> str:
    """Describe what code of the user's own raised, on one line.

    Args:
        error: What it raised.

    Returns:
        The type, the first line of the message and the last line of code of the traceback that is
        neither this package's nor an installed one's, where there is one.
    """
    reason = str(error).strip().partition("\n")[0][:300]
    text = f"{type(error).__name__}: {reason}" if reason else type(error).__name__
    lines = [(frame.f_code.co_filename, line) for frame, line in walk_tb(error.__traceback__)]
    own = [(file, line) for file, line in lines if _is_own(file)]
    return f"{text} ({Path(own[-1][0]).name}, line {own[-1][1]})" if own else text


def _is_own(file: str) -> bool:
    """Whether a file of a traceback is code that a user wrote."""
    path = Path(file)
    installed = {"site-packages", "dist-packages"} & set(path.parts)
    return not (installed or file.startswith("<") or any(map(path.is_relative_to, _NOT_OWN)))


def _printable(text: str) -> str:
    """Text on one line, without what a terminal would act on."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode()
        for letter in text
    )


def _shorten(value: object) -> str:
    text = f'"{value}"' if isinstance(value, str) else repr(value)
    return text if len(text) <= 80 else f"{text[:27]}...{text[-50:]}"  # a path's end is its name
