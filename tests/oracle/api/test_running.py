"""A study runs from Python as it does from the command line."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from factories import tiny_content
from notebooks import notebook

import oracle
from oracle.errors import SettingProblem
from oracle.runs import catalog, prepare
from oracle.settings import Settings
from oracle.study.base import Study
from scyc.data.images import Images
from scyc.specs import factory

NETWORK = """
from torch import nn

def network(shape, classes):
    size = shape[0] * shape[1] * shape[2]
    return nn.Sequential(
        nn.Flatten(), nn.Linear(size, hidden), nn.ReLU(), nn.Linear(hidden, classes)
    )
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def run(folder: Path) -> oracle.Run:
    return oracle.run(tiny_content(), runs=folder, backend="inline", progress=False)


def test_a_run_has_the_table_that_the_command_prints(run: oracle.Run, folder: Path) -> None:
    stored = catalog.find_run("tiny", Settings(folder=folder))
    assert run.table == catalog.stored_table(stored)
    assert run.state == "done"
    assert [cycle["cycle"] for cycle in run.table["cycles"]] == [0, 1, 2]
    assert run.run_id == stored.record.run_id


def test_regions_has_one_row_a_cycle(run: oracle.Run) -> None:
    frame = run.regions()
    cycles = run.table["cycles"]
    assert list(frame["cycle"]) == [0, 1, 2]
    assert list(frame["well_tuned"]) == [cycle["well_tuned"] for cycle in cycles]
    assert list(frame["feasible_low"]) == [cycle["feasible"]["low"] for cycle in cycles]


def test_to_dataframe_has_one_row_a_training_run(run: oracle.Run) -> None:
    frame = run.to_dataframe()
    assert frame["cell"].is_unique
    oracles = frame[frame["search"] == "oracle"]
    assert len(oracles) == run.table["cost"]["oracle"]["trainings"]
    first = oracles[(oracles["cycle"] == 1) & (oracles["max_lr"] == 0.1)]
    assert list(first["val_accuracy"]) == run.table["cycles"][1]["grid"][1]["val_accuracy"]


def test_a_notebook_shows_a_run_as_table_and_figure(run: oracle.Run) -> None:
    page = run._repr_html_()
    assert "<table>" in page
    assert run.run_id in page
    assert "plotly" in page
    assert run.figure().layout.height


def test_a_network_has_exact_zeros_where_its_masks_are_false(run: oracle.Run) -> None:
    network, masks = run.network(cycle=2), run.masks(cycle=2)
    weights = dict(network.named_parameters())
    assert not network.training
    pruned = sum(int((~mask).sum()) for mask in masks.values())
    assert pruned > 0
    for name, mask in masks.items():
        assert torch.count_nonzero(weights[name][~mask]) == 0
        assert not torch.signbit(weights[name][~mask]).any()
    remaining = run.table["cycles"][2]["weights_remaining"]
    total = sum(each.numel() for name, each in weights.items() if name.endswith("weight"))
    assert 100 * (1 - pruned / total) == pytest.approx(remaining)
    assert network(torch.zeros(2, 1, 8, 8)).shape == (2, 10)


def test_a_ticket_is_the_initial_network_below_the_masks(run: oracle.Run) -> None:
    ticket, rewound = run.network(2, state="ticket"), run.network(2, state="rewound")
    masks = run.masks(2)
    trained = dict(run.network(2).named_parameters())
    for (name, first), (_, second) in zip(
        ticket.named_parameters(), rewound.named_parameters(), strict=True
    ):
        assert torch.equal(first, second)  # the study rewinds to the start
        if name in masks:
            assert torch.count_nonzero(first[~masks[name]]) == 0
            assert not torch.equal(first, trained[name])


