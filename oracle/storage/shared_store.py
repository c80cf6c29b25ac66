"""The store that all machines reach, where there is one: whether it can be used."""

from __future__ import annotations

import uuid

from oracle.errors import SettingProblem
from scyc.errors import Problem
from scyc.storage.blob_store import blobs


def problems(store: str | None, backend: str) -> list[Problem]:
    """Check a store by writing something there and deleting it again.

    Args:
        store: URL of the store, or None.
        backend: Name of the backend that trains.

    Returns:
        One problem for each thing that is wrong.
    """
    if store is None:
        return []
    scheme, sign, rest = store.partition("://")
    if "@" in rest.partition("/")[0]:  # it would be shown, and stored with each network
        rule = "holds a key before its @; give it by the variables or files of the store's library"
        return [SettingProblem("store", rule, "(not shown)")]
    try:
        if not sign:
            raise ValueError("is no URL; such as s3://bucket/oracle or file:///mnt/oracle")
        if scheme == "file" and not rest.startswith("/"):
            raise ValueError("is not absolute, so each machine would have its own; write file:///")
        if scheme == "memory" and backend != "inline":
            raise ValueError("is this process's own memory, which no worker sees; name another")
        files = blobs(store)
        name = f".probe-{uuid.uuid4().hex}"
        files.write(name, b"whether this store can be written to")
        files.delete(name)
    except ImportError as error:
        rule = f"needs a library that is not installed ({error}); pip install 'scyc-oracle[s3]'"
        return [SettingProblem("store", rule, store)]
    except Exception as error:  # each library has exceptions of its own
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        return [SettingProblem("store", f"cannot be used: {reason}", store)]
    return []
