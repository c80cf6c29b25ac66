"""The recipes of CONTRIBUTING.md, each followed with a toy that trains for two cycles."""

import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any, Literal

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from torch import Tensor, nn
from torch.optim import Optimizer

import scyc.optimizers.registry
import scyc.specs.datasets
import scyc.specs.engines
from scyc.data import datasets
from scyc.data.images import Images
from scyc.data.source import Arrays
from scyc.engines import solo
from scyc.engines.registry import ENGINES, candidates, engine_problem
from scyc.networks.fully_connected import FullyConnected
from scyc.optimizers.flat import Flat
from scyc.optimizers.stacked import StackedOptimizer
from scyc.pruning import unstructured
from scyc.pruning.criteria import CRITERIA, Criterion, criterion_rule
from scyc.pruning.pruning_step import PruningStep
from scyc.schedules.rates import rates
from scyc.schedules.schedule_lr import ScheduleLR
from scyc.specs import optimizers
from scyc.specs.base import one_of
from scyc.specs.datasets import DatasetBase
from scyc.specs.factory import FactorySpec
from scyc.specs.optimizers import OptimizerBase, SgdSpec
from scyc.specs.ranges import Share
from scyc.specs.schedules import SCHEDULES, Schedule, WarmupSpec
from scyc.specs.system import PruningSpec, SubsetSpec, SystemSpec, TrainingSpec
from scyc.trainer import Member, Trained, Trainer

Systems = Callable[..., SystemSpec]


def two_cycles(trainer: Trainer, schedule: Schedule, rate: float, engine: str) -> list[Trained]:
    """Two replicates, unpruned and then pruned once."""
    starts = [trainer.root(replicate) for replicate in (0, 1)]
    trained: list[Trained] = []
    for cycle in (0, 1):
        if cycle:
            ends = [each.outcome.network for each in trained]
            starts = [trainer.pruned(end, replicate, 1) for replicate, end in enumerate(ends)]
        members = [Member(start, cycle, r, schedule, rate) for r, start in enumerate(starts)]
        trained = trainer.train(members, engine=engine)
    return trained


def agree(ours: list[Trained], theirs: list[Trained], atol: float = 1e-10) -> bool:
    return all(
        torch.allclose(value, b.outcome.network.state[name], rtol=0, atol=atol)
        for a, b in zip(ours, theirs, strict=True)
        for name, value in a.outcome.network.state.items()
    )


# An engine: a module with `why_unsupported` and `train`, and a line in ENGINE_MODULES.


def toy_engine() -> ModuleType:
    """Trains as solo does, but no more than two layers."""
    module = ModuleType("toy_engine")

    def why_unsupported(network: nn.Module, device: torch.device, training: Any) -> str | None:
        layers = len(getattr(network, "layers", ()))
        return None if layers == 2 else f"trains 2 layers, not {layers}"

    module.__dict__.update(why_unsupported=why_unsupported, train=solo.train)
    return module


def test_an_engine_is_a_module_and_a_line(
    monkeypatch: pytest.MonkeyPatch, system: Systems, colours: Images
) -> None:
    with pytest.raises(ValidationError, match=r"must be one of 'auto', 'solo'"):
        system(engine="toy")
    monkeypatch.setitem(sys.modules, "toy_engine", toy_engine())
    lines = MappingProxyType({**scyc.specs.engines.ENGINE_MODULES, "toy": "toy_engine"})
    monkeypatch.setattr(scyc.specs.engines, "ENGINE_MODULES", lines)
    declared = system(engine="toy")
    assert list(ENGINES)[-1] == "toy"
    assert engine_problem(declared.training, FullyConnected(192, 3, (8,))) is None
    rule = engine_problem(declared.training, FullyConnected(192, 3, (8, 8)))
    assert rule == 'cannot train this network: trains 2 layers, not 3; use "auto" or "solo"'
    trainer = Trainer(declared, colours)
    assert trainer.engines == ("toy",)
    schedule = WarmupSpec(warmup=2)
    toy, alone = (two_cycles(trainer, schedule, 0.1, name) for name in ("toy", "solo"))
    assert agree(toy, alone, atol=0.0)
    gpu = torch.device("cuda")
    auto = system().training
    assert candidates(auto, FullyConnected(192, 3, (8,)), gpu)[-1] == "toy"
    assert "toy" not in candidates(auto, FullyConnected(192, 3, (8, 8)), gpu)


