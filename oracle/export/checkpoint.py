"""The trained network of one cell of a stored run."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from torch import Tensor, nn

from oracle.errors import SettingProblem
from oracle.experiments.oracle import OracleExperiment
from oracle.runs import catalog
from oracle.runs.catalog import StoredRun
from oracle.search.graph import Cell, CellResult
from oracle.settings import Settings
from oracle.storage import session
from oracle.study.function import FunctionStudy
from scyc.data import cache, datasets
from scyc.data.images import Images
from scyc.errors import BadInput, Problem
from scyc.networks import registry
from scyc.pruning.pruned_network import Network
from scyc.storage.blob_store import Blobs, Folder, blobs
from scyc.storage.checkpoint_store import CheckpointError, CheckpointStore, FolderStore, name

State = Literal["final", "ticket", "rewound"]
_NO_OPTIONS = ("network", "run")  # what is refused, but is no option of the command


@dataclass(frozen=True)
class ChosenCell:
    """The requested finished training run."""

    cell: Cell
    result: CellResult
    root: CellResult  # of the unpruned network that it comes from
    well_tuned: bool


def find_cell(
    run: StoredRun, cycle: int, max_lr: float | None = None, replicate: int = 0
) -> ChosenCell:
    """Return the training run of a cycle, a max_lr and a replicate.

    Args:
        run: The stored run, of kind `oracle`.
        cycle: Completed pruning cycles.
        max_lr: A value of the cycle's grid; None: the well-tuned one.
        replicate: Counted from 0.

    Returns:
        The training run, its result, and that of the unpruned network above it.

    Raises:
        BadInput: The run has no such training run.
    """
    with session.opened(run.url) as (_, store):
        replayed = catalog.replayed(run, store)
    if not isinstance(replayed, OracleExperiment):
        kind = run.record.run_id
        raise _refused(run, "run", "only a study of kind oracle has these networks", kind)
    cycles = {each.cycle: each for each in replayed.cycles}
    if cycle not in cycles:
        known = f"finished: 0 to {max(cycles)}" if cycles else "none is finished yet"
        raise _refused(run, "cycle", f"is no finished cycle of this run; {known}", cycle)
    here = cycles[cycle]
    best = here.region.well_tuned if here.region else None
    requested = best if max_lr is None else max_lr
    if best is None or requested is None:
        raise _refused(run, "max_lr", "every max_lr of this cycle diverged; there is no network")
    if requested not in here.cells:
        near = min(here.cells, key=partial(_distance, requested))
        if abs(near / requested - 1) > 1e-3:  # as many digits as are printed
            listed = ", ".join(f"{rate:.4g}" for rate in here.cells)
            raise _refused(
                run, "max_lr", f"was not tried in cycle {cycle}; tried: {listed}", requested
            )
        requested = near
    if not 0 <= replicate < len(here.cells[requested]):
        rule = f"must be 0 to {len(here.cells[requested]) - 1}"
        raise _refused(run, "replicate", rule, replicate)
    cell = here.cells[requested][replicate]
    first = replayed.cycles[0].results[cell.root.max_lr]
    roots = {each.cell: each for each in first}
    root = roots.get(cell.root.id, here.results[requested][replicate])
    return ChosenCell(cell, here.results[requested][replicate], root, requested == best)


def load_network(run: StoredRun, settings: Settings, chosen: ChosenCell, state: State) -> Network:
    """Return weights and masks of a training run, on the CPU; pruned weights are exactly zero.

    Args:
        run: The stored run.
        settings: Where its checkpoints are.
        chosen: Which training run.
        state: See :meth:`oracle.api.run.Run.network`.

    Returns:
        State and masks by name.

    Raises:
        BadInput: The network diverged, its checkpoint is gone, or there is no such state.
    """
    result = chosen.result
    if isinstance(run.study, FunctionStudy):
        rule = "its networks are the files that a training function left; use run.folder(...)"
        raise _refused(run, "run", rule, run.record.run_id)
    if state not in ("final", "ticket", "rewound"):
        raise _refused(run, "state", 'must be "final", "ticket" or "rewound"', state)
    if result.checkpoint is None:
        raise _refused(run, "max_lr", "this training run diverged; it left no network")
    trained = _loaded(run, settings, result.checkpoint)
    start, rewind = trained.state, run.study.pruning.rewind
    if state == "ticket" or (state == "rewound" and rewind == "init"):
        start = _initial(run, settings, chosen.cell.replicate)
    elif state == "rewound":
        if not isinstance(rewind, int) or chosen.root.kept is None:
            rule = f'pruning.rewind is "{rewind}": nothing is rewound; use "final" or "ticket"'
            raise _refused(run, "state", rule, state)
        start = _loaded(run, settings, chosen.root.kept).state
    return Network(
        {name: _masked(name, value, trained.masks) for name, value in start.items()}, trained.masks
    )


def load_folder(run: StoredRun, settings: Settings, chosen: ChosenCell, target: Path) -> None:
    """Write the files that a training function left below a folder, which must be empty.

    Args:
        run: The stored run.
        settings: Where runs are kept and how they are trained.
        chosen: Which training run.
        target: The file.

    Raises:
        BadInput: The study's training runs are not a function's, the folder holds something, or
            the files are gone.
    """
    if not isinstance(run.study, FunctionStudy):
        rule = "its networks are no training function's; use network() or export()"
        raise _refused(run, "run", rule, run.record.run_id)
    if chosen.result.checkpoint is None:
        raise _refused(run, "max_lr", "this training run diverged; it left no network")
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise _refused(run, "folder", "must be new or empty", str(target))
    target.mkdir(parents=True, exist_ok=True)
    sha256 = chosen.result.checkpoint
    store = FolderStore(_checkpoints(run, settings, name(sha256, FolderStore.ending)))
    try:
        store.load_folder(chosen.result.checkpoint, target)
    except CheckpointError as error:
        raise _missing(run, error) from error


def module_of(run: StoredRun, settings: Settings, network: Network) -> nn.Module:
    """Return a network of a run as a module, in evaluation mode.

    Args:
        run: The stored run.
        settings: Where its images are.
        network: A network with its masks.

    Returns:
        The module on the CPU, in the precision of the weights.

    Raises:
        BadInput: The network cannot be built, or the images are gone.
    """
    images = stored_images(run, settings)
    try:
        module = registry.build(run.study.network, images.shape, len(images.classes), seed=0)
    except ValueError as error:
        raise _refused(run, "network", str(error)) from error
    for value in network.state.values():
        if value.is_floating_point():
            module.to(value.dtype)
            break
    module.load_state_dict(network.state)
    return module.eval()


def stored_images(run: StoredRun, settings: Settings) -> Images:
    """Return the images that a run was trained on.

    Args:
        run: The stored run.
        settings: Where they are looked for, if the run's folder has none.

    Returns:
        Pixels and labels, with the run's fingerprint.

    Raises:
        BadInput: The images are gone, or are not the same.
    """
    cached = cache.cached(run.folder / "images", run.record.fingerprint)
    if cached is not None:
        return cached
    study = run.study
    images = datasets.load(
        study.dataset, study.images_used, settings.data, test_part=study.split.test
    )
    if images.fingerprint != run.record.fingerprint:
        rule = "are not those that the run was trained on; give the folder that has them"
        raise _refused(run, "data", rule)
    return images


def _checkpoints(run: StoredRun, settings: Settings, file: str) -> Blobs:
    """Return where a run's checkpoint is: its folder, or that of another study of its system."""
    if settings.store is not None:
        return blobs(settings.shared_location(run.study.folder_name, "checkpoints"))
    own = run.folder.absolute() / "checkpoints"
    others = run.folder.absolute().parent.glob(f"*/checkpoints/{file}")
    has_it = (own / file).exists()
    return Folder(own if has_it else next((each.parents[1] for each in others), own))