def test_the_error_for_a_discarded_network_names_the_command_that_restores_it(
    run: oracle.Run,
) -> None:
    best = run.table["cycles"][1]["well_tuned"]
    lost = next(rate for rate in (0.05, 0.1, 0.2) if rate != best)
    with pytest.raises(oracle.BadInput, match="keep_checkpoints: all"):
        run.network(1, max_lr=lost)


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        ({"cycle": 9}, r"cycle = 9 .*finished: 0 to 2"),
        ({"cycle": 1, "max_lr": 0.07}, r"was not tried in cycle 1; tried: 0.05, 0.1, 0.2"),
        ({"cycle": 1, "replicate": 2}, r"replicate = 2 .*0 to 1"),
        ({"cycle": 1, "state": "first"}, r'must be "final", "ticket" or "rewound"'),
    ],
)
def test_a_network_that_is_not_there_is_refused(
    run: oracle.Run, arguments: dict[str, Any], rule: str
) -> None:
    with pytest.raises(oracle.BadInput, match=rule):
        run.network(**arguments)


def test_a_stored_run_is_found_by_name(run: oracle.Run, folder: Path) -> None:
    assert oracle.load_run("tiny", runs=folder).table == run.table
    assert run.run_id in [each.run_id for each in oracle.list_runs(runs=folder)]
    with pytest.raises(oracle.BadInput, match="no such run"):
        oracle.load_run("other", runs=folder)


def test_arguments_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(oracle.BadInput, match=r"3 problems") as refused:
        oracle.run(
            tiny_content(),
            runs=tmp_path / "r",
            workers=0,
            device="tpu",
            backend="dask",  # type: ignore[arg-type]
        )
    assert {each.path for each in refused.value.problems} == {"workers", "device", "backend"}
    assert not (tmp_path / "r").exists()


def test_arguments_of_another_type_are_refused_together() -> None:
    wrong: dict[str, Any] = {"runs": 5, "data": b"x", "storage": 5, "store": 3, "save_every": "x"}
    with pytest.raises(oracle.BadInput) as refused:
        oracle.run(tiny_content(), **wrong)
    assert [each.path for each in refused.value.problems] == list(wrong)


@pytest.mark.parametrize("started", [oracle.run, oracle.check])
def test_download_is_refused_for_a_data_set_that_is_not_fetched(
    started: Any, tmp_path: Path
) -> None:
    with pytest.raises(oracle.BadInput) as refused:
        started(tiny_content(), runs=tmp_path, backend="inline", download=True)
    (problem,) = refused.value.problems
    assert problem.path == "download"
    assert "cifar10 and fashion_mnist" in problem.rule


def test_check_estimates_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oracle.runs.estimate._timed", lambda meter, members: (1e-3, 1e-3))
    cost = oracle.check(tiny_content(), runs=tmp_path / "r", workers=1)
    assert cost.replicates == 2
    assert "tiny is valid" in str(cost)
    assert not (tmp_path / "r").exists()


def own(digits: Images, hidden: int = 16, **changes: Any) -> Study:
    """Declare a study of a notebook's network and of arrays."""
    content = tiny_content(without=("subset",), name="own", cycles=1, **changes)
    made = notebook(NETWORK, hidden=hidden)["network"]
    data = (digits.pixels.numpy(), digits.labels.numpy())
    return oracle.OracleStudy(**content | {"network": made, "dataset": data})


def test_a_notebook_s_network_and_arrays_train_as_the_built_in_ones(
    digits: Images, tmp_path: Path
) -> None:
    ran = oracle.run(own(digits), runs=tmp_path, backend="inline", progress=False)
    assert ran.state == "done"
    assert ran.study.network.factory.startswith("in_process:network.h")
    assert ran.network(1)(torch.zeros(1, 1, 8, 8)).shape == (1, 10)
    again = prepare.prepare(own(digits), Settings(folder=tmp_path, backend="inline"))
    assert again.run_id == ran.run_id
    assert (
        again.graph.id
        != prepare.prepare(
            own(digits, hidden=17), Settings(folder=tmp_path, backend="inline")
        ).graph.id
    )


