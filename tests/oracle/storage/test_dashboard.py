import sys

import optuna
import optuna_dashboard
import plotly.graph_objects as go
import pytest
from optuna_dashboard._custom_plot_data import get_plotly_graph_objects

from oracle.storage import dashboard

LONG = "| cycle | max_lr |\n" * 300  # more than one attribute holds


@pytest.fixture(params=[False, True], ids=["one file", "whole package"])
def whole(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether the dashboard is imported as a whole already."""
    if not request.param:
        for name in [*sys.modules]:
            if name.partition(".")[0] == "optuna_dashboard":
                monkeypatch.delitem(sys.modules, name)
    dashboard._module.cache_clear()
    return bool(request.param)


def test_notes_and_figures_are_what_the_dashboard_reads(whole: bool) -> None:
    study = optuna.create_study()
    assert dashboard.read_note(study) == ""
    for note in ("short", LONG, "last"):
        dashboard.write_note(study, note)
        assert dashboard.read_note(study) == note == optuna_dashboard.get_note(study)
    for height in (3, 2):
        dashboard.write_figure(study, "regions", go.Figure(go.Bar(y=[1, height])))
    assert ("optuna_dashboard" in sys.modules) == whole
    figures = get_plotly_graph_objects(study._storage.get_study_system_attrs(study._study_id))
    assert [*figures] == ["regions"]
    assert '"y":[1,2]' in figures["regions"]
