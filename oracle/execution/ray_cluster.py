"""Starting a local Ray, or connecting to a cluster; its scratch folder; shares of a GPU."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from shlex import quote
from typing import Any

from oracle.errors import PackFailed, RayUnavailable
from oracle.execution import ray_auth
from oracle.host.processes import is_alive, on_this_host, process_id_string

_SCRATCH = "oracle-ray-"
_LONGEST = 19  # characters of a folder in which Ray's sockets find room


def gpu_share(workers: int, gpus: int) -> float:
    """Return the share of a GPU that a worker takes: as many on each GPU, and one GPU a worker.

    Ray counts ten-thousandths, and takes no share that is on two GPUs.

    Args:
        workers: Processes that train.
        gpus: Of the cluster.

    Returns:
        Share, in (0, 1].

    Raises:
        PackFailed: There is no GPU.
    """
    if gpus == 0:
        raise PackFailed("Ray sees no GPU; start it where there is one, or run with --device cpu")
    at_one = -(-workers // gpus)
    return (10_000 // at_one) / 10_000


def count_gpus(ray: Any) -> int:
    """Return the GPUs of the connected cluster.

    Args:
        ray: The module, connected.

    Returns:
        GPUs of all nodes, in use or not.
    """
    return int(ray.cluster_resources().get("GPU", 0))


def too_small(ray: Any, needed: Mapping[str, float]) -> str | None:
    """Return why no node of the connected cluster can hold one training run; None where one can.

    Args:
        ray: The module.
        needed: What a training run takes: "cpu" and "gpu".

    Returns:
        What a training run takes and what the largest node has, as text.
    """
    nodes = [node.get("Resources", {}) for node in ray.nodes() if node.get("Alive")]
    most = [(node.get("CPU", 0.0), node.get("GPU", 0.0)) for node in nodes]
    if any(cpus >= needed["cpu"] and gpus >= needed["gpu"] for cpus, gpus in most):
        return None
    cpus, gpus = max(most, default=(0.0, 0.0), key=lambda node: (node[1], node[0]))
    takes = f"{needed['cpu']:g} CPUs and {needed['gpu']:g} GPUs"
    return f"a training run takes {takes}, and Ray's largest node has {cpus:g} and {gpus:g}"


def make_scratch() -> Path:
    """Make a new folder for Ray's files, and remove those of drivers that were killed.

    It lies in the folder for temporary files, or in /tmp where that one's path is too long: the
    paths of Ray's sockets have 88 characters more, and may have 107.
    """
    parent = Path(tempfile.gettempdir())
    short = Path("/tmp")  # noqa: S108  # the folder in it is made for its user alone
    if len(str(parent)) > _LONGEST and os.access(short, os.W_OK):
        parent = short
    for owner in parent.glob(f"{_SCRATCH}*/driver"):
        with contextlib.suppress(OSError):
            process = owner.read_text()
            if on_this_host(process) and not is_alive(process):
                shutil.rmtree(owner.parent, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=_SCRATCH, dir=parent))
    (folder / "driver").write_text(process_id_string())
    return folder


def is_connected() -> bool:
    """Return whether this process is connected to a Ray, as by ``ray.init`` in a notebook."""
    ray: Any = sys.modules.get("ray")  # an import takes seconds, and reads the environment
    return ray is not None and bool(ray.is_initialized())


def connect(ray: Any, cluster: bool, cpus: int, on_gpu: bool, scratch: Path) -> None:
    """Connect to a cluster, or start a local Ray with so many CPUs.

    Args:
        ray: The module, connected.
        cluster: Whether an address is given.
        cpus: Of a local Ray.
        on_gpu: Whether the workers have GPUs.
        scratch: Folder of Ray's session.
    """
    quiet = {"logging_level": logging.ERROR, "log_to_driver": False}
    if cluster:
        try:
            ray.init(**quiet)
        except ConnectionError as error:
            token = _asks_for_token(error)
            if token is not None:
                raise PackFailed(token) from error
            away = f"{error}; does `ray start` run there, and on this machine, too?"
            raise RayUnavailable(away, cluster=True) from error
        return
    with contextlib.suppress(AttributeError):  # else a second Ray of this process gets no token
        ray._raylet.AuthenticationTokenLoader.instance().reset_cache()
    try:
        ray.init(
            num_cpus=cpus,
            num_gpus=None if on_gpu else 0,
            include_dashboard=False,
            object_store_memory=100 * 2**20,
            _temp_dir=str(scratch / "r"),  # Ray opens it to everyone, but not its folder
            _node_ip_address=ray_auth.LOOPBACK,
            runtime_env=_own_python(),
            **quiet,
        )
    except Exception as error:  # Ray has no class for what keeps it from starting
        raise RayUnavailable(
            f"Ray did not start: {error} Where the machine was busy, run the same command again; "
            "--backend inline needs no Ray",
            cluster=False,
        ) from error
    if ray.util.get_node_ip_address() != ray_auth.LOOPBACK:
        raise PackFailed("Ray was imported too early: it listens beyond this machine")


def _asks_for_token(error: BaseException) -> str | None:
    """Return what to do where a cluster asks for another token, else None."""
    cause: BaseException | None = error
    while cause is not None:
        if "InvalidAuthToken" in str(cause):
            return (
                f"{error}: it asks for its token; set RAY_AUTH_MODE=token, and RAY_AUTH_TOKEN_PATH "
                "to the file in which the token is"
            )
        cause = cause.__cause__
    return None


def _own_python() -> dict[str, str] | None:
    """Set the Python that the workers run, where Ray needs it.

    Ray hands the path of its Python to a shell as it is, so one with a space must come quoted.
    """
    quoted = quote(sys.executable)
    return None if quoted == sys.executable else {"py_executable": quoted}
