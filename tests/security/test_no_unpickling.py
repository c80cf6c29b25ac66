"""Nothing unpickles: no storage, no sampler, no page; but torch's own reader of tensors."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GUARDED = Path(__file__).parent / "guarded_run.py"
# What unpickles what it reads, or may: Optuna's back ends and samplers among them.
FORBIDDEN = frozenset(
    {
        "CachedStorage", "JournalStorage", "JournalFileBackend", "JournalFileStorage",
        "JournalRedisBackend", "JournalRedisStorage", "RedisStorage", "GrpcStorageProxy",
        "run_grpc_proxy_server", "InMemoryStorage", "CmaEsSampler", "FileSystemArtifactStore",
        "Boto3ArtifactStore", "GCSArtifactStore", "upload_artifact", "download_artifact",
        "PickleType", "cloudpickle", "dill", "joblib", "shelve", "marshal", "jsonpickle",
        "read_pickle", "unsafe_load", "full_load", "UnsafeLoader", "FullLoader",
    }
)  # fmt: skip
PICKLES = {"scyc/data/cifar10.py"}  # behind a list of names, and a sum


def sources() -> list[Path]:
    return [each for part in ("oracle", "scyc", "studies") for each in (ROOT / part).rglob("*.py")]


def names(tree: ast.AST) -> set[str]:
    """Everything that a module imports or reaches by an attribute."""
    calls: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            calls |= {part for each in node.names for part in each.name.split(".")}
            calls |= set((getattr(node, "module", None) or "").split("."))
        elif isinstance(node, ast.Attribute):
            calls.add(node.attr)
        elif isinstance(node, ast.Name):
            calls.add(node.id)
    return calls


def test_no_module_names_what_unpickles() -> None:
    every = sources()
    assert len(every) > 100
    for file in every:
        used = names(ast.parse(file.read_text(encoding="utf-8")))
        assert used & FORBIDDEN == set(), file
        if str(file.relative_to(ROOT)) not in PICKLES:
            assert used & {"pickle", "_pickle"} == set(), file


def test_every_reader_of_tensors_and_arrays_disables_unpickling() -> None:
    wanted = {"torch.load": ("weights_only", True), "np.load": ("allow_pickle", False)}
    seen = []
    for file in sources():
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in wanted:
                option, value = wanted[ast.unparse(node.func)]
                given = {each.arg: ast.literal_eval(each.value) for each in node.keywords
                         if each.arg in ("weights_only", "allow_pickle")}  # fmt: skip
                silent = option == "allow_pickle" and not given  # NumPy's own default
                assert silent or given == {option: value}, file
                seen.append(file.name)
    assert {"checkpoint_store.py", "pack_state_file.py", "cache.py"} <= set(seen)


STUDY = """name: guarded
dataset: digits
subset: 0.2
network: {name: fully_connected, hidden: [16]}
pruning: {rewind: init}
training: {steps: 12, batch: 16, validate_every: 6}
schedule: {warmup: 3, drops: [8]}
"""
ORACLE = (
    "grid: {max_lr: [0.05, 0.1]}\ncycles: 1\nreplicates: 1\n"
    "s_cyc: {epsilon: 0.1, delta: 0.1, q: 0, beta: 3.0}\n"
)
SEARCH = (
    "kind: search\nsearch: {name: optuna, sampler: tpe, trials: 4, startup: 1, parallel: 1, "
    "epsilon: {low: 0.01, high: 0.1, log: true}, delta: {low: 0, high: 0.2}}\n"
    "objective: mean\ncycles: 2\nreplicates: 1\n"
)


def guarded(folder: Path, study: str, *more: str) -> subprocess.CompletedProcess[str]:
    """A program in which whatever unpickles ends it (guarded_run.py)."""
    (folder / "mine.yaml").write_text(STUDY + study, encoding="utf-8")
    return subprocess.run(
        [sys.executable, str(GUARDED), str(folder), *more],
        capture_output=True, text=True, timeout=300, cwd=ROOT, check=False,
    )  # fmt: skip


def test_a_run_its_resumption_and_its_dashboard_unpickle_nothing(tmp_path: Path) -> None:
    ended = guarded(tmp_path, ORACLE)
    assert ended.returncode == 0, ended.stderr[-3000:]
    assert int(ended.stdout.split()[-1]) >= 20


def test_the_guard_notices_a_pickle(tmp_path: Path) -> None:
    ended = guarded(tmp_path, ORACLE, "break")
    assert ended.returncode == 1
    assert "something was unpickled" in ended.stderr


@pytest.mark.slow
@pytest.mark.parametrize("sampler", ["tpe", "random", "gp", "qmc"])
def test_a_search_by_a_sampler_unpickles_nothing(tmp_path: Path, sampler: str) -> None:
    ended = guarded(tmp_path, SEARCH.replace("tpe", sampler))
    assert ended.returncode == 0, ended.stderr[-3000:]
    assert int(ended.stdout.split()[-1]) >= 12