def test_every_engine_that_has_a_line_has_a_module_with_both_functions() -> None:
    for name in ENGINES:
        assert callable(ENGINES[name].why_unsupported)
        assert callable(ENGINES[name].train)


# An optimizer: a spec with a line in specs/optimizers.py, a module with a line in its registry.


class SignSgdSpec(OptimizerBase):
    """SGD by the signs of the gradients (Bernstein et al. 2018)."""

    name: Literal["sign_sgd"]
    shrink: Share = 0.001  # share of a weight that each step takes away


class SignSgd(Optimizer):
    def __init__(self, parameters: Iterable[nn.Parameter], shrink: float) -> None:
        super().__init__(parameters, {"lr": 0.0, "shrink": shrink})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    parameter.mul_(1 - group["shrink"]).sub_(group["lr"] * parameter.grad.sign())


class Stacked(StackedOptimizer):
    def __init__(self, spec: SignSgdSpec, weights: Flat, masks: Flat | None) -> None:
        super().__init__(weights, masks)
        self._shrink = spec.shrink

    def step(self, rates: Tensor) -> None:
        self._weights.whole.mul_(1 - self._shrink)
        self.gradients.whole.sign_()
        self._descend(self.gradients, rates)


def toy_optimizer() -> ModuleType:
    module = ModuleType("toy_optimizer")

    def make(spec: SignSgdSpec, parameters: Iterable[nn.Parameter]) -> Optimizer:
        return SignSgd(parameters, spec.shrink)

    module.__dict__.update(make=make, Stacked=Stacked)
    return module


SPECS = {**optimizers.OPTIMIZERS, "sign_sgd": SignSgdSpec}


class TrainingWithToy(TrainingSpec):
    """As TrainingSpec is once the line stands in specs/optimizers.py."""

    optimizer: one_of(SPECS, default="sgd") = SgdSpec()  # type: ignore[valid-type]


@pytest.mark.parametrize("engine", ENGINES)
def test_an_optimizer_is_a_spec_and_a_module_with_a_line_each(
    monkeypatch: pytest.MonkeyPatch, system: Systems, colours: Images, engine: str
) -> None:
    registry: Mapping[str, Any] = scyc.optimizers.registry.OPTIMIZERS
    lines = MappingProxyType({**registry, "sign_sgd": toy_optimizer()})
    monkeypatch.setattr(scyc.optimizers.registry, "OPTIMIZERS", lines)
    declared = system(precision="fp64")
    fields = declared.training.model_dump() | {"optimizer": {"name": "sign_sgd", "shrink": 0.01}}
    training = TrainingWithToy.model_validate(fields)
    assert training.optimizer == SignSgdSpec(name="sign_sgd", shrink=0.01)
    trainer = Trainer(declared.model_copy(update={"training": training}), colours)
    schedule = WarmupSpec(warmup=2)
    ours = two_cycles(trainer, schedule, 0.003, engine)
    assert agree(ours, two_cycles(trainer, schedule, 0.003, "solo"))
    for trained in ours:
        network = trained.outcome.network
        assert not trained.outcome.diverged
        assert all(not network.state[name][~mask].any() for name, mask in network.masks.items())


def test_the_two_registries_of_optimizers_know_the_same_names() -> None:
    assert list(scyc.optimizers.registry.OPTIMIZERS) == list(optimizers.OPTIMIZERS)


# A schedule: a spec with its rates, and a line in specs/schedules.py.


class StepsSpec(Schedule):
    """Half of max_lr in the first half of a cycle, max_lr in the second."""

    name: Literal["steps"]

    def lr(self, max_lr: float, steps: int, step: int) -> float:
        return max_lr if 2 * step >= steps else max_lr / 2


class StudyWithToy(TrainingSpec):
    """As a study is once the line stands in specs/schedules.py."""

    schedule: one_of({**SCHEDULES, "steps": StepsSpec}, default="warmup")  # type: ignore[valid-type]


