"""Deterministic kernels, while a study that requires them trains."""

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
def deterministic(enabled: bool) -> Iterator[None]:
    """Use deterministic kernels inside, and restore PyTorch's settings afterwards.

    Args:
        enabled: Where it is False, nothing is changed.

    Yields:
        Nothing.

    Raises:
        NotDeterministic: An operator has no such kernel.
    """
    if not enabled:
        yield
        return
    algorithms = torch.are_deterministic_algorithms_enabled()
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
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
        rule = "training.deterministic is not possible with this network and device"
        reason = str(error).splitlines()[0].split(". ")[0]
        raise NotDeterministic(f"{rule}: {reason}; leave it out, or change the network") from error
    finally:
        torch.use_deterministic_algorithms(algorithms, warn_only=warn_only)
        torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = cudnn
        if workspace is None:
            del os.environ[_CUBLAS]
        else:
            os.environ[_CUBLAS] = workspace
