"""The resources that are requested from Ray for a training run; without Ray."""

import contextlib
import sys
from pathlib import Path
from typing import Any

import pytest

from oracle.errors import PackFailed, RayUnavailable
from oracle.execution import ray_backend, ray_cluster
from oracle.execution.ray_cluster import too_small
from oracle.execution.worker import WorkerConfig


class Cluster:
    """Stands for the module ray."""

    __spec__ = None

    def __init__(self, *nodes: tuple[float, float]) -> None:
        self._nodes = nodes

    started = False  # by the user, before

    def is_initialized(self) -> bool:
        return self.started

    def shutdown(self) -> None:
        self.started = False

    def nodes(self) -> list[dict[str, Any]]:
        requests = [
            {"Alive": True, "Resources": {"CPU": cpus, "GPU": gpus} if gpus else {"CPU": cpus}}
            for cpus, gpus in self._nodes
        ]
        return [*requests, {"Alive": False, "Resources": {"CPU": 99.0, "GPU": 99.0}}]


def test_the_error_for_a_training_run_that_fits_no_node_names_the_largest_node() -> None:
    cluster = Cluster((8.0, 0.0), (4.0, 2.0))
    assert too_small(cluster, {"cpu": 8.0, "gpu": 0.0}) is None
    assert too_small(cluster, {"cpu": 4.0, "gpu": 2.0}) is None
    rule = too_small(cluster, {"cpu": 8.0, "gpu": 1.0})
    assert rule == ("a training run takes 8 CPUs and 1 GPUs, and Ray's largest node has 4 and 2")
    assert "has 0 and 0" in str(too_small(Cluster(), {"cpu": 1.0, "gpu": 0.0}))


class Queue:
    """A queue with work in it."""

    finished = False

    def __init__(self) -> None:
        self.messages: list[str] = []
        self.events = self

    def say(self, text: str) -> None:
        self.messages.append(text)


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Any]:
    """What a local Ray is started with and what its trainable needs, in turn."""
    requests: list[Any] = []

    def connect(ray: Any, cluster: bool, cpus: int, on_gpu: bool, scratch: Path) -> None:
        requests.append((cpus, on_gpu))

    def fit(spec: Any, queue: Any, workers: int, needed: Any, scratch: Path) -> None:
        requests.append((workers, needed))

    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.setattr(ray_backend, "make_scratch", lambda: tmp_path / "scratch")
    for module, name in (
        (ray_backend.ray_reaper, "none_left"),
        (ray_backend.ray_auth, "environment"),
    ):
        monkeypatch.setattr(module, name, lambda *_: contextlib.nullcontext())
    monkeypatch.setattr(ray_backend, "connect", connect)
    monkeypatch.setattr(ray_backend, "_fit", fit)
    monkeypatch.setattr(ray_backend, "count_gpus", lambda ray: 1)
    # Ray itself is not imported: what comes later in this process sets its environment first.
    fake: Any = Cluster((8.0, 1.0))
    monkeypatch.setitem(sys.modules, "ray", fake)
    return requests


def worker(resources: tuple[float, float] | None) -> WorkerConfig:
    return WorkerConfig({}, "", "", "", "", 1.0, "cpu", (), resources=resources)


@pytest.mark.parametrize(
    ("resources", "started", "needed"),
    [
        ((2.0, 0.5), (6, True), {"cpu": 2.0, "gpu": 0.5}),
        ((0.5, 0.0), (2, False), {"cpu": 0.5, "gpu": 0.0}),
        (None, (3, False), {"cpu": 1.0, "gpu": 0.0}),
    ],
)
def test_the_declared_resources_are_requested_from_ray(
    requests: list[Any],
    resources: tuple[float, float] | None,
    started: tuple[int, bool],
    needed: dict[str, float],
) -> None:
    queue: Any = Queue()
    ray_backend.ray_tune(worker(resources), queue, 3)
    assert requests == [started, (3, needed)]
    assert queue.messages == ["starting Ray"]


def test_a_local_ray_that_is_too_small_is_refused_and_a_cluster_s_growth_is_waited_for(
    requests: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    queue: Any = Queue()
    with pytest.raises(PackFailed, match=r"has 8 and 1; lower the resources of @oracle.trainable"):
        ray_backend.ray_tune(worker((1.0, 2.0)), queue, 1)
    assert requests == [(1, True)]
    monkeypatch.setenv("RAY_ADDRESS", "10.0.0.1:6379")
    ray_backend.ray_tune(worker((1.0, 2.0)), queue, 1)
    assert requests[-1] == (1, {"cpu": 1.0, "gpu": 2.0})
    *begun, last = queue.messages
    assert begun == ["starting Ray", "connecting to Ray"]
    assert last.endswith("has 8 and 1: it waits for a larger one")


class Overloaded:
    """A Ray whose node does not come up in time."""

    def init(self, **given: Any) -> None:
        raise Exception("The current node timed out during startup.")  # as Ray's


def test_a_ray_that_does_not_start_is_reported_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(PackFailed, match=r"did not start.*timed out.*--backend inline"):
        ray_cluster.connect(Overloaded(), False, 1, False, tmp_path)


@pytest.mark.parametrize(("failures", "trains"), [(2, True), (3, False)])
def test_a_local_ray_has_three_attempts_to_start(
    requests: list[Any], monkeypatch: pytest.MonkeyPatch, failures: int, trains: bool
) -> None:
    queue: Any = Queue()
    attempts: list[Path] = []

    def connect(*given: Any) -> None:
        attempts.append(given[-1])
        if len(attempts) <= failures:
            raise RayUnavailable("Ray did not start", cluster=False)

    monkeypatch.setattr(ray_backend, "connect", connect)
    with contextlib.nullcontext() if trains else pytest.raises(RayUnavailable):
        ray_backend.ray_tune(worker((2.0, 0.0)), queue, 2)
    assert len(attempts) == 3
    assert requests == ([(2, {"cpu": 2.0, "gpu": 0.0})] if trains else [])
    again = ["Ray did not start; trying again", "starting Ray"]
    assert queue.messages == ["starting Ray", *again, *again]


def test_a_ray_that_the_user_has_started_is_used_and_left_running(
    requests: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    queue: Any = Queue()
    users: Any = Cluster((4.0, 0.0))
    users.started = True
    monkeypatch.setitem(sys.modules, "ray", users)
    ray_backend.ray_tune(worker((2.0, 0.0)), queue, 2)
    assert requests == [(2, {"cpu": 2.0, "gpu": 0.0})]  # trained, and nothing started
    assert users.started
    assert queue.messages == ["using the Ray of this process"]
