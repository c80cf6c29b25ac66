"""A corpus of networks that users write: each is refused in one line, or right."""

import functools
import random
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from costly import costly
from torch import Tensor, nn
from torch.nn.utils import parametrizations, prune, spectral_norm, weight_norm

from scyc import Trainer, iterate
from scyc.checks import system as checks
from scyc.data.images import Images
from scyc.specs.factory import FactorySpec
from scyc.specs.schedules import ConstantSpec
from scyc.specs.system import PruningSpec, SystemSpec

Factory = Callable[..., nn.Module]
CONSTANT = ConstantSpec(name="constant")
PIXELS = 3 * 8 * 8


def plain(classes: int = 3, *, first: nn.Module | None = None) -> nn.Sequential:
    """Flatten, a hidden layer, the logits."""
    return nn.Sequential(
        nn.Flatten(), first or nn.Linear(PIXELS, 8), nn.ReLU(), nn.Linear(8, classes)
    )


class Wrapped(nn.Module):
    """A plain network with something around its forward pass."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.body = plain(classes)

    def forward(self, images: Tensor) -> Tensor:
        """Logits."""
        logits: Tensor = self.body(images)
        return logits


@functools.cache
def cached(shape: tuple[int, ...], classes: int) -> nn.Module:
    return plain(classes)


BODY = nn.Linear(PIXELS, 8)


def shared_body(shape: tuple[int, ...], classes: int) -> nn.Module:
    return plain(classes, first=BODY)


class Counts(Wrapped):
    """Counts its calls in a buffer that is not saved."""

    calls: Tensor

    def __init__(self, shape: tuple[int, ...], classes: int) -> None:
        super().__init__(classes)
        self.register_buffer("calls", torch.zeros(()), persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        """Logits, larger with every call."""
        self.calls += 1
        return super().forward(images) * (1 + 0.1 * self.calls)


class Remembers(Wrapped):
    """Counts its calls in an attribute."""

    def __init__(self, shape: tuple[int, ...], classes: int) -> None:
        super().__init__(classes)
        self.steps = 0

    def forward(self, images: Tensor) -> Tensor:
        """Logits."""
        self.steps += self.training
        return super().forward(images)


class DrawsPython(Wrapped):
    """Skips at random, by Python's generator."""

    def __init__(self, shape: tuple[int, ...], classes: int) -> None:
        super().__init__(classes)

    def forward(self, images: Tensor) -> Tensor:
        """Logits."""
        return super().forward(images * (1 + 0.1 * random.random()))


class DrawsOwn(Wrapped):
    """Draws from a generator of its own."""

    def __init__(self, shape: tuple[int, ...], classes: int) -> None:
        super().__init__(classes)
        self.generator = np.random.default_rng(0)

    def forward(self, images: Tensor) -> Tensor:
        """Logits."""
        return super().forward(images * (1 + float(self.generator.random())))


def unseeded(shape: tuple[int, ...], classes: int) -> nn.Module:
    network = plain(classes)
    values = np.random.default_rng().normal(size=(8, PIXELS))
    network[1].weight.data = torch.tensor(values, dtype=torch.float32)
    return network


def parametrized(method: Callable[[nn.Linear], nn.Module]) -> Factory:
    return lambda shape, classes: plain(classes, first=method(nn.Linear(PIXELS, 8)))


def lazy(shape: tuple[int, ...], classes: int) -> nn.Module:
    return plain(classes, first=nn.LazyLinear(8))


class ExtraState(Wrapped):
    """Saves a text with its weights."""

    def __init__(self, shape: tuple[int, ...], classes: int) -> None:
        super().__init__(classes)

    def get_extra_state(self) -> dict[str, str]:
        """Return a text."""
        return {"note": "mine"}

    def set_extra_state(self, state: object) -> None:
        """Ignore it."""


def frozen(shape: tuple[int, ...], classes: int) -> nn.Module:
    return plain(classes).requires_grad_(False)


class Detached(Wrapped):
    """Cuts its logits off."""

    def __init__(self, shape: tuple[int, ...], classes: int) -> None:
        super().__init__(classes)

    def forward(self, images: Tensor) -> Tensor:
        """Logits."""
        return super().forward(images).detach()


class RaisesInTraining(Wrapped):
    """Raises in training alone."""

    def __init__(self, shape: tuple[int, ...], classes: int) -> None:
        super().__init__(classes)

    def forward(self, images: Tensor) -> Tensor:
        """Logits."""
        if self.training:
            raise RuntimeError("not here")
        return super().forward(images)