def _distance(requested: float, rate: float) -> float:
    return abs(rate - requested)


def _initial(run: StoredRun, settings: Settings, replicate: int) -> dict[str, Tensor]:
    images, study = stored_images(run, settings), run.study
    try:
        return registry.initial_state(
            study.network, images.shape, len(images.classes), study.seed, replicate
        )
    except ValueError as error:
        raise _refused(run, "network", str(error)) from error


def _masked(name: str, value: Tensor, masks: dict[str, Tensor]) -> Tensor:
    """Return a weight with exact zeros, of which none is negative, where it is pruned."""
    return value.masked_fill(~masks[name], 0.0) if name in masks else value


def _loaded(run: StoredRun, settings: Settings, sha256: str) -> Network:
    store = CheckpointStore(_checkpoints(run, settings, name(sha256)))
    try:
        return store.load(sha256)
    except CheckpointError as error:
        raise _missing(run, error) from error


def _missing(run: StoredRun, error: CheckpointError) -> BadInput:
    rule = (
        f"its checkpoint cannot be read ({error}). Networks of max_lr that lost are deleted unless "
        "the study has keep_checkpoints: all; to have this one, run the study again with that, in "
        "another folder of runs"
    )
    return _refused(run, "network", rule)


def _refused(run: StoredRun, path: str, rule: str, value: object = None) -> BadInput:
    problem = Problem if path in _NO_OPTIONS else SettingProblem
    return BadInput(run.record.run_id, [problem(path, rule, value)])
