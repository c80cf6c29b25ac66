"""Damaged checkpoints and unfinished packs: trained again or reported; never executed or used."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from faults import failpoints, invariants, journal
from faults.damage import CANARY, DAMAGES
from faults.drivers import ENDS, Victim

from oracle.errors import PackFailed
from oracle.execution.checkpoint_gc import CheckpointCollector
from oracle.execution.worker import Worker
from oracle.search.graph import CellResult
from scyc.pruning.pruned_network import Network
from scyc.storage.blob_store import Bucket, blobs
from scyc.storage.checkpoint_store import CheckpointLost, CheckpointStore, name

SOME = ("cut in half", "flipped in its middle", "a file of torch's that runs code", "deleted")
REPORTED = ("a folder",)  # what a user may have put there is not deleted
WHOLE = ("a link to its copy",)


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Victim:
    """A run that was killed after the first of its cycles."""
    victim = Victim(tmp_path_factory.mktemp("begun"))
    assert victim.drive(lambda: failpoints.arm("before training", 4)) == -9, victim.errors
    return victim


def copied(victim: Victim, to: Path) -> Victim:
    shutil.copytree(victim.runs_folder, to, symlinks=True)
    (to / "errors").write_text("")
    return Victim(to)


def files_of(victim: Victim, what: str = "checkpoints") -> list[Path]:
    folder = victim.folder / what
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix == ".pt")


def clean(victim: Victim) -> None:
    """Remove what a test has put next to the checkpoints."""
    for aside in victim.folder.rglob("*.aside"):
        if (link := aside.with_suffix("")).is_symlink():
            aside.replace(link)


def trained(file: Path) -> list[str]:
    return [line.split()[1] for line in file.read_text().splitlines() if line.startswith("start")]


def pack_failure(victim: Victim) -> str:
    """What the last driver failed with."""
    return victim.errors.rpartition("errors.PackFailed: ")[2].strip()


def heals(victim: Victim, reference: Victim, damage: str, files: Callable[[], list[Path]]) -> None:
    """Damage files between two runs; the second one ends as if nothing was, or says why."""
    hurt = files()
    assert hurt
    for file in hurt:
        DAMAGES[damage](file)
    log = victim.runs_folder.parent / "journal"
    end = victim.drive(lambda: journal.keep(log))
    assert not Path(CANARY).exists()
    if damage in REPORTED:
        assert end == ENDS[PackFailed], victim.errors
        message = pack_failure(victim)
        assert re.search(r"checkpoints/\w\w/\w{64}\.pt: .*; move it away", message)
        assert "\n" not in message  # such as a traceback has
        for file in hurt:
            shutil.rmtree(file, ignore_errors=True)
        end = victim.drive()
    assert end == 0, victim.errors
    clean(victim)
    assert invariants.broken(victim, reference) == []


@pytest.mark.parametrize(
    "damage",
    [d if d in SOME + REPORTED else pytest.param(d, marks=pytest.mark.slow) for d in DAMAGES],
)
def test_a_checkpoint_that_is_damaged_between_two_runs_is_trained_again(
    begun: Victim,
    reference: Victim,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    counted: Callable[..., None],
    damage: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    victim = copied(begun, tmp_path / "runs")
    heals(victim, reference, damage, lambda: files_of(victim))
    counted("checkpoints damaged between two runs", injected=1, survived=1, broken=0)


@pytest.mark.parametrize(
    "damage",
    [d if d in SOME[1:3] else pytest.param(d, marks=pytest.mark.slow) for d in DAMAGES],
)
def test_a_checkpoint_that_is_damaged_while_it_runs_is_trained_again(
    reference: Victim,
    victim: Victim,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    counted: Callable[..., None],
    damage: str,
) -> None:
    monkeypatch.chdir(tmp_path)

    def hurt() -> None:
        for file in files_of(victim):
            DAMAGES[damage](file)

    end = victim.drive(lambda: failpoints.arm("before training", 4, hurt))
    assert not Path(CANARY).exists()
    if damage in REPORTED:
        assert end == ENDS[PackFailed], victim.errors
        for file in victim.folder.glob("checkpoints/*/*.pt"):
            if file.is_dir():
                shutil.rmtree(file)
        end = victim.drive()
    elif damage not in WHOLE:
        assert "it is trained again" in victim.errors
    assert end == 0, victim.errors
    clean(victim)
    assert invariants.broken(victim, reference) == []
    counted("checkpoints damaged while a run goes on", injected=1, survived=1, broken=0)


def test_only_the_packs_of_lost_checkpoints_are_trained_again(
    begun: Victim, reference: Victim, tmp_path: Path
) -> None:
    victim, log = copied(begun, tmp_path / "runs"), tmp_path / "journal"
    sound = copied(begun, tmp_path / "sound")
    assert sound.drive(lambda: journal.keep(tmp_path / "sound-journal")) == 0, sound.errors
    needed = {path.name for path in files_of(sound)}  # what the run goes on from is kept to its end
    DAMAGES["cut in half"](next(path for path in files_of(victim) if path.name in needed))
    assert victim.drive(lambda: journal.keep(log)) == 0, victim.errors
    more = set(trained(log)) - set(trained(tmp_path / "sound-journal"))
    assert 1 <= len(more) <= 4  # a pack
    assert invariants.broken(victim, reference) == []


def test_networks_that_come_back_with_what_is_needed_would_be_seen(
    begun: Victim, reference: Victim, tmp_path: Path
) -> None:
    victim = copied(begun, tmp_path / "runs")
    for file in files_of(victim):
        DAMAGES["deleted"](file)

    def armed() -> None:
        CheckpointCollector.drop_again = lambda *_: None  # type: ignore[method-assign]

    assert victim.drive(armed) == 0, victim.errors
    assert {each[:2] for each in invariants.broken(victim, reference)} == {"I5"}


@pytest.mark.parametrize(
    "damage", [d if d in SOME[:1] else pytest.param(d, marks=pytest.mark.slow) for d in DAMAGES]
)
def test_a_damaged_unfinished_pack_starts_over(
    reference: Victim,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    counted: Callable[..., None],
    damage: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    victim = Victim(tmp_path / "runs", save_every=1e-9)
    killed = victim.drive(lambda: failpoints.arm("after an unfinished pack is saved", 17))
    assert killed == -9, victim.errors
    (file,) = files_of(victim, "in-flight")
    DAMAGES[damage](file)
    assert victim.drive() == 0, victim.errors
    if damage not in WHOLE and not damage.startswith(("deleted", "a link to n")):
        assert "its pack starts anew" in victim.errors
    assert not Path(CANARY).exists()
    assert invariants.broken(victim, reference) == []
    counted("unfinished packs damaged", injected=1, survived=1, broken=0)


@pytest.mark.parametrize("kind", ["pixels.npy", "labels.npy", "json"])
@pytest.mark.parametrize(
    "damage",
    [
        d if d == "flipped in its middle" else pytest.param(d, marks=pytest.mark.slow)
        for d in DAMAGES
        if d not in REPORTED
    ],
)
def test_damaged_images_are_decoded_again(
    begun: Victim,
    reference: Victim,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    counted: Callable[..., None],
    kind: str,
    damage: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    victim = copied(begun, tmp_path / "runs")
    (file,) = (victim.folder / "images").glob(f"*{kind}")
    DAMAGES[damage](file)
    assert victim.drive() == 0, victim.errors
    assert not Path(CANARY).exists()
    clean(victim)
    assert invariants.broken(victim, reference) == []
    counted("decoded images damaged", injected=1, survived=1, broken=0)


def test_a_store_of_objects_is_mended_as_a_folder_is(
    reference: Victim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    victim = Victim(tmp_path / "runs", keeps={"store": f"memory:/{tmp_path}/store"})
    bucket = blobs(victim.settings.shared_location(victim.study.folder_name, "checkpoints"))
    assert isinstance(bucket, Bucket)
    seen: list[str] = []
    passed = 0
    train, write = Worker.train, Bucket.write

    def noted(self: Bucket, file: str, content: bytes) -> None:
        seen.append(file)
        write(self, file, content)

    def hurt(self: Worker, *rest: Any) -> list[CellResult]:
        nonlocal passed
        passed += 1
        for file in set(seen) if passed == 4 else ():
            if file.endswith(".pt") and bucket.has(file):
                write(bucket, file, bucket.read(file)[:-9])
        return train(self, *rest)

    monkeypatch.setattr(Bucket, "write", noted)
    monkeypatch.setattr(Worker, "train", hurt)
    victim.run()
    assert passed > 6
    assert victim.table() == reference.table()


@pytest.mark.parametrize("damage", SOME)
def test_a_worker_reports_a_damaged_network_and_deletes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    monkeypatch.chdir(tmp_path)
    store = CheckpointStore(tmp_path / "store")
    network = Network({"w": torch.ones(9)}, {"w": torch.ones(9, dtype=torch.bool)})
    sha256 = store.save(network)
    DAMAGES[damage](tmp_path / "store" / name(sha256))
    with pytest.raises(CheckpointLost, match=sha256):
        store.load(sha256)
    assert store.save(network) == sha256  # replaces the damaged one
    assert torch.equal(store.load(sha256).state["w"], torch.ones(9))
    assert not Path(CANARY).exists()
