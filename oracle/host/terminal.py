"""Text for a terminal."""

from __future__ import annotations


def printable(text: str) -> str:
    r"""Return text of another's without what a terminal would act on; lines stay lines.

    Args:
        text: From a server or a file, with any characters.

    Returns:
        The text with escapes such as ``\x1b`` in place of control characters.
    """
    return "".join(
        letter if letter.isprintable() or letter == "\n" else ascii(letter)[1:-1] for letter in text
    )
