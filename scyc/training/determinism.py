"""Deterministic kernels, for as long as a study that asks for them trains."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch

_CUBLAS = "CUBLAS_WORKSPACE_CONFIG"  # cuBLAS is deterministic with a workspace of fixed size
_WORKSPACE = ":4096:8"
_HINT = "deterministic"  # what PyTorch's messages of operators without such a kernel say


class NotDeterministic(Exception):
    """A network needs an operator that has no deterministic version."""


@contextmanager
def deterministic(wanted: bool) -> Iterator[None]:
    """Deterministic kernels inside, if `wanted`; PyTorch's settings are put back afterwards.

    Raises NotDeterministic for an operator that has no such kernel.
    """
    if not wanted:
        yield
        return
    algorithms = torch.are_deterministic_algorithms_enabled()
    only_warned = torch.is_deterministic_algorithms_warn_only_enabled()
    cudnn = torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark
    workspace = os.environ.get(_CUBLAS)
    os.environ[_CUBLAS] = _WORKSPACE
    torch.use_deterministic_algorithms(True)
    torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = True, False
    try:
        yield
    except RuntimeError as error:
        if isinstance(error, torch.OutOfMemoryError) or _HINT not in str(error):
            raise
        rule = "training.deterministic cannot be had with this network and device"
        reason = str(error).splitlines()[0].split(". ")[0]
        raise NotDeterministic(f"{rule}: {reason}; leave it out, or change the network") from error
    finally:
        torch.use_deterministic_algorithms(algorithms, warn_only=only_warned)
        torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = cudnn
        if workspace is None:
            del os.environ[_CUBLAS]
        else:
            os.environ[_CUBLAS] = workspace
