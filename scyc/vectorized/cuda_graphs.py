"""CUDA graphs and streams: a step recorded once and replayed, and work on several streams.

On a CPU nothing is recorded and there is one stream: a step is called as it is. What uses CUDA here
was written from PyTorch's documentation and has not been run on a GPU; the tests replace the
recorder.
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
    """Record a step, and return a function that replays it; on a CPU, return the step itself.

    On a GPU every call copies its arguments into the same buffers and replays one recording. The
    recording leaves `state` and the generators as they were.

    Args:
        step: Takes tensors of the examples' shapes, and changes nothing but the tensors of `state`
            and what the generators draw next. It must not wait for the device.
        examples: Of the step's arguments.
        state: Tensors that the step changes.
        generators: From which the step draws.
        recorder: How to record, in place of the device's own way.

    Returns:
        A function that does the same as `step` for other values of the same shapes.
    """
    if recorder is None:
        if examples[0].device.type != "cuda":
            return step
        recorder = _record
    buffers = [example.clone() for example in examples]
    replay = recorder(lambda: step(*buffers), state, generators)

    def call(*inputs: Tensor) -> None:
        for buffer, value in zip(buffers, inputs, strict=True):
            buffer.copy_(value, non_blocking=True)
        replay()

    return call


class Streams:
    """A stream for each of the tasks that do not depend on each other; on a CPU, one.

    Args:
        device: Where the tasks run.
        count: How many tasks there are.
    """

    def __init__(self, device: torch.device, count: int) -> None:
        on_gpu = device.type == "cuda" and count > 1
        self._streams = [torch.cuda.Stream(device) for _ in range(count)] if on_gpu else []

    def run(self, tasks: Sequence[Callable[[], Result]]) -> list[Result]:
        """Run tasks in parallel, after what was queued on the device and before what follows.

        Args:
            tasks: One for each stream, each of which queues work on the device.

        Returns:
            Their results in order; the work they queued may still be under way.
        """
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
    """Record `work` as a CUDA graph; this has not been run on a GPU yet."""
    with torch.cuda.device(state[0].device):
        return _recorded(work, state, generators)


def _recorded(
    work: Callable[[], None], state: Sequence[Tensor], generators: Sequence[torch.Generator]
) -> Callable[[], None]:
    saved = [value.clone() for value in state]
    seeds = [generator.get_state() for generator in generators]
    warm_up = torch.cuda.Stream()
    warm_up.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(warm_up):
        for _ in range(_WARM_UP):
            work()
    torch.cuda.current_stream().wait_stream(warm_up)
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
