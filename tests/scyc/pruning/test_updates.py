"""Criteria that score the change of a weight over the last epoch, and pruned batch-norm scales."""

from collections.abc import Callable

import pytest
import torch
from costly import costly
from factories import cell_result, make_study, make_system

from oracle.search.graph import Graph, keeper
from scyc import Pruner, iterate
from scyc.checks import system as checks
from scyc.data.images import Images
from scyc.errors import BadInput
from scyc.pruning.criteria import CRITERIA, scores_updates
from scyc.pruning.pruned_network import Network
from scyc.pruning.pruning_step import PruningStep
from scyc.specs.base import as_json
from scyc.specs.networks import FullyConnectedSpec
from scyc.specs.schedules import ConstantSpec, WarmupSpec
from scyc.specs.system import PruningSpec, SystemSpec
from scyc.trainer import Member, Trainer

Systems = Callable[..., SystemSpec]
STEADY = ConstantSpec(name="constant")
NORMED = FullyConnectedSpec(name="fully_connected", hidden=(12, 12), batch_norm=True)

# |change|: 0.5, 0.75, 0.125, 0.25, 0.0625. |w x change|: 2, 0.1875, 0.375, 0.125, 0.5.
NOW = {"a": torch.tensor([4.0, -0.25, 3.0]), "b": torch.tensor([0.5, -8.0])}
THEN = {"a": torch.tensor([3.5, -1.0, 3.125]), "b": torch.tensor([0.25, -8.0625])}


@pytest.mark.parametrize(
    ("criterion", "rate", "expected_masks"),
    [
        ("global_update", 0.4, ([1, 1, 0], [1, 0])),
        ("layer_update", 0.5, ([1, 1, 0], [1, 0])),  # round(1.5) is 2, round(1.0) is 1
        ("global_update_magnitude", 0.4, ([1, 0, 1], [0, 1])),
        ("layer_update_magnitude", 0.4, ([1, 0, 1], [0, 1])),
    ],
)
def test_weights_that_changed_least_go_first(
    criterion: str, rate: float, expected_masks: tuple[list[int], list[int]]
) -> None:
    masks = {name: torch.ones_like(value, dtype=torch.bool) for name, value in NOW.items()}
    step = PruningStep(
        NOW, masks, ("a", "b"), rate, dict, torch.Generator, tuple, earlier=lambda: THEN
    )
    after = CRITERIA[criterion].masks(step)
    expected = dict(zip("ab", expected_masks, strict=True))
    if criterion == "layer_update":
        expected["a"] = [0, 1, 0]
    assert {name: mask.int().tolist() for name, mask in after.items()} == expected


def test_the_network_is_saved_one_epoch_before_the_end(digits: Images) -> None:
    """216 training images in batches of 16 are 14 iterations; 20 - 14 = 6."""
    pruning = PruningSpec(criterion="global_update", rate=0.5)

    def trained(steps: int) -> Network | None:
        one = Trainer(make_system(pruning=pruning, steps=steps, precision="fp64"), digits)
        (member,) = one.train([Member(one.root(0), 0, 0, STEADY, 0.1)])
        return member.outcome.snapshot if steps == 20 else member.outcome.network

    snapshot, early = trained(20), trained(6)
    assert snapshot is not None
    assert early is not None
    for name, value in early.state.items():
        assert torch.allclose(snapshot.state[name], value, rtol=0, atol=1e-12)


def test_a_training_run_of_less_than_an_epoch_is_scored_from_its_start(digits: Images) -> None:
    pruning = PruningSpec(criterion="global_update", rate=0.5)
    one = Trainer(make_system(pruning=pruning, steps=12), digits)
    root = one.root(0)
    (member,) = one.train([Member(root, 0, 0, STEADY, 0.1)])
    assert member.outcome.snapshot is root


@pytest.mark.parametrize("engine", ["stacked", *costly("vmap", "grouped")])
@pytest.mark.parametrize("criterion", ["global_update", "layer_update_magnitude"])
def test_every_engine_prunes_by_updates_what_solo_prunes(
    digits: Images, engine: str, criterion: str
) -> None:
    pruning = PruningSpec(criterion=criterion, rate=0.5, rewind="reinit")

    def masks(name: str) -> list[Network]:
        declared = make_system(
            pruning=pruning, engine=name, precision="fp64", steps=20, validate_every=20
        )
        cycles = iterate(Trainer(declared, digits), STEADY, lambda _: 0.1, 2, [0, 1])
        return [each.outcome.network for cycle in cycles for each in cycle.trained]

    for one, other in zip(masks("solo"), masks(engine), strict=True):
        for name, mask in one.masks.items():
            assert torch.equal(mask, other.masks[name])
    assert sum(int(mask.sum()) for mask in masks("solo")[-1].masks.values()) == 528  # of 2,112


def test_pruning_by_updates_without_the_saved_weights_is_refused(digits: Images) -> None:
    one = Trainer(make_system(pruning=PruningSpec(criterion="global_update")), digits)
    with pytest.raises(ValueError, match="one epoch before the end"):
        one.pruned(one.root(0), 0, 1)
    pruner = Pruner(torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.Linear(3, 2)))
    pruner.criterion = "global_update"
    with pytest.raises(ValueError, match="give earlier"):
        pruner.prune(0.5)
    with pytest.raises(ValueError, match=r"earlier: has no 0.weight of \(3, 4\)"):
        pruner.prune(0.5, earlier={"0.weight": torch.zeros(2, 4)})


