"""The guide to writing a study: what it shows is valid, and it leaves nothing out."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch

from oracle.study.built_in import bundled_studies
from oracle.study.distributions import DistributionsStudy
from oracle.study.loading import read_yaml
from oracle.study.oracle import OracleStudy
from oracle.study.parts.replicates import ReplicateRange
from oracle.study.parts.rivals import NEEDS, RIVALS
from oracle.study.registry import KINDS
from oracle.study.schedules import Entry, SchedulesStudy
from oracle.study.search import (
    Halving,
    ListedSearch,
    Objective,
    PaperRecipe,
    SampledSearch,
    SearchStudy,
    Start,
)
from oracle.study.validation import parse
from scyc.networks import registry
from scyc.pruning.criteria import CRITERIA
from scyc.specs.base import Spec, as_json
from scyc.specs.datasets import DATASETS
from scyc.specs.networks import NETWORKS
from scyc.specs.optimizers import OPTIMIZERS
from scyc.specs.schedules import SCHEDULES
from scyc.specs.system import AugmentSpec, PruningSpec, RecordSpec, SplitSpec, TrainingSpec

REFERENCE = Path(__file__).parents[3] / "docs" / "reference"
PAGES = ("studies", "parts", "engines", "paper")  # the first begins with a study of every field
GUIDE = "\n".join((REFERENCE / f"{name}.md").read_text("utf-8") for name in PAGES)


def read(text: str) -> dict[str, Any]:
    content = read_yaml(text, "guide")
    assert isinstance(content, dict)
    return content


def blocks() -> list[dict[str, Any]]:
    """The YAML of the guide."""
    contents = [
        read_yaml(text, "guide") for text in re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)
    ]
    assert all(isinstance(block, dict) for block in contents)
    return [block for block in contents if isinstance(block, dict)]


def cells(heading: str) -> list[list[str]]:
    """The rows of a table below a heading of the guide; without head, rule and marks of code."""
    section = re.split(r"\n##? ", GUIDE.split(f"\n## {heading}\n")[1])[0]
    rows = [line for line in section.splitlines() if re.match(r"\| \[?`", line)]
    return [[cell.strip().strip("`") for cell in re.split(r"(?<!\\)\|", row)[1:-1]] for row in rows]


def test_every_whole_study_of_the_guide_is_valid() -> None:
    whole = [parse(block, "guide") for block in blocks() if "name" in block]
    assert {type(study) for study in whole} == set(KINDS.values())


def test_every_part_of_a_study_in_the_guide_is_valid() -> None:
    first, *others = blocks()
    parts = [block for block in others if "name" not in block]
    assert parts
    for part in parts:
        assert parse(first | part, "guide") != parse(first, "guide")


def test_the_values_that_the_guide_calls_defaults_are() -> None:
    (first, *_) = blocks()
    shown = as_json(parse(first, "guide"))
    needed = ("name", "dataset", "network", "schedule", "grid", "s_cyc", "cycles", "training")
    plain = {key: first[key] for key in needed}
    plain["training"] = {
        key: first["training"][key] for key in ("steps", "batch", "validation_interval")
    }
    del plain["grid"]["extend"]
    assert shown == as_json(parse(plain, "guide")) | {"description": first["description"]}


@pytest.mark.parametrize(
    ("heading", "field", "known", "own"),
    [
        ("Data sets", "dataset", DATASETS, "<own>"),
        ("Networks", "network", NETWORKS, "<own>"),
    ],
)
def test_the_guide_names_every_data_set_and_network(
    heading: str, field: str, known: dict[str, type[Spec]], own: str
) -> None:
    (first, *_) = blocks()
    named = set()
    for row in cells(heading):
        study = parse(first | read(f"{field}: {row[0]}"), "guide")
        named.add(getattr(getattr(study, field), "name", own))
    assert named == {*known, own}


def test_the_guide_names_every_schedule_and_optimizer_with_its_defaults() -> None:
    (first, *_) = blocks()
    schedules, optimizers = set(), set()
    for row in cells("Schedules and optimizers"):
        value = read(f"at: {row[0]}")["at"]
        name = value if isinstance(value, str) else value["name"]
        if name in SCHEDULES:
            study = parse(first | {"schedule": value}, "guide")
            assert isinstance(study, OracleStudy)
            fields = {"drops" if key == "milestones" else key for key in value if value != name}
            assert set(as_json(study.schedule)) == {"name"} | fields
            schedules.add(name)
        else:
            training = first["training"] | {"optimizer": value}
            short = first["training"] | {"optimizer": name}
            shown, plain = (parse(first | {"training": t}, "guide") for t in (training, short))
            assert shown == plain
            assert set(as_json(shown.training.optimizer)) == set(value)
            optimizers.add(name)
    assert schedules == set(SCHEDULES)
    assert optimizers == set(OPTIMIZERS)


def test_the_guide_names_every_criterion() -> None:
    assert {row[0] for row in cells("Pruning")} == set(CRITERIA)


@pytest.mark.parametrize("row", cells("Networks")[:-1], ids=lambda row: row[0])
def test_the_networks_of_the_guide_have_as_many_parameters(row: list[str]) -> None:
    (first, *_) = blocks()
    spec = parse(first | read(f"network: {row[0]}"), "guide").network
    shape = {"fully_connected": (1, 28, 28)}.get(spec.name, (3, 64, 64))
    with torch.device("meta"):
        network = registry.build(spec, shape, 200 if spec.name == "resnet50" else 10, seed=0)
    assert f"{registry.parameter_count(network):,}" == row[2]


@pytest.mark.parametrize(
    "spec",
    [
        *(OracleStudy, SchedulesStudy, DistributionsStudy, Entry),
        *(SearchStudy, Objective, PaperRecipe, Start, SampledSearch, Halving, ListedSearch),
        *(PruningSpec, TrainingSpec, AugmentSpec, SplitSpec, RecordSpec, ReplicateRange),
        *dict.fromkeys(DATASETS.values()),
        *dict.fromkeys(NETWORKS.values()),
        *dict.fromkeys(SCHEDULES.values()),
        *dict.fromkeys(OPTIMIZERS.values()),
        *RIVALS.values(),
    ],
    ids=lambda spec: spec.__name__,
)
def test_the_guide_describes_every_field(spec: type[Spec]) -> None:
    missing = [name for name in spec.model_fields if not re.search(rf"\b{name}\b", GUIDE)]
    assert missing == []


def test_the_guide_lists_every_study_of_the_paper_with_its_command() -> None:
    papers = {name for name in bundled_studies() if re.match(r"(table|figure)\d", name)}
    assert len(papers) == 16
    rows = {
        (f"[`{name}`](../../studies/{name}.yaml)", f"oracle run {name} --data FOLDER")
        for name in papers
    }
    assert {(row[0], row[2]) for row in cells("Tables and figures")} == rows


def test_the_guide_names_every_rival_with_its_defaults() -> None:
    (first, *_) = blocks()
    record = {"record": {"what": sorted(set(NEEDS.values()))}}
    named = set()
    for row in cells("Search-free baselines"):
        value = read(f"at: {row[0]}")["at"]
        shown, plain = (
            parse(first | record | {"baselines": [each]}, "guide")
            for each in (value, value["name"])
        )
        assert shown == plain
        named.add(value["name"])
    assert named == set(RIVALS)