@pytest.mark.costly
def test_a_schedule_is_a_spec_and_a_line(system: Systems, colours: Images) -> None:
    declared = system(precision="fp64")
    study = StudyWithToy.model_validate({**declared.training.model_dump(), "schedule": "steps"})
    schedule = study.schedule
    assert isinstance(schedule, StepsSpec)
    assert rates(schedule, 0.4, 4) == [0.2, 0.2, 0.4, 0.4]
    assert schedule.problems(4) == []
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler, seen = ScheduleLR(optimizer, schedule, 0.4, 4), []
    for _ in range(4):
        seen.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    assert seen == [0.2, 0.2, 0.4, 0.4]
    trainer = Trainer(declared, colours)
    alone = two_cycles(trainer, schedule, 0.1, "solo")
    for engine in ENGINES:
        assert agree(two_cycles(trainer, schedule, 0.1, engine), alone)
    assert not agree(two_cycles(trainer, WarmupSpec(warmup=2), 0.1, "solo"), alone, atol=1e-4)


# A criterion: a function from a PruningStep to masks, and a line in CRITERIA.


def largest_first(step: PruningStep) -> dict[str, Tensor]:
    """Remove the largest weights of each layer."""
    scored = {name: -weight.abs() for name, weight in step.weights.items()}
    masks = {name: step.masks[name] for name in step.names}
    return unstructured.prune(masks, scored, step.rate, "layer")


@pytest.mark.parametrize("engine", ENGINES)
def test_a_criterion_is_a_function_and_a_line_in_the_registry(
    engine: str, system: Systems, colours: Images, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = ModuleType("toy_criterion")
    module.largest_first = largest_first  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "toy_criterion", module)
    toys = MappingProxyType({**CRITERIA, "largest": Criterion("toy_criterion:largest_first")})
    for user in ("scyc.pruning.criteria", "scyc.training.starting_networks"):
        monkeypatch.setattr(f"{user}.CRITERIA", toys)
    assert criterion_rule("largest") is None
    trainer = Trainer(system(pruning=PruningSpec(criterion="largest", rate=0.5)), colours)
    trained = two_cycles(trainer, WarmupSpec(warmup=0), 1e-3, engine)
    for replicate, each in enumerate(trained):
        masks = each.outcome.network.masks
        for name in trainer.prunable:
            mask = masks[name]
            assert int(mask.sum()) == mask.numel() - round(0.5 * mask.numel())
            assert torch.count_nonzero(each.outcome.network.state[name]) == mask.sum()
        assert trainer.root(replicate).masks.keys() == masks.keys()


# A data set: a spec with a line in specs/datasets.py, a module with a line in its registry.


class TwoGreysSpec(DatasetBase):
    """Dark images and light ones."""

    name: Literal["two_greys"]
    images: int = 60


def two_greys(spec: TwoGreysSpec, _: Path | None) -> Arrays:
    labels = np.arange(spec.images) % 2
    noise = np.random.default_rng(0).integers(0, 50, (spec.images, 3, 8, 8))
    return Arrays(
        [(noise + 150 * labels[:, None, None, None]).astype(np.uint8)], labels, ["d", "l"]
    )


DATA = {**scyc.specs.datasets.DATASETS, "two_greys": TwoGreysSpec}


class StudyWithData(TrainingSpec):
    """As a study is once the line stands in specs/datasets.py."""

    dataset: one_of(DATA, own=FactorySpec)  # type: ignore[valid-type]


def test_a_data_set_is_a_spec_and_a_module_with_a_line_each(
    monkeypatch: pytest.MonkeyPatch, system: Systems
) -> None:
    lines = MappingProxyType({**datasets.DATASETS, "two_greys": two_greys})
    monkeypatch.setattr(datasets, "DATASETS", lines)
    declared = system(steps=30)
    fields = declared.training.model_dump()
    study = StudyWithData.model_validate({**fields, "dataset": "two_greys"})
    assert study.dataset == TwoGreysSpec(name="two_greys", images=60)
    images = datasets.load(study.dataset, SubsetSpec(share=0.5))
    assert images.shape == (3, 8, 8)
    assert torch.bincount(images.labels).tolist() == [15, 15]
    images = datasets.load(study.dataset)
    trained = two_cycles(Trainer(declared, images), WarmupSpec(warmup=2), 0.1, "solo")
    assert all(each.outcome.val_accuracy > 90 for each in trained)


def test_the_two_registries_of_data_sets_know_the_same_names() -> None:
    assert list(datasets.DATASETS) == list(scyc.specs.datasets.DATASETS)
