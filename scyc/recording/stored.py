"""How recorded distributions are stored, as JSON values."""

from __future__ import annotations

from typing_extensions import TypedDict  # pydantic reads typing's own from Python 3.12 on

RANGE_STEPS = 100  # iterations of a learning-rate range test


class BinsJson(TypedDict):
    """A :class:`scyc.recording.bins.Bins`."""

    exponent: int
    """A bin is 2^exponent wide."""
    first: int
    """Index of the first bin; bin 0 begins at 0."""
    counts: list[int]


class HistogramJson(TypedDict):
    """A histogram by Sturges' rule: see :meth:`scyc.recording.bins.Bins.sturges`."""

    low: float
    """Lower edge of the first bin."""
    width: float
    counts: list[int]


class TallyJson(TypedDict):
    """What is counted of some values, in their units; null where there is no finite number."""

    count: int
    not_finite: int
    zeros: int
    """Values that are exactly 0."""
    outside: list[float] | None
    """The bounds at which values are counted."""
    below: int | None
    """Values below the lower bound; null without bounds."""
    above: int | None
    mean: float | None
    std: float | None
    min: float | None
    max: float | None


class DistributionJson(TallyJson):
    """A recorded distribution: see :meth:`scyc.recording.distributions.Distribution.to_json`."""

    quantiles: dict[str, float] | None
    """By percent, such as "0.1"; null without a value."""
    histogram: HistogramJson | None
    bins: BinsJson | None


class PrunedNormJson(TypedDict):
    """How large what is pruned is: see :func:`scyc.recording.next_network.pruned_norm`."""

    relative: float
    share: float


class RangeTestJson(TypedDict):
    """A learning-rate range test: see :func:`scyc.recording.next_network.range_test`."""

    rate: float
    steps: int


class Recording(TypedDict, total=False):
    """What is kept of a network at the end of its training; of each what the study records."""

    weight_gradients: DistributionJson
    activations: DistributionJson
    pruned_norm: PrunedNormJson
    lr_range_test: RangeTestJson