def test_a_notebook_s_network_is_refused_in_another_process_with_the_remedy(
    digits: Images, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    oracle.run(own(digits), runs=tmp_path, backend="inline", progress=False)
    monkeypatch.setattr(factory, "_OBJECTS", {})  # as another process has them
    ran = oracle.load_run("own", runs=tmp_path)
    for state in ("final", "ticket"):
        with pytest.raises(oracle.BadInput, match="declare it in this process, too") as refused:
            ran.export(tmp_path / "net.pt", 1, state=state)  # type: ignore[arg-type]
        assert not isinstance(
            refused.value.problems[0], SettingProblem
        )  # `oracle export` has no --network


def test_a_dataset_of_tensors_is_the_same_data_as_its_arrays(digits: Images) -> None:
    class Pairs(torch.utils.data.Dataset[tuple[torch.Tensor, int]]):
        def __len__(self) -> int:
            return len(digits.labels)

        def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
            return digits.pixels[index].float() / 255, int(digits.labels[index])

    tensors = torch.utils.data.TensorDataset(digits.pixels, digits.labels)
    names = {
        oracle.OracleStudy(**tiny_content() | {"dataset": data}).dataset.factory
        for data in (Pairs(), tensors, (digits.pixels, digits.labels))
    }
    assert len(names) == 1


def test_arrays_in_grayscale_are_the_same_data_with_and_without_their_channel(
    digits: Images, tmp_path: Path
) -> None:
    pixels, labels = digits.pixels.numpy(), digits.labels.numpy()
    where = Settings(folder=tmp_path, backend="inline")
    prepared = [
        prepare.prepare(oracle.OracleStudy(**tiny_content() | {"dataset": (each, labels)}), where)
        for each in (pixels, pixels[:, 0], torch.from_numpy(pixels[:, 0]).float() / 255)
    ]
    assert len({each.run_id for each in prepared}) == 1
    assert prepared[0].images is not None
    assert prepared[0].images.shape == (1, 8, 8)


@pytest.mark.parametrize(
    ("dataset", "rule"),
    [
        ((np.zeros((4, 8)), np.zeros(4, int)), r"\[images, channels, height, width\]"),
        ((np.zeros((4, 8, 8, 3)), np.zeros(4, int)), r"pixels\.transpose\(0, 3, 1, 2\)"),
        ((np.zeros((4, 8, 8)), np.zeros(3, int)), "one label an image"),
        ((np.full((4, 1, 2, 2), 0.3), np.zeros(4, int)), "multiples of 1/255"),
        ((np.full((4, 1, 2, 2), -1.5), np.zeros(4, int)), "before normalising"),
        ((np.zeros((4, 1, 2, 2), np.uint8), np.zeros(4)), "whole numbers"),
    ],
)
def test_data_that_are_no_images_are_refused(dataset: Any, rule: str) -> None:
    with pytest.raises(oracle.BadInput, match=rule):
        oracle.OracleStudy(**tiny_content() | {"dataset": dataset})


def test_a_network_that_is_a_module_is_refused() -> None:
    with pytest.raises(oracle.BadInput, match=r"network .*a function of \(shape, classes\)"):
        oracle.OracleStudy(**tiny_content() | {"network": torch.nn.Linear(64, 10)})


@pytest.mark.parametrize("wrong", [["digits"], 3, None])
def test_what_is_no_study_is_refused_with_what_is_one(wrong: Any) -> None:
    with pytest.raises(oracle.BadInput, match="give a built-in study's name, the path"):
        oracle.check(wrong)


def test_an_interrupt_keeps_finished_results(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from oracle.execution.worker import Worker

    trained, packs = Worker.train, []

    def interrupted(self: Worker, tasks: Any, engine: Any = None) -> Any:
        packs.append(len(tasks))
        if len(packs) == 3:
            raise KeyboardInterrupt
        return trained(self, tasks, engine)

    monkeypatch.setattr(Worker, "train", interrupted)
    with pytest.raises(KeyboardInterrupt):
        oracle.run(tiny_content(), runs=tmp_path, backend="inline", progress=False)
    stopped = oracle.load_run("tiny", runs=tmp_path)
    assert stopped.state == "stopped"
    assert len(stopped.to_dataframe()) == sum(packs[:2])
    assert not stopped.table["complete"]
