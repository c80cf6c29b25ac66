"""Checks of a study and of all that it needs, before work starts."""

from __future__ import annotations

import os
from dataclasses import dataclass

from oracle.database import probe
from oracle.errors import SettingProblem
from oracle.host.devices import device_rule
from oracle.host.disk import why_not_writable
from oracle.runs import remarks
from oracle.runs.function_checks import function_problems
from oracle.runs.remarks import SplitSummary
from oracle.runs.run_ids import free_run_id
from oracle.search.graph import Graph
from oracle.settings import Settings
from oracle.storage import shared_store
from oracle.storage.session import study_url
from oracle.study.base import Study
from oracle.study.declared import start_problems
from oracle.study.function import FINGERPRINT, FunctionStudy
from scyc.checks import system as system_checks
from scyc.data import datasets
from scyc.data.images import Images, split_problems
from scyc.errors import BadInput, Problem
from scyc.specs import factory
from scyc.specs.datasets import DatasetSpec, TorchvisionDataSpec
from scyc.specs.factory import FactorySpec

_NOT_DOWNLOADED = (
    "fetches the datasets cifar10 and fashion_mnist, and this study has another; leave it out"
)


@dataclass(frozen=True)
class PreparedRun:
    """A study that has passed every check."""

    study: Study
    images: Images | None  # None where the study's training runs are a function's
    graph: Graph
    run_id: str
    settings: Settings
    summary: SplitSummary | None  # of the images' division, and what is to be known of it


def prepare(study: Study, settings: Settings) -> PreparedRun:
    """Check everything that can be wrong before work starts, and write nothing.

    Args:
        study: What is to be run.
        settings: How, and where its files and its database lie.

    Returns:
        The run, ready for :func:`oracle.runs.execute.execute`.

    Raises:
        BadInput: All problems at once: of the images, the user's own code, the folder, the device,
            the store and the database.
    """
    study = study.with_source()
    if isinstance(study, FunctionStudy):
        return _prepare_function(study, settings)
    problems = start_problems(study)
    images, image_problems = _load_images(study, settings)
    problems += image_problems
    if images is not None:
        problems += system_checks.problems(study.system, images, study.cycles)
    elif isinstance(study.network, FactorySpec):
        try:
            factory.load_factory(study.network.factory)
        except ValueError as error:
            problems.append(Problem("network", str(error)))
    problems += _device_problems(study, settings)
    problems += _place_problems(study, settings)
    if problems or images is None:
        raise BadInput(study.name, problems)
    graph = Graph(study.system, images.fingerprint)
    summary = remarks.summary(study, images)
    free = free_run_id(study, images.fingerprint, study_url(settings, study.folder_name))
    return PreparedRun(study, images, graph, free, settings, summary)


def _load_images(study: Study, settings: Settings) -> tuple[Images | None, list[Problem]]:
    """Load a study's images; None where they cannot be loaded, and what is wrong with them."""
    used, test_part = study.images_used, study.split.test
    cache = settings.study_folder(study.folder_name) / "images"
    try:
        dataset = _downloaded(study.dataset) if settings.download else study.dataset
        images = datasets.load(dataset, used, settings.data, cache, test_part)
        problems = split_problems(images, study.split)
        if isinstance(study.dataset, FactorySpec) and not datasets.is_given_again(
            study.dataset, images, used, test_part
        ):
            rule = (
                "gives other images at each call, so nothing would be found again at the next "
                "start; seed its random numbers"
            )
            problems.append(Problem("dataset.factory", rule, study.dataset.factory))
        return images, problems
    except BadInput as error:
        return None, list(error.problems)


def _downloaded(dataset: DatasetSpec) -> DatasetSpec:
    """Return a data set that is downloaded where it is missing. Raises BadInput for others."""
    if not isinstance(dataset, TorchvisionDataSpec):
        raise BadInput("dataset", [SettingProblem("download", _NOT_DOWNLOADED)])
    return dataset.model_copy(update={"download": True})


def _prepare_function(study: FunctionStudy, settings: Settings) -> PreparedRun:
    """As :func:`prepare`, of a study whose training runs are a function's. Raises BadInput."""
    problems = start_problems(study)
    problems += function_problems(study, settings)
    if settings.download:
        problems.append(SettingProblem("download", _NOT_DOWNLOADED))
    problems += _place_problems(study, settings)
    if problems:
        raise BadInput(study.name, problems)
    graph = Graph(study.system, FINGERPRINT)
    free = free_run_id(study, FINGERPRINT, study_url(settings, study.folder_name))
    return PreparedRun(study, None, graph, free, settings, None)


def _device_problems(study: Study, settings: Settings) -> list[Problem]:
    """List what is wrong with the workers that are to train."""
    problems: list[Problem] = []
    if (
        isinstance(study.network, FactorySpec)
        and study.network.factory.startswith("__main__:")
        and settings.backend == "ray"
    ):
        rule = (
            "is defined in the main script, which Ray's workers cannot import; move it to a "
            'module, or use backend "inline"'
        )
        problems.append(Problem("network.factory", rule, study.network.factory))
    remote = settings.backend == "ray" and "RAY_ADDRESS" in os.environ  # its workers have the GPUs
    if not remote and (no_device := device_rule(settings.device)):
        problems.append(SettingProblem("device", no_device, settings.device))
    return problems


def _place_problems(study: Study, settings: Settings) -> list[Problem]:
    """List what is wrong with where a run is kept: its folder, its store, its database."""
    problems: list[Problem] = []
    if rule := why_not_writable(settings.study_folder(study.folder_name)):
        problems.append(SettingProblem("runs", rule, str(settings.folder)))
    problems += shared_store.problems(settings.store, settings.backend)
    try:
        problems += probe(study_url(settings, study.folder_name))
    except BadInput as error:
        problems += error.problems
    return problems
