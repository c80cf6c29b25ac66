"""Validation values over Ray: small messages in the store that every Ray cluster has at its head.

An actor or a queue would be a process more. A message that cannot be sent is dropped.
"""

from __future__ import annotations

import contextlib
import json
import uuid
from collections.abc import Callable, Sequence
from typing import Any

from oracle.execution.curves.reporter import Point

_NAMESPACE = b"scyc-oracle-curves"


def sender(channel: str, trial: str) -> Callable[[Sequence[Point]], None]:
    """Return what sends the values of one pack to the driver.

    Args:
        channel: The driver's, see :class:`CurveChannel`.
        trial: Ray Tune's name of the pack's trial.

    Returns:
        A function of the values.
    """
    from ray.experimental import internal_kv  # noqa: PLC0415  # as ray itself

    def send(points: Sequence[Point]) -> None:
        key = f"{channel}/{trial}/{uuid.uuid4().hex}".encode()
        with contextlib.suppress(Exception):  # a curve is no reason to fail a training run
            internal_kv._internal_kv_put(key, json.dumps(points).encode(), namespace=_NAMESPACE)

    return send


class CurveChannel:
    """The driver's end: reads and deletes what its workers have sent."""

    def __init__(self) -> None:
        self.name = uuid.uuid4().hex  # other drivers may use the same cluster

    def read(self) -> list[tuple[str, list[Point]]]:
        """Return each message's trial and values, in no order; none where Ray does not answer."""
        from ray.experimental import internal_kv  # noqa: PLC0415  # as ray itself

        read: list[tuple[str, list[Point]]] = []
        prefix = f"{self.name}/".encode()
        with contextlib.suppress(Exception):  # as above
            keys: list[Any] = internal_kv._internal_kv_list(prefix, namespace=_NAMESPACE)
            for key in keys:
                content = internal_kv._internal_kv_get(key, namespace=_NAMESPACE)
                internal_kv._internal_kv_del(key, namespace=_NAMESPACE)
                points = json.loads(content) if content else []
                trial = bytes(key).decode().split("/")[1]
                read.append((trial, [(cell, step, value) for cell, step, value in points]))
        return read

    def close(self) -> None:
        """Delete what nobody has read."""
        from ray.experimental import internal_kv  # noqa: PLC0415  # as ray itself

        with contextlib.suppress(Exception):  # as above
            prefix = f"{self.name}/".encode()
            internal_kv._internal_kv_del(prefix, del_by_prefix=True, namespace=_NAMESPACE)
