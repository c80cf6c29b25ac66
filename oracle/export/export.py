"""A trained network of a stored run as a file for use elsewhere."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from oracle.export.checkpoint import (
    Found,
    State,
    find_cell,
    load_module,
    load_network,
    stored_images,
)
from oracle.export.cost import network_cost
from oracle.export.formats import FORMATS
from oracle.host.disk import raise_disk_errors
from oracle.runs.catalog import StoredRun
from oracle.settings import Settings
from scyc.data import images as data
from scyc.errors import BadInput, Problem, unknown
from scyc.specs.base import as_json
from scyc.storage.blob_store import write_whole


def export_network(
    run: StoredRun,
    settings: Settings,
    target: Path,
    form: str,
    cycle: int,
    max_lr: float | None = None,
    replicate: int = 0,
    state: State = "final",
) -> dict[str, Any]:
    """Write a network to a file, whole or not at all.

    Args:
        run: The stored run, of kind `oracle`.
        settings: Where its checkpoints are.
        target: The file.
        form: A name in :data:`oracle.export.formats.FORMATS`.
        cycle: Completed pruning cycles.
        max_lr: A value of the cycle's grid; None: the well-tuned one.
        replicate: Counted from 0.
        state: See :meth:`oracle.Run.network`.

    Returns:
        The metadata that the file holds, see :func:`metadata_of`.

    Raises:
        BadInput: There is no such network or format, the format's library is not installed, or
            the checkpoint was deleted because another max_lr was better.
        DiskError: The file cannot be written.
    """
    if form not in FORMATS:
        raise BadInput("export", [Problem("format", unknown(str(form), FORMATS), form)])
    found = find_cell(run, cycle, max_lr, replicate)
    network = load_network(run, settings, found, state)
    module = load_module(run, settings, found, state)
    metadata = metadata_of(run, settings, found, state)
    content = FORMATS[form](module, network, metadata)
    with raise_disk_errors():
        write_whole(target, content, mode=0o666)
    return metadata


def metadata_of(run: StoredRun, settings: Settings, found: Found, state: State) -> dict[str, Any]:
    """Return what is to be known of a network, as JSON values.

    ``weights`` says which weights these are: "last" or "best" ones of the training, or an untrained
    state. ``val_accuracy`` is the best of the training run's looks, ``test_accuracy`` that of the
    weights at that look, both in percent. ``input`` says how pixels become the network's input:
    ``(pixels - mean) / std``, per channel, of pixels from 0 to 255. ``sha256`` is the checkpoint's.
    """
    module = load_module(run, settings, found, state)
    network = load_network(run, settings, found, state)
    images = stored_images(run, settings)
    study, result = run.study, found.result
    split = data.split(images, study.split, study.seed, found.cell.replicate)
    return {
        "run": run.record.run_id,
        "cycle": found.cell.cycle,
        "max_lr": found.cell.max_lr,
        "well_tuned": found.well_tuned,
        "replicate": found.cell.replicate,
        "state": state,
        "weights": study.training.carry if state == "final" else state,
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
        "cost": asdict(network_cost(module, network, images.shape)),
    }
