"""What the built-in studies need and cost, computed without their images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from oracle.experiments.registry import expected_cells, experiment
from oracle.search.graph import Graph
from oracle.study.base import Study
from oracle.study.built_in import bundled_studies
from oracle.study.loading import read_yaml
from oracle.study.validation import parse
from scyc.specs.factory import FactorySpec

_ON_A_CPU = 1_000_000  # steps of convolutional networks up to which a CPU will do
_INCLUDED = ("digits",)  # data sets that come with the dependencies


@dataclass(frozen=True)
class BuiltInStudy:
    """A built-in study, before it is run."""

    name: str
    kind: str
    network: str
    data: str  # what to give: nothing, or a folder with --data
    training_runs: int  # if no grid grows
    steps: int  # of each
    device: str  # on which it ends in good time


def built_in_studies() -> list[BuiltInStudy]:
    """Return all built-in studies, by name."""
    return [_described(parse(read_yaml(text, name), name)) for name, text in _texts()]


def studies_text(studies: Sequence[BuiltInStudy]) -> str:
    """Format studies for a terminal, a line each.

    Args:
        studies: The studies, in their order.

    Returns:
        Lines with an end: a heading, one a study, and a note.
    """
    heads = ("study", "kind", "network", "data", "training runs", "steps each", "device")
    rows = [
        (
            each.name,
            each.kind,
            each.network,
            each.data,
            f"{each.training_runs:,}",
            f"{each.steps:,}",
            each.device,
        )
        for each in studies
    ]
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    lines = []
    for row in (heads, *rows):
        cells = [
            f"{cell:>{width}}" if index in (4, 5) else f"{cell:<{width}}"
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    note = "oracle check STUDY estimates the time on this machine; --scale and the like reduce it."
    return "\n".join([*lines, "", note]) + "\n"


def _texts() -> list[tuple[str, str]]:
    return sorted(bundled_studies().items())


def _described(study: Study) -> BuiltInStudy:
    graph = Graph(study.system, "0" * 64)  # of images that nobody has looked at
    runs = expected_cells(experiment(study, graph))
    network = study.network
    plain = not isinstance(network, FactorySpec) and network.name == "fully_connected"
    light = plain or runs * study.training.steps <= _ON_A_CPU
    return BuiltInStudy(
        name=study.name,
        kind=str(getattr(study, "kind", "oracle")),
        network=_factory(network) if isinstance(network, FactorySpec) else network.name,
        data=_data(study),
        training_runs=runs,
        steps=study.training.steps,
        device="CPU" if light else "GPU",
    )


def _data(study: Study) -> str:
    dataset = study.dataset
    if isinstance(dataset, FactorySpec):
        return "generated"
    if dataset.name in _INCLUDED:
        return f"{dataset.name} (included)"
    return f"{dataset.name}: --data FOLDER"


def _factory(spec: FactorySpec) -> str:
    return spec.factory.rpartition(":")[2]
