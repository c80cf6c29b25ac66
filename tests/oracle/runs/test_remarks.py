"""What is said of a study's images and splits before it runs, and in its table."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from oracle.analysis import region_fit
from oracle.database import RunRecord
from oracle.reports import formats
from oracle.runs import catalog, estimate, execute, prepare, remarks
from oracle.settings import Progress, Settings
from oracle.study.base import Study
from scyc.data import images as data
from scyc.errors import BadInput

Make = Callable[..., Study]


def settings(folder: Path) -> Settings:
    return Settings(folder=folder, workers=1, backend="inline", device="cpu")


def mostly_one_class(common: int, rare: int, single: int = 0) -> tuple[Any, Any]:
    """Noise whose labels nothing tells, the common class first."""
    labels = np.repeat(
        [0, 1, 2][: 3 if single else 2], [common, rare, single][: 3 if single else 2]
    )
    noise = np.random.default_rng(0).integers(0, 256, (len(labels), 1, 4, 4), dtype=np.uint8)
    return noise, labels


def own(common: int, rare: int, single: int = 0) -> dict[str, Any]:
    options = {"common": common, "rare": rare, "single": single}
    return {"factory": f"{__name__}:mostly_one_class", "options": options}


NOISE = {"dataset": own(180, 20), "subset": 1.0, "cycles": 1, "split": {"stratified": True}}


def test_a_run_in_which_nothing_is_learned_decides_nothing(study: Make, tmp_path: Path) -> None:
    declared = study(**NOISE, grid={"max_lr": [0.01, 0.02, 0.05], "extend": False}, replicates=3)
    messages: list[str] = []
    table = execute.execute(
        prepare.prepare(declared, settings(tmp_path)), Progress(say=messages.append)
    )
    assert table["split"]["validation"] == {"images": 40, "majority": 90.0, "missing": 0}
    assert [cycle["at_chance"] for cycle in table["cycles"]] == [True, True]
    verdicts = [cycle["evidence"]["s_cyc"] for cycle in table["cycles"]]
    assert [each["verdict"] for each in verdicts] == ["undecided", "undecided"]
    assert [each["more"] for each in verdicts] == [None, None]
    assert table["fit"] is None
    assert region_fit.of_cycles(table["cycles"]) == []
    text = formats.text(table)
    assert (
        "Chance level (always predicting the largest class): 90.0 % on validation, 90.0 % on"
        in text
    )
    chance = "At chance level at cycle 0, 1: no network is better than always predicting the"
    assert chance in " ".join(text.split())
    assert "0 of 2 cycles are conclusive (0 inside, 0 outside)" in text
    assert (
        "note: chance level (always predicting the largest class) is 90.0 % on validation and"
        in messages[0]
    )
    assert catalog.stored_table(catalog.find_run("tiny", settings(tmp_path))) == table


def test_a_run_that_learns_is_not_at_chance(study: Make, tmp_path: Path) -> None:
    prepared = prepare.prepare(study(cycles=1), settings(tmp_path))
    table = execute.execute(prepared)
    assert [cycle["at_chance"] for cycle in table["cycles"]] == [False, False]
    assert table["split"]["training"]["images"] == 215
    text = formats.text(table)
    assert "At chance" not in text
    assert (
        "The tolerance of 0.5 points is below the resolution of 72 validation images (1.39 p"
        in text
    )


def test_check_reports_classes_missing_from_a_split(
    study: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(estimate, "_TIMED_SECONDS", 0.0)
    declared = study(**{**NOISE, "dataset": own(180, 20, 1)}, training=LARGE_BATCH)
    prepared = prepare.prepare(declared, settings(tmp_path))
    lines = check_lines(prepared)
    notes = [line for line in lines if line.startswith("note")]
    assert notes == [
        "note 1 of 3 classes has one image, which is in one part only: 2",
        "note the validation part has no image of 1 of 3 classes in 2 of 2 replicates; max_lr is "
        "chosen without these: more images, or split.stratified: true",
        "note the test part has no image of 1 of 3 classes in 2 of 2 replicates; accuracy says "
        "nothing of these: more images, or split.stratified: true",
        "note chance level (always predicting the largest class) is 90.0 % on validation and 90.0 "
        "% on test images",
        "note training.batch 500 is more than the 121 training images, so a step has the "
        "same image more than once; lower it",
        "note tolerance 0.5 points is below the resolution of 40 validation images (2.50 points); "
        "raise it, or use more images",
    ]
    assert any("121 training, 40 validation, 40 test" in line for line in lines)


LARGE_BATCH = {"steps": 12, "batch": 500, "validate_every": 6}


def check_lines(prepared: prepare.PreparedRun) -> list[str]:
    """The lines of an estimate, each with single spaces."""
    return [" ".join(line.split()) for line in str(estimate.estimate(prepared)).split("\n")]


def test_a_stratified_study_has_ids_of_its_own(study: Make, tmp_path: Path) -> None:
    plain, other = (
        prepare.prepare(study(**changes), settings(tmp_path))
        for changes in ({}, {"split": {"stratified": True}})
    )
    assert plain.run_id != other.run_id
    assert plain.graph.id != other.graph.id
    assert prepare.prepare(study(split={}), settings(tmp_path)).run_id == plain.run_id


def test_a_test_part_that_the_data_set_lacks_is_refused(study: Make, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r'split\.test = "test"    the data set comes in no parts'):
        prepare.prepare(study(split={"test": "test"}), settings(tmp_path))


def in_parts() -> tuple[Any, ...]:
    """Learnable images whose last ten are the official test part."""
    labels = np.arange(60) % 2
    pixels = np.where(labels == 1, 200, 20).astype(np.uint8).reshape(-1, 1, 1, 1)
    return pixels.repeat(4, axis=2).repeat(4, axis=3), labels, {"train": 50, "test": 10}


def test_a_run_tests_on_the_named_part_alone(study: Make, tmp_path: Path) -> None:
    changes = {"dataset": {"factory": f"{__name__}:in_parts"}, "subset": 1.0, "cycles": 1}
    declared = study(**changes, split={"train": 0.8, "validation": 0.2, "test": "test"})
    prepared = prepare.prepare(declared, settings(tmp_path))
    assert prepared.summary.sizes["test"] == 10
    table = execute.execute(prepared)
    images = {part: each["images"] for part, each in table["split"].items()}
    assert images == {"training": 40, "validation": 10, "test": 10}
    joined = prepare.prepare(study(**changes), settings(tmp_path))
    assert joined.graph.fingerprint != prepared.graph.fingerprint


def test_the_cost_is_reported_if_only_the_images_are_missing(
    study: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(estimate, "_TIMED_SECONDS", 0.0)
    declared = study(dataset="cifar10")
    with pytest.raises(BadInput) as refused:
        prepare.prepare(declared, settings(tmp_path))
    cost = estimate.without_images(declared, settings(tmp_path), refused.value)
    assert cost is not None
    assert (cost.images, cost.cells, cost.summary and cost.summary.sizes["test"]) == (
        12_000,
        22,
        2400,
    )
    lines = str(cost).splitlines()
    assert lines[0] == "tiny needs its images to run; by the known size of its data set:"
    assert lines[1] == "  images         12,000: 7,200 training, 2,400 validation, 2,400 test"
    unknown = study(dataset="image_folder")
    with pytest.raises(BadInput) as refused:
        prepare.prepare(unknown, settings(tmp_path))
    assert estimate.without_images(unknown, settings(tmp_path), refused.value) is None


def copied(images: int = 40) -> tuple[Any, Any]:
    """Noise of which every image is there twice."""
    noise = np.random.default_rng(0).integers(0, 256, (images, 1, 4, 4), dtype=np.uint8)
    return np.concatenate([noise, noise]), np.arange(2 * images) % 2


def unseeded() -> tuple[Any, Any]:
    """Other noise at each call."""
    noise = np.random.default_rng().integers(0, 256, (40, 1, 4, 4), dtype=np.uint8)
    return noise, np.arange(40) % 2


def test_copies_that_fall_into_training_and_test_are_counted(study: Make, tmp_path: Path) -> None:
    declared = study(dataset=f"{__name__}:copied", subset=1.0, replicates=2)
    prepared = prepare.prepare(declared, settings(tmp_path))
    assert prepared.images is not None
    assert prepared.images.copies == tuple((index, index + 40) for index in range(40))
    counted = []
    for replicate in range(2):
        split = data.split(prepared.images, declared.split, declared.seed, replicate)
        training = {index % 40 for index in split.train.tolist()}
        others = [*split.validation.tolist(), *split.test.tolist()]
        counted.append(sum(index % 40 in training for index in others))
    assert prepared.summary is not None
    remark = prepared.summary.remarks[0]
    assert (
        f"up to {max(counted)} of {len(others)} validation and test images have an equal" in remark
    )
    named = re.findall(r"image (\d+) is image (\d+)", remark)
    assert len(named) == 3
    assert all(abs(int(one) - int(other)) == 40 for one, other in named)


def test_paths_of_copies_that_a_split_divides_are_named(study: Make, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for index in range(30):
        for name in ("cat", "dog"):
            (tmp_path / "data" / name).mkdir(parents=True, exist_ok=True)
            noise = random.integers(0, 256, (4, 4, 3), dtype=np.uint8)
            Image.fromarray(noise).save(tmp_path / "data" / name / f"{index:02}.png")
    declared = study(dataset={"name": "image_folder", "root": str(tmp_path / "data")}, subset=1.0)
    prepared = prepare.prepare(declared, settings(tmp_path / "runs"))
    assert prepared.images is not None
    split = data.split(prepared.images, declared.split, declared.seed, 0)
    files = sorted((tmp_path / "data").glob("*/*.png"))
    for learned, tried in zip(split.train[:4].tolist(), split.validation[:4].tolist(), strict=True):
        shutil.copy(files[learned], files[tried])
    again = prepare.prepare(declared, settings(tmp_path / "runs"))
    assert again.summary is not None
    [remark] = [line for line in again.summary.remarks if "have an equal one" in line]
    assert remark.startswith("up to ")
    named = re.findall(r"((?:cat|dog)/\d\d\.png) is ((?:cat|dog)/\d\d\.png)", remark)
    assert len(named) == 3
    for pair in named:
        one, other = (tmp_path / "data" / each for each in pair)
        assert one.read_bytes() == other.read_bytes()


def drifting() -> tuple[Any, Any]:
    """The same memory at each call, modified in place."""
    DRIFTING[0, 0, 0, 0] += 1
    return DRIFTING, np.arange(40) % 2


DRIFTING = np.random.default_rng(0).integers(0, 256, (40, 1, 4, 4), dtype=np.uint8)


def test_a_data_set_that_changes_its_memory_in_place_is_refused(
    study: Make, tmp_path: Path
) -> None:
    with pytest.raises(BadInput, match=r"gives other images at each call.*seed its random"):
        prepare.prepare(study(dataset=f"{__name__}:drifting", subset=1.0), settings(tmp_path))


def test_a_data_set_that_differs_at_each_call_is_refused(study: Make, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"gives other images at each call.*seed its random"):
        prepare.prepare(study(dataset=f"{__name__}:unseeded", subset=1.0), settings(tmp_path))


def test_a_study_that_ran_before_with_other_images_is_reported() -> None:
    old = RunRecord("tiny-0123abcd", "graph", "a" * 64, "{}", "done")
    other = RunRecord("tiny-er-0123abcd", "graph", "c" * 64, "{}", "done")
    (line,) = remarks.other_images("tiny", "b" * 64, [old, other])
    assert line.startswith("tiny ran before with other images (tiny-0123abcd)")
    assert remarks.other_images("tiny", "a" * 64, [old, other]) == []
    assert remarks.other_images("tiny", "b" * 64, [other]) == []
