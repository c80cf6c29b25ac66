from collections.abc import Callable

from oracle.search.graph import Cell, Graph
from oracle.search.request import replicate_cells
from scyc.specs.schedules import CyclicalSpec, WarmupSpec
from scyc.specs.system import PruningSpec, RecordSpec, SystemSpec

System = Callable[..., SystemSpec]
IMAGES = "0" * 64
WARMUP = WarmupSpec(warmup=3, drops=(8, 10))
OTHER = CyclicalSpec(name="cyclical", step=4)


def root(graph: Graph, max_lr: float = 0.1, replicate: int = 0) -> Cell:
    return graph.root(replicate, WARMUP, max_lr)


def test_ids_are_pinned(system: System) -> None:
    """An id that changes without a reason makes every user train everything again."""
    graph = Graph(system(), IMAGES)
    child = graph.child(root(graph), WARMUP, 0.2)
    assert (graph.id[:16], root(graph).id[:16], child.id[:16]) == PINNED


def test_everything_that_shapes_a_training_changes_its_id(system: System) -> None:
    base = Graph(system(), IMAGES)
    changed = [
        Graph(system(seed=1), IMAGES),
        Graph(system(steps=13), IMAGES),
        Graph(system(carry="best"), IMAGES),
        Graph(system(deterministic=True), IMAGES),
        Graph(system(precision="fp64"), IMAGES),
        Graph(system(record=RecordSpec(what=("activations",))), IMAGES),
        Graph(system(), "1" * 64),
    ]
    ids = {root(graph).id for graph in [base, *changed]}
    ids |= {root(base, replicate=1).id, root(base, 0.2).id, base.root(0, OTHER, 0.1).id}
    assert len(ids) == 11


def test_the_unpruned_network_is_shared_by_all_pruning_methods(system: System) -> None:
    one = Graph(system(), IMAGES)
    two = Graph(system(pruning=PruningSpec(criterion="layer_magnitude", rewind="init")), IMAGES)
    assert root(one).id == root(two).id
    assert one.child(root(one), WARMUP, 0.1).id != two.child(root(two), WARMUP, 0.1).id


def test_an_unpruned_network_that_is_rewound_to_is_one_of_its_own(system: System) -> None:
    """The network after so many iterations must be saved while it trains."""
    early = [Graph(system(pruning=PruningSpec(rewind=step)), IMAGES) for step in (4, 8)]
    late = Graph(system(), IMAGES)
    assert len({root(graph).id for graph in [*early, late]}) == 3


def test_a_cell_knows_its_cycle_and_its_root(system: System) -> None:
    graph = Graph(system(), IMAGES)
    start = graph.root(3, WARMUP, 0.1)
    cell = graph.child(graph.child(start, OTHER, 0.2), WARMUP, 0.3)
    assert (cell.cycle, cell.max_lr, cell.replicate) == (2, 0.3, 3)
    assert cell.root == start


def test_the_path_to_a_cell_is_part_of_its_id(system: System) -> None:
    graph = Graph(system(), IMAGES)
    below = [graph.child(root(graph, rate), WARMUP, 0.3) for rate in (0.1, 0.2)]
    assert below[0].id != below[1].id


def test_the_study_key_is_the_same_for_all_replicates_and_each_schedule_has_its_own(
    system: System,
) -> None:
    graph = Graph(system(), IMAGES)
    parents = replicate_cells(graph, [None] * 3, WARMUP, 0.1)
    assert len({graph.study_key([parent], WARMUP) for parent in parents}) == 1
    other = replicate_cells(graph, [None] * 3, WARMUP, 0.2)
    keys = [
        graph.study_key([None], WARMUP),
        graph.study_key([None], OTHER),
        graph.study_key(parents, WARMUP),
        graph.study_key(parents, OTHER),
        graph.study_key(other, WARMUP),
    ]
    assert len(set(keys)) == 5


PINNED = ("b0900082772ea1d5", "9993b85927f52cec", "02bd17a00296aeec")
