"""``oracle runs``: list, show, delete, rename, export, import; and files given as RUN."""

import errno
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result
from factories import make_study, tiny_content
from home_fixtures import DoneHome, home, ran
from optuna_trials import COUNT

import oracle as api
from oracle.cli.main import main
from oracle.cli.printing import INTERRUPTED
from oracle.database import RunDatabase
from oracle.errors import DiskError, WrongState
from oracle.export.checkpoint import find_cell, load_network
from oracle.inventory import archive, deletion, transport
from oracle.records.jobs import Holder, NewJob
from oracle.runs import catalog, execute, prepare
from oracle.settings import PROGRAM_FOLDER, Progress, Settings
from scyc.errors import BadInput
from scyc.storage.blob_store import Folder


def oracle(where: Path, *words: str, **options: Any) -> Result:
    arguments = [*words, "--runs", str(where)]
    return CliRunner().invoke(
        main, arguments, catch_exceptions=options.pop("raw", False), **options
    )


def output(where: Path, *words: str) -> str:
    done = oracle(where, *words)
    assert done.exit_code == 0, done.output
    return done.stdout


def listed(where: Path) -> list[dict[str, Any]]:
    content: list[dict[str, Any]] = json.loads(output(where, "runs", "list", "--format", "json"))
    return content


def trials(where: Settings) -> int:
    engine = sa.create_engine(where.storage or f"sqlite:///{where.database_file}")
    with engine.connect() as connection:
        count = connection.execute(sa.text(COUNT)).scalar_one()
    engine.dispose()
    return int(count)


