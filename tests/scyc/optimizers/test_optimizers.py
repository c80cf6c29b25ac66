"""PyTorch's optimizers are the reference; a stack's must do the same to every member."""

import math

import pytest
import torch
from torch import Tensor, nn

from scyc.optimizers.flat import Flat
from scyc.optimizers.registry import make_optimizer, make_stacked
from scyc.specs.optimizers import AdamSpec, OptimizerSpec, RmsPropSpec, SgdSpec

SPECS: list[OptimizerSpec] = [
    SgdSpec(),
    SgdSpec(momentum=0.0, weight_decay=0.0),
    SgdSpec(momentum=0.5, weight_decay=0.1),
    AdamSpec(name="adam"),
    AdamSpec(name="adam", beta1=0.5, beta2=0.9, eps=0.01, weight_decay=0.1),
    AdamSpec(name="adam", beta1=0.0, weight_decay=0.0),
    AdamSpec(name="adamw", weight_decay=0.1),
    AdamSpec(name="adamw", weight_decay=0.0, eps=0.1),
    RmsPropSpec(name="rmsprop"),
    RmsPropSpec(name="rmsprop", momentum=0.9, weight_decay=0.1, eps=0.01),
    RmsPropSpec(name="rmsprop", alpha=0.5, weight_decay=0.0),
]
IDS = [repr(spec) for spec in SPECS]
RATES = (0.001, 0.02, 0.3)
SHAPES = [(7, 5), (1, 7), (3, 7), (1, 3)]  # two layers' weights and biases


def slopes(step: int, weight: Tensor, salt: int) -> Tensor:
    """A gradient that differs with everything: of a quadratic bowl, with noise."""
    generator = torch.Generator().manual_seed(1000 * salt + step)
    return weight + torch.randn(weight.shape, generator=generator, dtype=weight.dtype)


def initial(member: int, index: int) -> Tensor:
    generator = torch.Generator().manual_seed(10 * member + index)
    return torch.randn(SHAPES[index], generator=generator, dtype=torch.float64)


def one_in_plain_torch(reference: torch.optim.Optimizer, member: int, steps: int) -> None:
    parameters = reference.param_groups[0]["params"]
    for step in range(steps):
        reference.param_groups[0]["lr"] = RATES[member] / (1 + step % 5)
        for index, parameter in enumerate(parameters):
            parameter.grad = slopes(step, parameter.detach(), 10 * member + index)
        reference.step()


def plain(spec: OptimizerSpec, parameters: list[nn.Parameter]) -> torch.optim.Optimizer:
    """The optimizer as its user would write it down, neither fused nor foreach."""
    if isinstance(spec, SgdSpec):
        return torch.optim.SGD(
            parameters, lr=1.0, momentum=spec.momentum, weight_decay=spec.weight_decay
        )
    if isinstance(spec, RmsPropSpec):
        return torch.optim.RMSprop(
            parameters,
            alpha=spec.alpha,
            momentum=spec.momentum,
            eps=spec.eps,
            weight_decay=spec.weight_decay,
        )
    kind = torch.optim.AdamW if spec.name == "adamw" else torch.optim.Adam
    betas = (spec.beta1, spec.beta2)
    return kind(parameters, betas=betas, eps=spec.eps, weight_decay=spec.weight_decay)


def expected(spec: OptimizerSpec, member: int, steps: int) -> list[nn.Parameter]:
    parameters = [nn.Parameter(initial(member, index)) for index in range(len(SHAPES))]
    one_in_plain_torch(plain(spec, parameters), member, steps)
    return parameters


@pytest.mark.parametrize("spec", SPECS, ids=IDS)
def test_make_optimizer_returns_torchs_own_over_50_steps(spec: OptimizerSpec) -> None:
    for member in range(len(RATES)):
        mine = [nn.Parameter(initial(member, index)) for index in range(len(SHAPES))]
        one_in_plain_torch(make_optimizer(spec, mine), member, 50)
        for a, b in zip(mine, expected(spec, member, 50), strict=True):
            assert torch.allclose(a, b, rtol=0, atol=1e-12)


@pytest.mark.parametrize("spec", SPECS, ids=IDS)
def test_every_member_of_a_stack_is_updated_as_torch_updates_it_over_50_steps(
    spec: OptimizerSpec,
) -> None:
    members = len(RATES)
    weights = Flat([(members, *s) for s in SHAPES], torch.float64, torch.device("cpu"))
    for index, part in enumerate(weights.parts):
        part.copy_(torch.stack([initial(member, index) for member in range(members)]))
    optimizer = make_stacked(spec, weights)
    for step in range(50):
        for index, gradient in enumerate(optimizer.gradients.parts):
            gradient.mul_(optimizer.momentum)
            for member in range(members):
                gradient[member] += slopes(step, weights.parts[index][member], 10 * member + index)
        optimizer.step(torch.tensor(RATES, dtype=torch.float64) / (1 + step % 5))
    for member in range(members):
        for part, b in zip(weights.parts, expected(spec, member, 50), strict=True):
            assert torch.allclose(part[member], b, rtol=0, atol=1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_parts_of_a_flat_tensor_are_its_views_and_start_at_64_bytes(
    dtype: torch.dtype,
) -> None:
    flat = Flat([(2, 3, 5), (2, 1, 3), (2, 4, 4)], dtype, torch.device("cpu"))
    flat.parts[1].fill_(2.0)
    assert [tuple(part.shape) for part in flat.parts] == [(2, 3, 5), (2, 1, 3), (2, 4, 4)]
    assert float(flat.whole.sum()) == 2.0 * 6
    offsets = [part.data_ptr() - flat.whole.data_ptr() for part in flat.parts]
    assert [offset % 64 for offset in offsets] == [0, 0, 0]
    twin = flat.copy()
    twin.parts[1].zero_()
    assert float(flat.whole.sum()) == 12.0
    assert float(twin.whole.sum()) == 0.0


def test_adam_at_the_first_step_moves_every_weight_by_its_rate() -> None:
    weights = Flat([(2, 1, 4)], torch.float64, torch.device("cpu"))
    spec = AdamSpec(name="adam", eps=1e-20, weight_decay=0.0)
    optimizer = make_stacked(spec, weights)
    optimizer.gradients.parts[0].copy_(torch.tensor([3.0, -0.1, 7.0, -1e-6]))
    optimizer.step(torch.tensor([0.1, 0.5], dtype=torch.float64))
    moved = weights.parts[0][:, 0].tolist()
    assert moved[0] == pytest.approx([-0.1, 0.1, -0.1, 0.1], rel=1e-9)
    assert moved[1] == pytest.approx([-0.5, 0.5, -0.5, 0.5], rel=1e-9)
    assert math.isclose(float(weights.whole.abs().sum()), 4 * 0.6, rel_tol=1e-9)
