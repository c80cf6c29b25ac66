from collections.abc import Callable

from oracle.cells import Graph
from scyc.spec import PruningSpec, SystemSpec

System = Callable[..., SystemSpec]
IMAGES = "0" * 64


def test_ids_are_pinned(system: System) -> None:
    """An id that changes without a reason makes every user train everything again."""
    graph = Graph(system(), IMAGES)
    root = graph.root(0, 0.1)
    child = graph.child(root, 0.2)
    assert (graph.id[:16], root.id[:16], child.id[:16]) == PINNED


def test_everything_that_shapes_a_training_changes_its_id(system: System) -> None:
    base = Graph(system(), IMAGES)
    changed = [
        Graph(system(seed=1), IMAGES),
        Graph(system(steps=13), IMAGES),
        Graph(system(carry="best"), IMAGES),
        Graph(system(precision="fp64"), IMAGES),
        Graph(system(), "1" * 64),
    ]
    ids = {graph.root(0, 0.1).id for graph in [base, *changed]}
    ids |= {base.root(1, 0.1).id, base.root(0, 0.2).id}
    assert len(ids) == 8


def test_the_unpruned_network_is_shared_by_all_pruning_methods(system: System) -> None:
    one = Graph(system(), IMAGES)
    two = Graph(system(pruning=PruningSpec(criterion="layer_magnitude")), IMAGES)
    assert one.root(0, 0.1).id == two.root(0, 0.1).id
    assert one.child(one.root(0, 0.1), 0.1).id != two.child(two.root(0, 0.1), 0.1).id


def test_a_cell_knows_its_cycle_and_path(system: System) -> None:
    graph = Graph(system(), IMAGES)
    cell = graph.child(graph.child(graph.root(3, 0.1), 0.2), 0.3)
    assert (cell.cycle, cell.max_lr, cell.replicate) == (2, 0.3, 3)
    assert cell.path == (0.1, 0.2, 0.3)


def test_the_path_to_a_cell_is_part_of_its_id(system: System) -> None:
    graph = Graph(system(), IMAGES)
    assert graph.child(graph.root(0, 0.1), 0.3).id != graph.child(graph.root(0, 0.2), 0.3).id


PINNED = ("4194c41f56e45f60", "3dead0bb48f87afc", "5861d678315092bc")