def size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def test_a_network_that_is_dropped_while_runs_are_listed_counts_nothing(
    done: DoneHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = listed(done.folder)[0]["bytes"]
    networks = [*(done.folder / "tiny" / "checkpoints").rglob("*.pt")]
    stat = Path.stat

    def dropped(path: Path, **options: Any) -> Any:
        """Drop a network when somebody has looked at it once."""
        answer = stat(path, **options)
        if path in networks:
            path.unlink()
        return answer

    monkeypatch.setattr(Path, "stat", dropped)
    assert listed(done.folder)[0]["bytes"] == whole
    assert listed(done.folder)[0]["bytes"] < whole


def test_a_list_has_state_progress_size_and_date(done: DoneHome) -> None:
    (row,) = listed(done.folder)
    assert (row["id"], row["study"], row["state"]) == (done.run_id, "tiny", "done")
    assert (row["done"], row["expected"]) == (done.cells, done.cells)
    assert row["bytes"] == size(done.folder / "tiny")
    assert (row["owners"], row["name"]) == ([], None)
    lines = output(done.folder, "runs", "list").splitlines()
    heads = ["run", "name", "state", "progress", "scale", "latest", "size", "owner"]
    assert lines[0].split() == heads
    assert lines[1].split()[:4] == [done.run_id, "done", f"{done.cells}/{done.cells}", "full"]
    assert row["ended"][:10] in lines[1]
    shown = output(done.folder, "runs", "show", "tiny")
    assert f"folder    {done.folder / 'tiny'}\n" in shown
    assert json.loads(output(done.folder, "runs", "show", "tiny", "--format", "json")) == row


def test_a_deletion_asks_for_confirmation_and_leaves_nothing(done: DoneHome) -> None:
    size_before = size(done.folder / "tiny")
    refused = oracle(done.folder, "runs", "delete", "tiny", input="n\n")
    assert refused.stdout.endswith("nothing was deleted\n")
    nobody = oracle(done.folder, "runs", "delete", "tiny", input="")
    assert nobody.exit_code == INTERRUPTED
    assert nobody.stderr == "\nnothing was deleted; --yes deletes without asking\n"
    assert size(done.folder / "tiny") == size_before
    printed = output(done.folder, "runs", "delete", "tiny", "--yes")
    assert printed.startswith(f"{done.run_id} is deleted: {done.cells} training runs, ")
    assert listed(done.folder) == []
    assert [path.name for path in done.folder.iterdir()] == [PROGRAM_FOLDER]
    assert trials(home(done.folder)) == 0
    assert optuna.get_all_study_names(f"sqlite:///{home(done.folder).database_file}") == []
    assert ran(home(done.folder))[1][0] == 0  # it is trained from the start


def test_what_another_run_needs_stays(done: DoneHome) -> None:
    where = home(done.folder)
    longer, _ = ran(where, cycles=2)
    before, table = trials(where), catalog.stored_table(catalog.find_run(longer, where))
    gone = deletion.delete(catalog.find_run(done.run_id, where), where)
    assert (gone.cells, trials(where)) == (0, before)
    assert catalog.stored_table(catalog.find_run(longer, where)) == table
    assert load_network(
        catalog.find_run(longer, where),
        where,
        find_cell(catalog.find_run(longer, where), 2),
        "final",
    ).masks
    again, finished = ran(where)  # and the other way round
    assert (again, finished) == (done.run_id, [done.cells])
    gone = deletion.delete(catalog.find_run(longer, where), where)
    assert (gone.cells, trials(where)) == (before - done.cells, done.cells)
    run = catalog.find_run(done.run_id, where)
    assert load_network(run, where, find_cell(run, 1), "final").masks
    assert ran(where) == (done.run_id, [done.cells])
    assert len(ran(where, cycles=2)[1]) == 1 + before - done.cells  # trials are numbered anew


def test_a_run_that_is_under_way_is_not_deleted(done: DoneHome) -> None:
    where = home(done.folder)
    run = catalog.find_run("tiny", where)
    ledger = RunDatabase(run.url)
    with ledger.lease(run.record.graph, print), pytest.raises(WrongState, match="is running"):
        deletion.delete(run, where)
    jobs, me = ledger.jobs(), Holder("here", "boot/ns 1 2 host")
    jobs.submit(NewJob("tiny-1", "ann", "tiny", "{}", ""))
    assert jobs.claim(me)
    assert jobs.ran_as("tiny-1", me, done.run_id)
    with pytest.raises(WrongState, match="cancel it first"):
        deletion.delete(run, where)
    assert listed(done.folder)[0]["owners"] == ["ann"]
    jobs.release("tiny-1", me, "done")
    deletion.delete(run, where)
    assert jobs.page() == []  # submitted again, it runs again
    ledger.close()


def test_a_name_finds_its_run_and_its_id_stays(done: DoneHome) -> None:
    output(done.folder, "runs", "rename", "tiny", "first-try")
    table = json.loads(output(done.folder, "table", "first-try", "--format", "json"))
    assert table["run_id"] == done.run_id
    assert listed(done.folder)[0]["name"] == "first-try"
    output(done.folder, "runs", "rename", "first-try", "second")
    assert catalog.find_run("second", home(done.folder)).record.run_id == done.run_id
    output(done.folder, "runs", "rename", "second", done.run_id)
    assert listed(done.folder)[0]["name"] is None


@pytest.mark.parametrize("name", ["tiny", "tiny-0123abcd", "Upper", "../up", "", "a b", "x" * 65])
def test_a_name_that_is_none_or_is_taken_is_refused(done: DoneHome, name: str) -> None:
    refused = oracle(done.folder, "runs", "rename", done.run_id, name, raw=True)
    assert isinstance(refused.exception, BadInput)
    assert [(each.path, each.value) for each in refused.exception.problems] == [("NAME", name)]


@pytest.fixture
def packed(done: DoneHome, tmp_path: Path) -> Path:
    output(done.folder, "runs", "export", "tiny", str(tmp_path / "tiny.zip"))
    return tmp_path / "tiny.zip"


def test_an_exported_run_is_the_same_elsewhere(
    done: DoneHome, packed: Path, tmp_path: Path, storage: str
) -> None:
    here, there = home(done.folder), home(tmp_path / "there", storage=storage)
    table = catalog.stored_table(catalog.find_run("tiny", here))
    taken = transport.import_run(packed, there)
    assert (taken.run_id, taken.state, taken.cells) == (done.run_id, "done", done.cells)
    assert taken.networks == len(list((done.folder / "tiny").rglob("*.pt")))
    run = catalog.find_run("tiny", there)
    assert catalog.stored_table(run) == table
    assert load_network(run, there, find_cell(run, 1), "final").masks
    again = transport.import_run(packed, there)
    assert (again.cells, again.networks, trials(there)) == (0, 0, done.cells)
    assert ran(there) == (done.run_id, [done.cells])


def test_a_stopped_run_continues_on_another_machine(tmp_path: Path) -> None:
    here, there = home(tmp_path / "here"), home(tmp_path / "there")

    class Stopped(BaseException):
        pass

    def cells(count: int, _: int) -> None:
        if count == 9:
            raise Stopped

    with pytest.raises(Stopped):
        execute.execute(prepare.prepare(make_study(cycles=1), here), Progress(cells=cells))
    output(here.folder, "runs", "export", "tiny", str(tmp_path / "tiny.zip"))
    taken = transport.import_run(tmp_path / "tiny.zip", there)
    assert (taken.state, taken.cells) == ("stopped", trials(here))
    assert ran(there)[1][0] == taken.cells


def rewritten(change: Callable[[dict[str, bytes]], None]) -> Callable[[Path], None]:
    """A zip whose files were changed, or others added; its manifest fits unless it is changed."""

    def rewrite(file: Path) -> None:
        with zipfile.ZipFile(file) as old:
            content = {name: old.read(name) for name in old.namelist()}
        change(content)
        with zipfile.ZipFile(file, "w") as new:
            for name, data in content.items():
                new.writestr(name, data)

    return rewrite


def manifest(**changes: Any) -> Callable[[dict[str, bytes]], None]:
    def change(content: dict[str, bytes]) -> None:
        told_so = json.loads(content["manifest.json"])
        content["manifest.json"] = json.dumps(told_so | changes).encode()

    return change


def results(change: Callable[[list[dict[str, Any]]], None]) -> Callable[[dict[str, bytes]], None]:
    def changed(content: dict[str, bytes]) -> None:
        parsed = json.loads(content["results.json"])
        change(parsed)
        content["results.json"] = json.dumps(parsed).encode()
        told_so = json.loads(content["manifest.json"])
        told_so["files"]["results.json"] = archive.file_entry(content["results.json"])
        content["manifest.json"] = json.dumps(told_so).encode()

    return changed


def another_network(content: dict[str, bytes]) -> None:
    name = next(name for name in content if name.startswith("checkpoints/"))
    content[name] = content[name][:-1] + b"x"


BAD: dict[str, tuple[Callable[[Path], None], str]] = {
    "no zip": (lambda file: file.write_bytes(b"no zip" * 100), "is no archive"),
    "cut": (lambda file: file.write_bytes(file.read_bytes()[:-3000]), "is no archive"),
    "another zip": (rewritten(lambda content: content.clear()), "no manifest.json"),
    "newer": (rewritten(manifest(version=2)), "has version 2"),
    "another format": (rewritten(manifest(format="x")), "is not that of a run"),
    "no study": (rewritten(manifest(study=3)), "not what it should be"),
    "another id": (rewritten(manifest(run="tiny-00000000")), "is not the id"),
    "other images": (rewritten(manifest(fingerprint="0" * 64)), "is not the id"),
    "a path": (rewritten(lambda content: content.update({"../../x": b"x"})), "not in the manifest"),
    "an absolute path": (
        rewritten(
            lambda content: (
                manifest(
                    files=json.loads(content["manifest.json"])["files"]
                    | {"checkpoints/../../x.pt": archive.file_entry(b"x")}
                )(content),
                content.update({"checkpoints/../../x.pt": b"x"}),
            )[-1]
        ),
        "is no file of a run's",
    ),
    "a network that is damaged": (rewritten(another_network), "is damaged"),
    "a result of another study": (
        rewritten(results(lambda rows: rows[0].update(cell="0" * 64))),
        "training runs that its study does not ask for",
    ),
    "a result twice": (rewritten(results(lambda rows: rows.append(rows[0]))), "or one twice"),
    "a result that is none": (
        rewritten(results(lambda rows: rows[0].update(val_accuracy="high"))),
        "does not hold results",
    ),
}


@pytest.mark.parametrize("bad", BAD)
def test_a_file_that_is_no_run_is_refused_and_nothing_is_written(
    packed: Path, tmp_path: Path, bad: str
) -> None:
    change, rule = BAD[bad]
    change(packed)
    refused = oracle(tmp_path / "there", "runs", "import", str(packed), raw=True)
    assert isinstance(refused.exception, BadInput), refused.output
    assert rule in str(refused.exception)
    assert not (tmp_path / "there").exists()


def test_a_file_that_is_too_large_is_refused_before_it_is_unpacked(
    packed: Path, tmp_path: Path
) -> None:
    for bounds in (archive.Bounds(whole=1000), archive.Bounds(files=3)):
        with pytest.raises(BadInput, match="holds more than"):
            transport.import_run(packed, home(tmp_path / "there"), bounds)
    with pytest.raises(BadInput, match="or over 100"):
        transport.import_run(packed, home(tmp_path / "there"), archive.Bounds(network=100))
    assert not (tmp_path / "there").exists()


def test_a_file_is_read_wherever_a_run_is(done: DoneHome, packed: Path, tmp_path: Path) -> None:
    table = output(done.folder, "table", "tiny", "--format", "json")
    (tmp_path / "tiny.json").write_text(table)
    nowhere = tmp_path / "nowhere"
    for file in (str(packed), str(tmp_path / "tiny.json")):
        assert json.loads(output(nowhere, "table", file, "--format", "json")) == json.loads(table)
        for command in ("fit", "cost", "trend"):
            expected = output(done.folder, command, "tiny", "--format", "json")
            assert output(nowhere, command, file, "--format", "json") == expected, command
    output(nowhere, "plot", str(packed), "-o", str(tmp_path / "figure.html"))
    assert not nowhere.exists()


@pytest.mark.parametrize(
    "content", ["", "[]", '{"kind": "oracle"}', '{"kind": "oracle", "run_id": "a"}']
)
def test_json_that_is_no_table_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.json").write_text(content)
    for command in ("table", "plot", "fit", "cost"):
        refused = oracle(tmp_path, command, str(tmp_path / "a.json"), raw=True)
        assert isinstance(refused.exception, BadInput), (command, refused.exception)


def test_python_does_what_the_commands_do(done: DoneHome, tmp_path: Path) -> None:
    run = api.load_run("tiny", runs=done.folder)
    assert run.summary() == listed(done.folder)[0]
    run.rename("first-try")
    assert api.load_run("first-try", runs=done.folder).run_id == done.run_id
    taken = api.import_run(run.save(tmp_path / "run.zip"), runs=tmp_path / "there")
    assert (taken.run_id, taken.table) == (done.run_id, run.table)
    assert taken.network(1).training is False
    run.delete()
    assert api.list_runs(runs=done.folder) == []


def test_a_full_disk_is_reported_as_such_and_a_file_without_a_folder_is_refused(
    packed: Path, done: DoneHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Folder, "write", full)
    with pytest.raises(DiskError, match="make room there"):
        api.import_run(packed, runs=tmp_path / "there")
    assert catalog.find(home(tmp_path / "there")) == []
    for path in (tmp_path / "nowhere" / "a.zip", tmp_path):
        with pytest.raises(BadInput, match="must be a file in a folder that is there"):
            api.load_run("tiny", runs=done.folder).save(path)


def test_a_fresh_run_deletes_the_earlier_one_and_trains_again(
    done: DoneHome, tmp_path: Path
) -> None:
    study = tmp_path / "tiny.yaml"
    study.write_text(json.dumps(tiny_content(cycles=1)))
    words = ("run", str(study), "--backend", "inline", "--device", "cpu")
    (before,) = listed(done.folder)
    assert "is deleted" not in output(done.folder, *words)
    assert listed(done.folder)[0]["ended"] == before["ended"]  # found, not trained
    anew = output(done.folder, *words, "--fresh")
    assert f"{done.run_id} is deleted: {done.cells} training runs" in anew
    (after,) = listed(done.folder)
    assert (after["id"], after["done"], after["state"]) == (done.run_id, done.cells, "done")
    assert after["ended"] > before["ended"]
