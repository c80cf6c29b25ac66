"""A user's code is part of the identity of what is trained with it."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from oracle.runs import execute, prepare
from oracle.settings import Progress, Settings
from oracle.study.base import Study
from scyc.networks import registry
from scyc.specs.networks import OwnNetworkSpec

Make = Callable[..., Study]
CODE = """
from torch import nn

def make(shape, classes):
    return nn.Sequential(nn.Flatten(), nn.Linear(64, WIDTH), nn.ReLU(), nn.Linear(WIDTH, classes))
"""
Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(study: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a study with a network of this width, imported anew, as a new process would."""
    monkeypatch.syspath_prepend(tmp_path)
    # Two texts of one length in one second have the same .pyc: the second would run the first.
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    lines: list[str] = []

    def run(width: int, **version: str) -> tuple[int, str]:
        (tmp_path / "code_of_mine_.py").write_text(CODE.replace("WIDTH", str(width)))
        monkeypatch.delitem(sys.modules, "code_of_mine_", raising=False)
        lines.clear()
        trained: list[int] = []
        progress = Progress(cells=lambda done, total: trained.append(done), say=lines.append)
        declared = study(network={"factory": "code_of_mine_:make", **version}, cycles=1)
        prepared = prepare.prepare(
            declared, Settings(folder=tmp_path / "runs", backend="inline", device="cpu")
        )
        execute.execute(prepared, progress)
        return trained[0], "\n".join(
            line for line in lines if line.startswith("note") and "tolerance" not in line
        )

    return run


def test_changed_code_is_trained_again_and_both_results_are_kept(run: Run) -> None:
    first, _ = run(8)
    changed, message = run(9)
    reused, nothing_said = run(8)
    assert first == changed == 0
    assert reused > 0
    assert "the code of network has changed since tiny-" in message
    assert nothing_said == ""


@pytest.mark.parametrize("version", ["2", "unchecked"])
def test_with_a_version_the_source_does_not_count(run: Run, version: str) -> None:
    run(8, version=version)
    reused, message = run(9, version=version)
    assert reused > 0
    assert message == ""


def test_results_without_a_recorded_source_are_named(run: Run) -> None:
    run(8, version="unchecked")
    _, message = run(8)
    assert "set network.version: unchecked to continue that one" in message


def test_code_that_differs_from_the_stored_hash_is_refused() -> None:
    spec = OwnNetworkSpec(factory="studies.own_network:small_cnn", source="0" * 32)
    with pytest.raises(ValueError, match="small_cnn has changed since it was imported"):
        registry.build(spec, (1, 8, 8), 3, seed=0)
