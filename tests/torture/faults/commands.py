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

REMEDIES = (  # the message for a refused database names one of them
    "put a copy of it back", "use the version that wrote it", "name another", "name one",
    "can be read and written",
)  # fmt: skip


def exit_and_error(
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
    """A victim that :meth:`drive` starts by the command; its output is in a file next to its runs.

    log_folder: another folder for the output, where the disk of its runs is full.
    """

    log_folder: Path | None = None

    @property
    def errors(self) -> str:
        """What the commands said, all of them so far."""
        file = self._output_folder / "errors"
        return file.read_text() if file.is_file() else ""

    def start(self, armed: Callable[[], None] = lambda: None) -> int:
        """As of any victim; its folder of runs is not made before."""

        def work() -> None:
            armed()
            self.run()

        return forked(work, self._output_folder / "errors")

    def run(self) -> None:
        """Run the command; ends this process where it fails."""
        study = self._output_folder / "tiny.yaml"
        study.write_text(json.dumps(dict(self.declared)))
        sys.argv = ["oracle", "run", str(study), "--runs", str(self.runs_folder)]
        sys.argv += ["--backend", "inline", "--device", "cpu", "--save-every", str(self.save_every)]
        try:
            main.entry()
        except SystemExit as end:
            if end.code:
                sys.stderr.flush()
                os._exit(int(end.code))

    @property
    def _output_folder(self) -> Path:
        return self.runs_folder.parent if self.log_folder is None else self.log_folder
