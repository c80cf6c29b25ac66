"""The seam to CUDA: a step recorded once and replayed, and work on several streams.

On a CPU nothing is recorded and there is one stream: a step is called as it is. What touches CUDA
here has been written by PyTorch's documentation and not been run on a GPU; the tests hold the rest
of this module, and those that use it, against a stand-in for the recorder.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import torch
from torch import Tensor

_WARM_UP = 3  # calls before a recording: libraries set themselves up and choose their algorithms
Result = TypeVar("Result")
Step = Callable[..., None]
Recorder = Callable[
    [Callable[[], None], Sequence[Tensor], Sequence[torch.Generator]], Callable[[], None]
]


def capture(
    step: Step,
    examples: Sequence[Tensor],
    state: Sequence[Tensor] = (),
    generators: Sequence[torch.Generator] = (),
    recorder: Recorder | None = None,
) -> Step:
    """A function that does what `step` does to `state`; on a CPU, `step` itself.

    step: takes tensors of the examples' shapes, and changes the tensors of `state` and what the
    generators draw next, nothing else; it must not wait for the device. On a GPU every call copies
    its arguments into the same buffers and replays one recording. The recording leaves `state` and
    the generators as they were. recorder: how to record, in place of the device's own way.
    """
    if recorder is None:
        if examples[0].device.type != "cuda":
            return step
        recorder = _record
    buffers = [example.clone() for example in examples]
    replay = recorder(lambda: step(*buffers), state, generators)

    def call(*inputs: Tensor) -> None:
        for buffer, given in zip(buffers, inputs, strict=True):
            buffer.copy_(given, non_blocking=True)
        replay()

    return call


class Streams:
    """As many streams as there are tasks that do not wait for each other; on a CPU, one."""

    def __init__(self, device: torch.device, count: int) -> None:
        on_gpu = device.type == "cuda" and count > 1
        self._streams = [torch.cuda.Stream(device) for _ in range(count)] if on_gpu else []

    def run(self, tasks: Sequence[Callable[[], Result]]) -> list[Result]:
        """Run tasks beside each other: after all that the device was asked, before what is next."""
        if not self._streams:
            return [task() for task in tasks]
        main = torch.cuda.current_stream(self._streams[0].device)
        results = []
        for stream, task in zip(self._streams, tasks, strict=True):
            stream.wait_stream(main)
            with torch.cuda.stream(stream):
                results.append(task())
        for stream in self._streams:
            main.wait_stream(stream)
        return results


def _record(
    work: Callable[[], None], state: Sequence[Tensor], generators: Sequence[torch.Generator]
) -> Callable[[], None]:
    """Record `work` as a CUDA graph; not run on a GPU yet."""
    with torch.cuda.device(state[0].device):
        return _recorded(work, state, generators)


def _recorded(
    work: Callable[[], None], state: Sequence[Tensor], generators: Sequence[torch.Generator]
) -> Callable[[], None]:
    saved = [value.clone() for value in state]
    seeds = [generator.get_state() for generator in generators]
    aside = torch.cuda.Stream()
    aside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(aside):
        for _ in range(_WARM_UP):
            work()
    torch.cuda.current_stream().wait_stream(aside)
    graph = torch.cuda.CUDAGraph()
    for generator in generators:
        graph.register_generator_state(generator)
    with torch.cuda.graph(graph):
        work()
    for value, old in zip(state, saved, strict=True):
        value.copy_(old)
    for generator, seed in zip(generators, seeds, strict=True):
        generator.set_state(seed)
    return graph.replay
