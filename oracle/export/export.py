"""A trained network of a stored run as a file for use elsewhere."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from torch import nn

from oracle.export.checkpoint import (
    ChosenCell,
    State,
    find_cell,
    load_network,
    module_of,
    stored_images,
)
from oracle.export.cost import network_cost
from oracle.export.formats import FORMATS
from oracle.export.shrinking import check_shrinkable, prunes_filters, shrunk
from oracle.host.disk import raise_disk_errors
from oracle.runs.catalog import StoredRun
from oracle.settings import Settings
from scyc.data import images as data
from scyc.errors import BadInput, Problem, unknown
from scyc.json_types import JsonObject
from scyc.pruning.pruned_network import Network
from scyc.specs.base import as_json
from scyc.storage.blob_store import write_whole


@dataclass(frozen=True)
class Selection:
    """Which network of a run is wanted.

    Attributes:
        cycle: Completed pruning cycles.
        max_lr: A value of the cycle's grid; None: the well-tuned one.
        replicate: Counted from 0.
        state: See :meth:`oracle.Run.network`.
        shrink: Whether it is wanted without its pruned filters.
    """

    cycle: int
    max_lr: float | None = None
    replicate: int = 0
    state: State = "final"
    shrink: bool = False


@dataclass(frozen=True)
class Chosen:
    """A network of a run, with what is to be known of it.

    Attributes:
        module: In evaluation mode.
        network: Its weights and masks.
        metadata: See :func:`chosen`.
    """

    module: nn.Module
    network: Network
    metadata: JsonObject


def export_network(
    run: StoredRun, settings: Settings, target: Path, form: str, selection: Selection
) -> JsonObject:
    """Write a network to a file, whole or not at all.

    Args:
        run: The stored run, of kind `oracle`.
        settings: Where its checkpoints are.
        target: The file.
        form: A name in :data:`oracle.export.formats.FORMATS`.
        selection: Which network.

    Returns:
        The metadata that the file holds, see :func:`chosen`.

    Raises:
        BadInput: There is no such network or format, the format's library is not installed, the
            checkpoint was deleted because another max_lr was better, or filters that are not
            pruned are to be left out.
        DiskError: The file cannot be written.
    """
    if form not in FORMATS:
        raise BadInput("export", [Problem("format", unknown(str(form), FORMATS), form)])
    choice = chosen(run, settings, selection)
    content = FORMATS[form](choice.module, choice.network, choice.metadata)
    with raise_disk_errors():
        write_whole(target, content, mode=0o666)
    return choice.metadata


def chosen(run: StoredRun, settings: Settings, selection: Selection) -> Chosen:
    """Return a network of a run, and its metadata as JSON values.

    Args:
        run: The stored run.
        settings: Where runs are kept.
        selection: Which network, and in what form.

    Returns:
        The module, its weights and masks, and metadata. In the metadata ``weights`` says which
        weights these are: "last" or "best" ones of the training, or an untrained state.
        ``val_accuracy`` is the best of the training run's validations, ``test_accuracy`` that of
        the weights at that validation, both in percent. ``input`` says how pixels become the
        network's input: ``(pixels - mean) / std``, per channel, of pixels from 0 to 255. ``sha256``
        is the checkpoint's. ``filters`` are those of the whole network that remain, by layer, where
        pruned filters are left out.

    Raises:
        BadInput: As :func:`export_network`.
    """
    choice = find_cell(run, selection.cycle, selection.max_lr, selection.replicate)
    network = load_network(run, settings, choice, selection.state)
    if selection.shrink:
        check_shrinkable(run.study.pruning)
    module = module_of(run, settings, network)
    shape = stored_images(run, settings).shape
    small = shrunk(module, network, shape) if prunes_filters(run.study.pruning) else None
    metadata = _metadata(run, settings, choice, selection)
    metadata["cost"] = asdict(network_cost(module, network, shape, small))
    if not selection.shrink or small is None:
        return Chosen(module, network, metadata)
    return Chosen(small.module, small.network, metadata | {"filters": small.filters})


def _metadata(
    run: StoredRun, settings: Settings, chosen: ChosenCell, selection: Selection
) -> JsonObject:
    images = stored_images(run, settings)
    study, result = run.study, chosen.result
    split = data.split(images, study.split, study.seed, chosen.cell.replicate)
    return {
        "run": run.record.run_id,
        "cycle": chosen.cell.cycle,
        "max_lr": chosen.cell.max_lr,
        "well_tuned": chosen.well_tuned,
        "replicate": chosen.cell.replicate,
        "state": selection.state,
        "weights": study.training.carry if selection.state == "final" else selection.state,
        "weights_remaining": result.weights_remaining,
        "val_accuracy": result.val_accuracy,
        "test_accuracy": result.test_accuracy,
        "sha256": result.checkpoint,
        "network": as_json(study.network),
        "classes": list(images.classes),
        "input": {
            "shape": list(images.shape),
            "mean": split.mean.tolist(),
            "std": split.std.tolist(),
        },
        "shrunk": selection.shrink,
        "filters": {},
    }