def test_pruning_needs_the_saved_weights_of_the_parent_or_else_the_root() -> None:
    graph = Graph(make_system(), "0" * 64)
    root = graph.root(0, STEADY, 0.1)
    middle = graph.child(root, STEADY, 0.1)
    last = graph.child(middle, STEADY, 0.1)
    results = {each.id: cell_result(each, 50.0) for each in (root, middle)}

    def results_with_snapshots(*cells: str) -> dict[str, object]:
        return {
            name: type(each)(**{**vars(each), "kept": "k" if name in cells else None})
            for name, each in results.items()
        }

    assert keeper(last, results_with_snapshots()) is None  # type: ignore[arg-type]
    assert keeper(last, results_with_snapshots(root.id)) == root  # type: ignore[arg-type]
    assert keeper(last, results_with_snapshots(root.id, middle.id)) == middle  # type: ignore[arg-type]


def test_networks_that_keep_more_are_a_graph_of_their_own_and_other_ids_stay() -> None:
    def graph(**pruning: object) -> str:
        return Graph(make_system(pruning=PruningSpec.model_validate(pruning)), "0" * 64).id

    assert "prune_norms" not in as_json(PruningSpec())
    assert "cut_warmup" not in as_json(WarmupSpec(warmup=3))
    assert scores_updates("layer_update")
    assert not scores_updates("layer_gradient")
    updates = {graph(criterion=name) for name in CRITERIA if scores_updates(name)}
    assert len(updates) == 1
    assert graph() == graph(prune_norms=True) not in updates
    sparse = [
        graph(start_density=0.5, **more)
        for more in ({}, {"prune_last": True}, {"prune_norms": True})
    ]
    assert len({*sparse}) == 3


@pytest.mark.parametrize(
    ("changes", "path", "rule"),
    [
        (
            {"pruning": {"criterion": "global_update", "rewind": 4}},
            "pruning.rewind",
            "keeps the network before the last epoch instead",
        ),
        (
            {
                "pruning": {"criterion": "layer_update_magnitude"},
                "training": {"steps": 12, "batch": 16, "validate_every": 6, "carry": "best"},
            },
            "training.carry",
            "may be older than the last epoch",
        ),
        (
            {"pruning": {"criterion": "l1_filter", "prune_norms": True}},
            "pruning.prune_norms",
            "removes the batch-norm scales of its filters with them",
        ),
    ],
)
def test_incompatible_fields_are_refused(changes: dict[str, object], path: str, rule: str) -> None:
    with pytest.raises(BadInput) as raised:
        make_study(**changes)
    (problem,) = raised.value.problems
    assert problem.path == path
    assert rule in problem.rule


def test_scales_of_batch_norm_are_pruned_and_counted_with_the_weights(digits: Images) -> None:
    """64 x 12 + 12 x 12 + 12 x 10 weights and 24 scales are 1,056; the last layer's 120 stay."""
    pruning = PruningSpec(rate=0.5, prune_norms=True)
    one = Trainer(make_system(network=NORMED, pruning=pruning), digits)
    root = one.root(0)
    scales = [name for name in root.masks if root.state[name].dim() == 1]
    assert sum(root.masks[name].numel() for name in scales) == 24
    for name in scales:  # the smallest of all
        root.state[name].mul_(1e-6)
    pruned = one.pruned(root, 0, 1)
    assert not any(pruned.masks[name].any() for name in scales)
    assert one.weights_remaining(pruned) == pytest.approx(100 * (1056 - 468) / 1056)
    without = Trainer(make_system(network=NORMED, pruning=PruningSpec(rate=0.5)), digits)
    assert without.weights_remaining(without.pruned(root, 0, 1)) == pytest.approx(
        100 * (1032 - 456) / 1032
    )


@pytest.mark.parametrize("engine", ["vmap", "grouped"])
def test_pruned_scales_stay_zero_on_every_engine(digits: Images, engine: str) -> None:
    pruning = PruningSpec(criterion="random", rate=0.5, prune_norms=True, prune_last=True)

    def trained(name: str) -> Network:
        declared = make_system(network=NORMED, pruning=pruning, engine=name, precision="fp64")
        one = Trainer(declared, digits)
        start = one.pruned(one.root(0), 0, 1)
        (member, _) = one.train([Member(start, 1, 0, STEADY, rate) for rate in (0.05, 0.1)])
        return member.outcome.network

    ours, theirs = trained(engine), trained("solo")
    for name, mask in theirs.masks.items():
        assert not ours.state[name][~mask].any()
        assert torch.allclose(ours.state[name], theirs.state[name], rtol=0, atol=1e-10)


def test_scales_are_refused_where_a_network_has_none(digits: Images) -> None:
    (problem,) = checks.problems(make_system(pruning=PruningSpec(prune_norms=True)), digits)
    assert problem.path == "pruning.prune_norms"
    assert "no batch-norm scales" in problem.rule
