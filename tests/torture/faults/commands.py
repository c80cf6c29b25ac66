"""Commands: how they end, and what they say."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from faults.drivers import Victim, forked
from oracle.cli import main

REMEDIES = (  # one of them is told of every database that is refused
    "put a copy of it back", "use the version that wrote it", "name another", "name one",
    "can be read and written",
)  # fmt: skip


def told(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], *words: str
) -> tuple[int, str]:
    """The exit code of a command in this process, and what it writes on standard error."""
    monkeypatch.setattr(sys, "argv", ["oracle", *words])
    with pytest.raises(SystemExit) as end:
        main.entry()
    code = end.value.code
    assert isinstance(code, int)
    return code, capfd.readouterr().err


@dataclass
class Command(Victim):
    """A victim that :meth:`drive` starts by the command; what it says lies beside its place.

    beside: another folder for it, where the disk of its place is full.
    """

    beside: Path | None = None

    @property
    def errors(self) -> str:
        """What the commands said, all of them so far."""
        file = self._beside / "errors"
        return file.read_text() if file.is_file() else ""

    def start(self, armed: Callable[[], None] = lambda: None) -> int:
        """As of any victim; its folder of runs is not made before."""

        def work() -> None:
            armed()
            self.run()

        return forked(work, self._beside / "errors")

    def run(self) -> None:
        """Run the command; ends this process where it fails."""
        study = self._beside / "tiny.yaml"
        study.write_text(json.dumps(dict(self.declared)))
        sys.argv = ["oracle", "run", str(study), "--runs", str(self.place)]
        sys.argv += ["--backend", "inline", "--device", "cpu", "--save-every", str(self.save_every)]
        try:
            main.entry()
        except SystemExit as end:
            if end.code:
                sys.stderr.flush()
                os._exit(int(end.code))

    @property
    def _beside(self) -> Path:
        return self.place.parent if self.beside is None else self.beside
