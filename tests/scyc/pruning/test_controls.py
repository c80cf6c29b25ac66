"""Controls: cycles that prune nothing, masks that are random from the start, weights drawn anew."""

import pytest
import torch
from factories import make_system

from oracle.search.graph import Graph
from scyc.data.images import Images
from scyc.pruning.pruned_network import Network
from scyc.pruning.pruning_step import PruningStep
from scyc.pruning.unstructured import none
from scyc.specs.base import as_json
from scyc.specs.schedules import WarmupSpec
from scyc.specs.system import PruningSpec
from scyc.trainer import Member, Trainer


def trainer(digits: Images, **pruning: object) -> Trainer:
    return Trainer(make_system(pruning=PruningSpec.model_validate(pruning)), digits)


def same(one: Network, other: Network) -> bool:
    return all(torch.equal(one.state[name], other.state[name]) for name in one.state)


def test_the_criterion_none_removes_nothing_at_any_rate() -> None:
    mask = torch.tensor([True, False, True])
    step = PruningStep(
        {"w": torch.tensor([1.0, 0.0, 2.0])},
        {"w": mask},
        ("w",),
        0.9,
        gradients=dict,
        generator=torch.Generator,
        filters=tuple,
        earlier=dict,
    )
    assert torch.equal(none(step)["w"], mask)


def test_without_pruning_a_rewound_network_trains_from_the_same_start(
    digits: Images, schedule: WarmupSpec
) -> None:
    """Only the order of the batches differs between cycles."""
    control = trainer(digits, criterion="none", rewind="init")
    (trained,) = control.train([Member(control.root(0), 0, 0, schedule, 0.1)])
    start = control.pruned(trained.outcome.network, 0, 1)
    assert same(start, control.root(0))
    assert control.weights_remaining(start) == 100.0


def test_a_start_density_keeps_that_share_of_the_prunable_weights_at_random(
    digits: Images,
) -> None:
    """64 x 24 and 24 x 24 prunable weights are 2,112; a quarter of them is 528."""
    sparse = trainer(digits, criterion="none", start_density=0.25)
    first, other = sparse.root(0), sparse.root(1)
    assert sum(int(mask.sum()) for mask in first.masks.values()) == 528
    assert any(not torch.equal(first.masks[n], other.masks[n]) for n in first.masks)
    whole = trainer(digits).root(0)
    for name, value in first.state.items():
        mask = first.masks.get(name)
        expected = whole.state[name] if mask is None else whole.state[name] * mask
        assert torch.equal(value, expected)
    assert same(first, sparse.root(0))


def test_weights_that_are_missing_from_the_start_stay_pruned(
    digits: Images, schedule: WarmupSpec
) -> None:
    sparse = trainer(digits, criterion="none", rewind="init", start_density=0.25)
    (trained,) = sparse.train([Member(sparse.root(0), 0, 0, schedule, 0.1)])
    again = sparse.pruned(trained.outcome.network, 0, 1)
    for name, mask in sparse.root(0).masks.items():
        assert not trained.outcome.network.state[name][~mask].any()
        assert torch.equal(again.masks[name], mask)
    assert same(again, sparse.root(0))


def test_reinitialised_weights_keep_only_the_mask(digits: Images, schedule: WarmupSpec) -> None:
    anew = trainer(digits, rate=0.5, rewind="reinit")
    imp = trainer(digits, rate=0.5, rewind="init")
    (trained,) = anew.train([Member(anew.root(0), 0, 0, schedule, 0.1)])
    first, second = (anew.pruned(trained.outcome.network, 0, cycle) for cycle in (1, 2))
    rewound = imp.pruned(trained.outcome.network, 0, 1)
    for name, mask in rewound.masks.items():
        assert torch.equal(first.masks[name], mask)
        assert not first.state[name][~mask].any()
        assert not torch.equal(first.state[name], rewound.state[name])
        assert not torch.equal(first.state[name], second.state[name])
        he = (2 / mask.shape[1]) ** 0.5  # He initialisation, whatever the weights were before
        assert float(first.state[name][mask].std()) == pytest.approx(he, rel=0.15)
    assert same(first, anew.pruned(trained.outcome.network, 0, 1))


def test_a_start_density_is_another_graph_and_its_absence_moves_no_id() -> None:
    def graph(**pruning: object) -> Graph:
        return Graph(make_system(pruning=PruningSpec.model_validate(pruning)), "0" * 64)

    assert "start_density" not in as_json(PruningSpec())
    assert graph().id == graph(criterion="none").id == graph(rewind="reinit").id
    assert graph(start_density=0.5).id != graph().id
    assert graph(start_density=0.5).id != graph(start_density=0.25).id
