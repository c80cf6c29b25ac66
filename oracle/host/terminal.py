"""Text for a terminal."""

from __future__ import annotations


def printable(text: str) -> str:
    """Return text of another's without what a terminal would act on; lines stay lines.

    Args:
        text: Any.
    """
    return "".join(
        letter if letter.isprintable() or letter == "\n" else ascii(letter)[1:-1] for letter in text
    )
