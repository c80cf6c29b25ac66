"""The list of the built-in studies."""

import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from oracle.cli.main import main
from oracle.experiments.built_in import built_in_studies
from oracle.study.built_in import bundled_studies


def test_every_built_in_study_is_listed_with_what_it_needs_and_costs() -> None:
    studies = {each.name: each for each in built_in_studies()}
    assert set(studies) == set(bundled_studies())
    demo, full = studies["demo"], studies["table7"]
    assert (demo.data, demo.training_runs, demo.steps, demo.device) == (
        "digits (included)",
        12 * 4 * 4 + 4 * 4,
        300,
        "CPU",
    )
    assert (full.network, full.data) == ("resnet20", "cifar10: --data FOLDER")
    assert full.training_runs >= 60 * 26 * 5
    assert full.device == "GPU"


def test_a_folder_named_studies_does_not_hide_the_built_in_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "studies").mkdir()
    (tmp_path / "studies" / "__init__.py").touch()
    (tmp_path / "studies" / "mine.yaml").write_text("name: mine")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "studies", raising=False)
    assert "demo" in bundled_studies()
    assert "mine" not in bundled_studies()
    shown = CliRunner().invoke(main, ["studies"]).output.splitlines()
    assert shown[0].split()[:2] == ["study", "kind"]
    assert any(line.startswith("demo ") and "208" in line for line in shown)
