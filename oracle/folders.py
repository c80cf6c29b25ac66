"""Whether a folder can be written to, found without leaving anything in it."""

from __future__ import annotations

import tempfile
from pathlib import Path


def unwritable(folder: Path) -> str:
    """Why nothing can be written to a folder that may have to be made first; "" if it can."""
    absolute = folder.absolute()
    nearest = next(each for each in (absolute, *absolute.parents) if each.exists())
    try:
        with tempfile.TemporaryFile(dir=nearest):
            return ""
    except OSError as error:
        return f"{nearest} is not a folder that can be written to ({error.strerror}); name another"
