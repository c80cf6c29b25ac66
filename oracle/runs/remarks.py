"""What is to be known of a study's images and numbers before work starts, though it may start."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from oracle.database import RunRecord
from oracle.study.base import Study
from oracle.study.oracle import OracleStudy
from scyc.data import splits
from scyc.data.images import Images
from scyc.data.splits import PartCounts
from scyc.json_types import JsonMapping
from scyc.specs.factory import UNCHECKED

_OWN_CODE = ("network", "trainer")  # fields of a study that may name a user's code
_EXAMPLES = 3  # of copies that are named
_LARGE = 50.0  # percent of a part that one class holds, from which it is reported


@dataclass(frozen=True)
class SplitSummary:
    """How a study's images are divided, and what its divisions lack."""

    sizes: dict[str, int]  # images of each part, the same in every replicate
    majority: dict[str, float]  # percent of each part in its largest class; mean over replicates
    remarks: tuple[str, ...]  # a line each


def summary(study: Study, images: Images) -> SplitSummary:
    """Draw every replicate's split of these images and look at its classes.

    Every part has at least one image: see :func:`scyc.data.images.split_problems`.

    Args:
        study: What was declared.
        images: Pixels and labels of the data set.

    Returns:
        Images of each part, share of the most frequent class, and remarks for the user.
    """
    counted: list[dict[str, PartCounts]] = []
    divided: list[tuple[int, int]] = []  # of the replicate that has most
    for replicate in range(study.most_replicates):
        drawn = splits.draw(images.labels, images.parts, study.split, study.seed, replicate)
        counted.append(splits.counts(images.labels, len(images.classes), drawn))
        divided = max(divided, splits.divided_copies(images.copies, drawn), key=len)
    sizes = {part: each.images for part, each in counted[0].items()}
    majority = {part: _mean_majority(counted, part) for part in splits.PARTS}
    remarks = [
        *images.notices,
        *_copies(divided, images.copy_paths, sizes),
        *splits.remarks(images.labels, images.classes, counted),
        *_large_class(majority),
        *_large_batch(study, sizes["training"]),
        *_fine_tolerance(study, sizes["validation"]),
    ]
    return SplitSummary(sizes, majority, tuple(remarks))


def _mean_majority(counted: Sequence[dict[str, PartCounts]], part: str) -> float:
    return sum(each[part].majority for each in counted) / len(counted)


def _copies(
    divided: Sequence[tuple[int, int]], paths: Mapping[int, str], sizes: dict[str, int]
) -> list[str]:
    if not divided:
        return []
    tried = sizes["validation"] + sizes["test"]
    examples = ", ".join(
        f"{paths.get(copy, f'image {copy}')} is {paths.get(first, f'image {first}')}"
        for copy, first in divided[:_EXAMPLES]
    )
    return [
        f"up to {len(divided):,} of {tried:,} validation and test images have an equal one among "
        f"the training images ({examples}), so accuracies are too high; remove the duplicates"
    ]


def other_images(name: str, fingerprint: str, earlier: Iterable[RunRecord]) -> list[str]:
    """Say whether a study of this name ran before with other images only.

    Args:
        name: The study's.
        fingerprint: Of its images.
        earlier: The runs that the database holds, the oldest first.

    Returns:
        One remark, or [] where it did not run before or ran with these images.
    """
    same = [run for run in earlier if run.run_id.rpartition("-")[0] == name]
    if not same or any(run.fingerprint == fingerprint for run in same):
        return []
    return [
        f"{name} ran before with other images ({same[-1].run_id}): the data set or its subset has "
        "changed, so this is a new run"
    ]


def other_code(study: Study, fingerprint: str, earlier: Iterable[RunRecord]) -> list[str]:
    """Say whether a study ran before with other code of the user's only.

    Args:
        study: With the hash of its source.
        fingerprint: Of its images.
        earlier: The runs that the database holds, the oldest first.

    Returns:
        One remark with the remedy; [] where it uses no code of the user's, or ran with this code.
    """
    field = next((name for name in _OWN_CODE if _source(study.identity_fields(), name)), None)
    if field is None:
        return []
    others: dict[str, str | None] = {}
    for run in earlier:
        if run.run_id.rpartition("-")[0] == study.name and run.fingerprint == fingerprint:
            others[run.run_id] = _source(json.loads(run.study), field)
    source = _source(study.identity_fields(), field)
    if not others or source in others.values():
        return []
    run_id, before = list(others.items())[-1]
    if before is None:
        return [
            f"{run_id} was trained before the source of {field} was recorded, so this is a new "
            f"run; if the code is the same, set {field}.version: {UNCHECKED} to continue that one"
        ]
    return [
        f"the code of {field} has changed since {run_id}, so this is a new run; if the change does "
        f"not matter, restore the code, and give {field}.version from then on"
    ]


def _source(fields: JsonMapping, name: str) -> str | None:
    own = fields.get(name)
    return own.get("source") if isinstance(own, dict) else None


def _large_class(majority: dict[str, float]) -> list[str]:
    shares = {part: majority[part] for part in ("validation", "test")}
    if max(shares.values()) < _LARGE:
        return []
    return [
        f"chance level (always predicting the largest class) is {shares['validation']:.1f} % on "
        f"validation and {shares['test']:.1f} % on test images"
    ]


def _large_batch(study: Study, training: int) -> list[str]:
    batch = study.training.batch
    if batch <= training:
        return []
    return [
        f"training.batch {batch:,} is more than the {training:,} training images, so a step "
        "has the same image more than once; lower it"
    ]


def _fine_tolerance(study: Study, validation: int) -> list[str]:
    if not isinstance(study, OracleStudy):
        return []
    an_image = 100 / validation
    if study.tolerance >= an_image:
        return []
    unit = "points" if study.tolerance_kind == "points" else "% of the best accuracy"
    return [
        f"tolerance {study.tolerance} {unit} is below the resolution of {validation:,} validation "
        f"images ({an_image:.2f} points); raise it, or use more images"
    ]