class Custom(nn.Module):
    """A linear layer of one's own."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(8, PIXELS))

    def forward(self, images: Tensor) -> Tensor:
        """Products."""
        return images @ self.weight.t()


def custom_layer(shape: tuple[int, ...], classes: int) -> nn.Module:
    return nn.Sequential(nn.Flatten(), Custom(), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, classes))


def views_of_one(shape: tuple[int, ...], classes: int) -> nn.Module:
    network = nn.Sequential(
        nn.Flatten(), nn.Linear(PIXELS, 8), nn.Linear(8, 8), nn.Linear(8, 8), nn.Linear(8, classes)
    )
    network[3].weight = nn.Parameter(network[2].weight.data.t())
    return network


class Raises(Wrapped):
    def __init__(self, shape: tuple[int, ...], classes: int) -> None:
        super().__init__(classes)

    def forward(self, images: Tensor) -> Tensor:
        raise KeyError("no such key")


def exits(shape: tuple[int, ...], classes: int) -> nn.Module:
    sys.exit(2)


REFUSED: dict[str, tuple[Factory, str]] = {
    "cached": (cached, "shares 1.weight with the one built before"),
    "shared body": (shared_body, "shares 1.weight with the one built before"),
    "counting buffer": (Counts, "calls changes while it trains"),
    "counting attribute": (Remembers, "steps changes while it trains"),
    "python's generator": (DrawsPython, "draws from numpy.random or random in training"),
    "own generator": (DrawsOwn, "generator changes while it trains"),
    "unseeded factory": (unseeded, "returns another 1.weight"),
    "weight_norm, old": (parametrized(weight_norm), "1.weight is computed from other parameters"),
    "weight_norm, new": (
        parametrized(parametrizations.weight_norm),
        "1.weight is computed from other parameters",
    ),
    "spectral_norm, old": (parametrized(spectral_norm), "1.weight is computed"),
    "spectral_norm, new": (parametrized(parametrizations.spectral_norm), "1.weight is computed"),
    "orthogonal": (parametrized(parametrizations.orthogonal), "1.weight is computed"),
    "torch's prune": (
        parametrized(lambda layer: prune.l1_unstructured(layer, "weight", 0.3)),
        "1.weight is computed",
    ),
    "lazy": (lazy, "1.weight: a lazy layer has no sizes"),
    "extra state": (ExtraState, "_extra_state: a checkpoint holds parameters and buffers alone"),
    "all frozen": (frozen, "all of its parameters are frozen"),
    "detached": (Detached, "a training step of 16 images fails: RuntimeError"),
    "raises": (RaisesInTraining, "a training step of 16 images fails: RuntimeError: not here"),
    "own layer": (custom_layer, "1.weight would be neither pruned nor counted"),
    "two views of one memory": (views_of_one, "2.weight and 3.weight lie in the same memory"),
    "exits": (exits, "cannot be built: SystemExit: 2 (test_own_network.py, line"),
    "raises in each call": (
        Raises,
        "fails with a batch of 2 images: KeyError: 'no such key' (test_o",
    ),
}


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch) -> Callable[[Factory], FactorySpec]:
    def name(factory: Factory) -> FactorySpec:
        module = ModuleType("corpus_network")
        module.make = factory  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "corpus_network", module)
        return FactorySpec(factory="corpus_network:make")

    return name


Own = Callable[[Factory], FactorySpec]
Systems = Callable[..., SystemSpec]


@pytest.mark.filterwarnings("ignore")  # PyTorch's own, of old functions and lazy layers
@pytest.mark.parametrize("case", REFUSED)
def test_a_network_that_would_train_wrongly_is_refused_in_one_line(
    case: str, own: Own, system: Systems, colours: Images
) -> None:
    factory, rule = REFUSED[case]
    (problem,) = checks.problems(system(network=own(factory)), colours)
    assert problem.path.startswith("network")
    assert rule in problem.rule
    assert "\n" not in str(problem)


def seeded_by_python(shape: tuple[int, ...], classes: int) -> nn.Module:
    network = plain(classes)
    drawn = [random.gauss(0, 0.1) for _ in range(8 * PIXELS)]
    network[1].weight.data = torch.tensor(drawn).view(8, PIXELS)
    network[3].weight.data = torch.tensor(np.random.normal(0, 0.1, (classes, 8))).float()  # noqa: NPY002
    return network


class FlattensByView(nn.Module):
    """A convolution, flattened by a view that channels-last images do not have."""

    def __init__(self, shape: tuple[int, ...], classes: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(shape[0], 4, 3, padding=1)
        self.output = nn.Linear(4 * 64, classes)

    def forward(self, images: Tensor) -> Tensor:
        """Logits."""
        hidden = self.convolution(images).relu()
        logits: Tensor = self.output(hidden.view(hidden.size(0), -1))
        return logits


class Twice(nn.Module):
    """One hidden layer, used and known twice."""

    def __init__(self, shape: tuple[int, ...], classes: int) -> None:
        super().__init__()
        self.inner = nn.Linear(PIXELS, 8)
        self.one = nn.Linear(8, 8)
        self.two = self.one
        self.output = nn.Linear(8, classes)

    def forward(self, images: Tensor) -> Tensor:
        """Logits."""
        hidden = self.inner(images.flatten(1)).relu()
        logits: Tensor = self.output(self.two(self.one(hidden).relu()).relu())
        return logits


def tied(shape: tuple[int, ...], classes: int) -> nn.Module:
    network = nn.Sequential(
        nn.Flatten(), nn.Linear(PIXELS, 8), nn.ReLU(), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 8),
        nn.ReLU(), nn.Linear(8, classes),
    )  # fmt: skip
    network[5].weight = network[3].weight
    return network


def tied_last(shape: tuple[int, ...], classes: int) -> nn.Module:
    network = nn.Sequential(
        nn.Flatten(), nn.Linear(PIXELS, 8), nn.ReLU(), nn.Linear(8, classes),
        nn.ReLU(), nn.Linear(classes, classes), nn.ReLU(), nn.Linear(classes, classes),
    )  # fmt: skip
    network[7].weight = network[5].weight
    return network


class HeadFirst(nn.Module):
    """The last layer is registered first."""

    def __init__(self, shape: tuple[int, ...], classes: int) -> None:
        super().__init__()
        self.head = nn.Linear(8, classes)
        self.hidden = nn.Linear(PIXELS, 8)

    def forward(self, images: Tensor) -> Tensor:
        """Logits."""
        logits: Tensor = self.head(self.hidden(images.flatten(1)).relu())
        return logits


def frozen_body(shape: tuple[int, ...], classes: int) -> nn.Module:
    network = nn.Sequential(
        nn.Flatten(), nn.Linear(PIXELS, 8), nn.ReLU(), nn.Linear(8, 8), nn.ReLU(),
        nn.Linear(8, classes),
    )  # fmt: skip
    network[1].requires_grad_(False)
    return network


class Attends(nn.Module):
    """Attention over pixels, and a recurrent layer behind it."""

    def __init__(self, shape: tuple[int, ...], classes: int) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.recurrent = nn.GRU(8, 4, batch_first=True)
        self.output = nn.Linear(4, classes)

    def forward(self, images: Tensor) -> Tensor:
        """Logits."""
        rows = images.mean(1)
        hidden, _ = self.attention(rows, rows, rows, need_weights=False)
        _, last = self.recurrent(hidden)
        logits: Tensor = self.output(last[0])
        return logits


def transposed(shape: tuple[int, ...], classes: int) -> nn.Module:
    return nn.Sequential(
        nn.ConvTranspose2d(3, 4, 2, stride=2), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Linear(4, classes),
    )  # fmt: skip


RIGHT: dict[str, tuple[Factory, dict[str, int], int]] = {  # weights that are pruned; all weights
    "seeded": (seeded_by_python, {"1.weight": 8 * PIXELS}, 8 * PIXELS + 24),
    "view": (FlattensByView, {"convolution.weight": 108}, 108 + 768),
    "used twice": (Twice, {"inner.weight": 8 * PIXELS, "one.weight": 64}, 8 * PIXELS + 64 + 24),
    "tied": (tied, {"1.weight": 8 * PIXELS, "3.weight": 64}, 8 * PIXELS + 64 + 24),
    "tied last": (tied_last, {"1.weight": 8 * PIXELS, "3.weight": 24}, 8 * PIXELS + 24 + 9),
    "head first": (HeadFirst, {"hidden.weight": 8 * PIXELS}, 8 * PIXELS + 24),
    "frozen body": (frozen_body, {"3.weight": 64}, 8 * PIXELS + 64 + 24),
    "attention": (
        Attends,
        {
            "attention.in_proj_weight": 192,
            "attention.out_proj.weight": 64,
            "recurrent.weight_ih_l0": 96,
            "recurrent.weight_hh_l0": 48,
        },
        192 + 64 + 96 + 48 + 12,
    ),
    "transposed": (transposed, {"0.weight": 48}, 48 + 12),
}


@pytest.mark.parametrize("criterion", ["global_magnitude", *costly("global_gradient")])
@pytest.mark.parametrize("case", RIGHT)
def test_an_accepted_network_is_pruned_and_counted_correctly(
    case: str, criterion: str, own: Own, system: Systems, colours: Images
) -> None:
    factory, prunable, total = RIGHT[case]
    pruning = PruningSpec(criterion=criterion, rate=0.5, batches=1)
    one = system(network=own(factory), pruning=pruning)
    assert checks.problems(one, colours) == []
    trainer = Trainer(one, colours)
    assert {name: trainer.root(0).state[name].numel() for name in trainer.prunable} == prunable
    left = sum(prunable.values())
    names = dict(trainer.network.named_parameters())  # each parameter once
    for cycle in iterate(trainer, CONSTANT, lambda _: 0.01, 2, [0]):
        (trained,) = cycle.trained
        if cycle.cycle:
            left -= round(0.5 * left)
        pruned = sum(prunable.values()) - left
        assert trained.weights_remaining == pytest.approx(100 * (total - pruned) / total)
        state = trained.outcome.network.state
        assert sum(int(torch.count_nonzero(state[n])) for n in prunable) == left
        for name, value in trainer.network.named_parameters(remove_duplicate=False):
            twin = next(n for n in names if names[n] is value)
            assert torch.equal(state[name], state[twin])


def test_frozen_weights_keep_their_values_in_every_cycle(
    own: Own, system: Systems, colours: Images
) -> None:
    trainer = Trainer(system(network=own(frozen_body)), colours)
    cycles = list(iterate(trainer, CONSTANT, lambda _: 0.1, 2, [0]))
    start = trainer.root(0).state["1.weight"]
    for cycle in cycles:
        assert torch.equal(cycle.trained[0].outcome.network.state["1.weight"], start)


def test_replicates_start_from_memory_of_their_own(
    own: Own, system: Systems, colours: Images
) -> None:
    trainer = Trainer(system(network=own(cached)), colours)
    root = trainer.root(0)
    before = {name: value.clone() for name, value in root.state.items()}
    with torch.no_grad():
        for parameter in trainer.network.parameters():
            parameter.add_(1)
    assert all(torch.equal(root.state[name], before[name]) for name in before)


def normalised(shape: tuple[int, ...], classes: int) -> nn.Module:
    return nn.Sequential(
        nn.Flatten(), nn.Linear(PIXELS, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, classes)
    )


@pytest.mark.parametrize("network", ["own", "resnet20", "fully_connected"])
def test_batch_norm_with_one_value_is_refused_by_the_batch(
    network: str, own: Own, system: Systems, colours: Images
) -> None:
    spec: Any = {
        "own": own(normalised),
        "resnet20": {"name": "resnet20", "width": 2},
        "fully_connected": {"name": "fully_connected", "hidden": (4,), "batch_norm": True},
    }[network]
    small = Images(colours.pixels[:, :, :4, :4], colours.labels, colours.classes, "2" * 64)
    for batch, expected in ((1, 1), (2, 0)):
        images = colours if network == "own" else small
        problems = checks.problems(system(network=spec, batch=batch), images)
        assert len(problems) == expected
        for problem in problems:
            assert (problem.path, problem.value) == ("training.batch", 1)
            assert "more than one value a channel" in problem.rule


def squeezes(shape: tuple[int, ...], classes: int) -> nn.Module:
    class Squeezes(Wrapped):
        def forward(self, images: Tensor) -> Tensor:
            return super().forward(images).squeeze()

    return Squeezes(classes)


@pytest.mark.parametrize(("images", "refused"), [(90, False), (5, True)])
def test_a_part_that_ends_with_one_image_is_tried(
    images: int, refused: bool, own: Own, system: Systems, colours: Images
) -> None:
    some = Images(colours.pixels[:images], colours.labels[:images], colours.classes, "3" * 64)
    problems = checks.problems(system(network=own(squeezes), batch=2), some)
    assert [p.path for p in problems] == ["network.factory"] * refused


def unused_layer(shape: tuple[int, ...], classes: int) -> nn.Module:
    network = Wrapped(classes)
    network.idle = nn.Linear(4, 4)
    return network


def test_a_layer_that_the_loss_does_not_reach_is_refused_with_a_gradient_criterion(
    own: Own, system: Systems, colours: Images
) -> None:
    for criterion, count in (("global_gradient", 1), ("global_magnitude", 0)):
        pruning = PruningSpec(criterion=criterion)
        problems = checks.problems(system(network=own(unused_layer), pruning=pruning), colours)
        assert len(problems) == count
        assert all("does not depend on idle.weight" in problem.rule for problem in problems)


def test_a_rate_that_removes_no_filter_is_refused(system: Systems, colours: Images) -> None:
    network: Any = {"name": "fully_connected", "hidden": (2, 2)}
    pruning = PruningSpec(criterion="l1_filter", rate=0.2)
    (problem,) = checks.problems(system(network=network, pruning=pruning), colours)
    assert (problem.path, problem.value) == ("pruning.rate", 0.2)
    assert "removes no filter of any layer" in problem.rule
    more = PruningSpec(criterion="l1_filter", rate=0.5)
    assert checks.problems(system(network=network, pruning=more), colours) == []
