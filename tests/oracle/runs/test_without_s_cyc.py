"""An oracle study without S-Cyc's parameters: the regions alone."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from factories import tiny_content

from oracle.plots.registry import FIGURES
from oracle.reports import formats
from oracle.runs import execute, prepare
from oracle.settings import Settings
from oracle.study.base import Study
from oracle.study.declared import learning_rates
from oracle.study.validation import parse
from oracle.tables import json_schema
from scyc.errors import BadInput

Make = Callable[..., Study]


@pytest.fixture
def plain() -> Study:
    content = tiny_content(cycles=1)
    del content["s_cyc"]
    return parse(content, "tiny.yaml")


def test_only_the_grid_is_trained_and_the_table_has_the_same_regions(
    plain: Study, study: Make, tmp_path: Path
) -> None:
    where = Settings(folder=tmp_path, backend="inline", device="cpu")
    table = execute.execute(prepare.prepare(plain, where))
    both = execute.execute(prepare.prepare(study(cycles=1), where))
    assert table["kind"] == both["kind"] == "oracle"
    assert table["complete"]
    assert table["cost"]["s_cyc"]["trainings"] == 0
    assert both["cost"]["s_cyc"]["trainings"] > 0
    for mine, theirs in zip(table["cycles"], both["cycles"], strict=True):
        assert mine["feasible"] == theirs["feasible"]
        assert mine["s_cyc"]["max_lr"] is None
        assert mine["evidence"]["s_cyc"] is None
    printed = formats.text(table)
    assert "S-Cyc" not in printed.partition("The study")[0]  # the columns
    assert "The study has no S-Cyc parameters" in printed
    names = [str(trace.name) for trace in FIGURES["oracle"].figure(table).data]
    assert "well-tuned max_lr" in names
    assert not [name for name in names if "S-Cyc" in name]
    assert json_schema.validate(json.loads(formats.as_json(table)))


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"replicates": "auto"}, "are added by the verdict on S-Cyc"),
        ({"rivals": ["constant"]}, "are compared with S-Cyc's run"),
    ],
)
def test_what_needs_s_cyc_is_refused_without_it(changes: dict[str, object], rule: str) -> None:
    content = tiny_content(**changes)
    del content["s_cyc"]
    with pytest.raises(BadInput, match=rule):
        parse(content, "tiny.yaml")


def test_there_is_no_curve_to_draw(plain: Study) -> None:
    with pytest.raises(BadInput, match="has no s_cyc"):
        learning_rates(plain)
