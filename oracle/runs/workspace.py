"""The folder of a study while a run works in it: images, checkpoints, packs under way."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

from oracle.execution.pack_state import PackStates
from oracle.execution.worker import WorkerConfig
from oracle.host.devices import resolve_device
from oracle.runs.function_checks import function_resources
from oracle.runs.prepare import PreparedRun
from oracle.study.base import Study
from oracle.study.declared import uses_own_code
from oracle.study.function import FunctionStudy
from scyc.data import cache
from scyc.specs import factory
from scyc.specs.base import as_json
from scyc.specs.factory import FactorySpec
from scyc.storage.blob_store import Folder, blobs, make_folder, read_file, sweep
from scyc.storage.checkpoint_store import CheckpointStore, FolderStore


class Workspace:
    """Where a run keeps its files: the study's folder, and the store where there is one."""

    def __init__(self, prepared: PreparedRun) -> None:
        self._prepared = prepared
        settings, folder_name = prepared.settings, prepared.study.folder_name
        self.folder = settings.study_folder(folder_name)
        location = blobs(settings.shared_location(folder_name, "checkpoints"))
        self.checkpoints = (
            FolderStore(location) if prepared.images is None else CheckpointStore(location)
        )
        self.pack_states = PackStates(self.folder, prepared.graph)

    def make(self) -> None:
        """Make the folder, and keep the decoded images where all workers find them.

        Raises:
            OSError: The disk fails.
        """
        make_folder(self.folder)
        prepared = self._prepared
        if prepared.images is None:
            return
        cache.keep(self.folder / "images", prepared.images)
        if prepared.settings.store is not None:
            location = prepared.settings.shared_location(prepared.study.folder_name, "images")
            cache.share(self.folder / "images", prepared.images.fingerprint, blobs(location))

    def has_checkpoint(self, sha256: str) -> bool:
        """Return whether a checkpoint can still be read, be it from another study's folder.

        Args:
            sha256: Of the content, in hexadecimal.

        Returns:
            True where it is in this run's store, or was copied there just now.
        """
        self.borrow(sha256)
        return self.checkpoints.has(sha256)

    def borrow(self, sha256: str) -> None:
        """Take a checkpoint that is missing here from another study of the home, if one has it.

        Studies of one system have their training runs in common; each has its files in a folder of
        its own. A hard link where the disk has them, so nothing is there twice.

        Args:
            sha256: Of the content, in hexadecimal.
        """
        files, name = self.checkpoints.files, self.checkpoints.name(sha256)
        if not isinstance(files, Folder) or (files.folder / name).exists():
            return
        for other in files.folder.parents[1].glob(f"*/checkpoints/{name}"):
            make_folder((files.folder / name).parent)
            with contextlib.suppress(OSError):  # such as a disk without hard links
                (files.folder / name).hardlink_to(other)
                return
            with contextlib.suppress(OSError):
                files.write(name, read_file(other))
                return

    @contextlib.contextmanager
    def swept(self) -> Iterator[None]:
        """Delete, before and after, unfinished files of killed processes."""
        folders = [self.folder / name for name in ("", "checkpoints", "in-flight")]
        for folder in folders:
            sweep(folder)
        try:
            yield
        finally:
            for folder in folders:
                sweep(folder)

    def worker_config(self) -> WorkerConfig:
        """Return where and on what a worker works."""
        study, settings = self._prepared.study, self._prepared.settings
        own = settings.store is not None  # each machine then keeps for itself what is under way
        device = settings.device
        if device == "auto":  # on every machine the same as here
            device = resolve_device(device).type
        return WorkerConfig(
            system=as_json(study.system),
            fingerprint=self._prepared.graph.fingerprint,
            images=settings.shared_location(study.folder_name, "images"),
            checkpoints=settings.shared_location(study.folder_name, "checkpoints"),
            in_flight="" if own else str(self.pack_states.folder.absolute()),
            save_every=60 * settings.save_every,
            device=device,
            import_from=(str(Path.cwd()),) if uses_own_code(study) else (),
            objects=_objects(study),
            resources=function_resources(study),
        )


def _objects(study: Study) -> dict[str, Callable[..., object]]:
    """Return the objects of this process that a study's training needs, by path."""
    if isinstance(study, FunctionStudy):
        path = study.trainer.function
    elif isinstance(study.network, FactorySpec):
        path = study.network.factory
    else:
        return {}
    given = factory.registered(path)
    return {} if given is None else {path: given}
