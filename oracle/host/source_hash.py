"""The code that computes, as a hash: what it computed is still right while it is the same."""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import sys
from pathlib import Path

_PACKAGES = ("oracle", "scyc")
_LIBRARIES = ("numpy", "scipy")  # whose versions may differ in the last digit of a result


@functools.cache
def source_hash() -> str:
    """Return a hash of this project's Python sources, and of the versions it computes with.

    Returns:
        sha256 in hexadecimal.
    """
    digest = hashlib.sha256(sys.version.encode())
    for package in _PACKAGES:
        root = _folder(package)
        for file in sorted(root.rglob("*.py")):
            _add(digest, file, f"{package}/{file.relative_to(root)}")
    for library in _LIBRARIES:
        _add(digest, _folder(library) / "version.py", library)
    return digest.hexdigest()


def _add(digest: hashlib._Hash, file: Path, name: str) -> None:
    content = file.read_bytes()
    digest.update(f"\0{name}\0{len(content)}\0".encode())
    digest.update(content)


def _folder(package: str) -> Path:
    """Return a package's folder, without importing it."""
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.origin is not None  # it is installed with this one
    return Path(spec.origin).parent
