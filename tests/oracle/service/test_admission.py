from pathlib import Path
from typing import Any

import pytest

from oracle.errors import SettingProblem
from oracle.service import admission
from oracle.study.validation import parse
from scyc.errors import Problem
from scyc.specs.base import as_json

ALLOW = {"mine": "networks.mine:make", "pictures": "data.mine:read"}


def content(**changes: Any) -> dict[str, Any]:
    """A study as it is submitted."""
    return {
        "name": "tiny",
        "dataset": "digits",
        "network": "fully_connected",
        "training": {"steps": 12, "batch": 16, "validate_every": 6},
        "schedule": {"warmup": 3, "drops": [8]},
        "grid": {"max_lr": [0.05, 0.1, 0.2]},
        "cycles": 2,
        "s_cyc": {"epsilon": 0.1, "delta": 0.1, "q": 0, "beta": 3.0},
    } | changes


def paths(problems: list[Problem]) -> list[str]:
    return [each.path for each in problems]


@pytest.fixture
def folders(tmp_path: Path) -> dict[str, Path]:
    (tmp_path / "images" / "train").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "images" / "way-out").symlink_to(tmp_path / "elsewhere")
    return {"images": tmp_path / "images"}


@pytest.mark.parametrize(
    ("named", "spec"),
    [
        ("mine", {"factory": "networks.mine:make"}),
        ({"name": "mine"}, {"factory": "networks.mine:make"}),
        (
            {"name": "mine", "options": {"width": 3}, "factory": "os:system"},
            {"factory": "networks.mine:make", "options": {"width": 3}},
        ),
        ("networks.mine:make", "networks.mine:make"),
        ("resnet20", "resnet20"),
        ({"name": "resnet20", "width": 8}, {"name": "resnet20", "width": 8}),
        (["mine"], ["mine"]),
    ],
)
def test_a_listed_name_is_replaced_by_its_code(named: Any, spec: Any) -> None:
    given = content(network=named)
    assert admission.resolved(given, ALLOW) == content(network=spec)
    assert given == content(network=named)


def test_a_listed_name_does_not_replace_a_built_in_one() -> None:
    allow = {"digits": "os:system"}
    assert admission.resolved(content(), allow) == content()


def test_input_that_is_no_mapping_is_left_to_the_parser() -> None:
    assert admission.resolved(["mine"], ALLOW) == ["mine"]
    assert admission.problems(["mine"], ALLOW, {}, None) == []


@pytest.mark.parametrize("form", ["short", "long"])
def test_code_that_is_not_listed_is_refused(form: str) -> None:
    code = "os.path:join"
    named = code if form == "short" else {"factory": code, "options": {}}
    (network,) = admission.problems(content(network=named), ALLOW, {}, None)
    assert (network.path, network.value) == ("network", code)
    assert "mine (networks.mine:make), pictures (data.mine:read)" in network.rule
    both = admission.problems(content(network=named, dataset=named), {}, {}, None)
    assert paths(both) == ["network", "dataset"]
    assert "which is empty" in both[0].rule


def test_listed_code_may_be_named_by_its_import_path() -> None:
    study = parse(admission.resolved(content(network="mine", dataset="data.mine:read"), ALLOW), "")
    assert admission.problems(as_json(study), ALLOW, {}, None) == []
    assert paths(admission.problems(as_json(study), {}, {}, None)) == ["network", "dataset"]


def test_images_may_lie_in_the_servers_folders_only(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    def refused(root: str | None, data: str | None = None) -> list[str]:
        dataset = {"name": "image_folder", "root": root, "parts": [], "size": None}
        return paths(admission.problems(content(dataset=dataset), {}, folders, data))

    inside = tmp_path / "images"
    assert refused(str(inside)) == []
    assert refused(str(inside / "train")) == []
    for outside in (
        "/etc",
        str(tmp_path),
        str(inside / ".." / "elsewhere"),
        str(inside / "way-out"),
        f"{inside}-too",
        "images",  # from whatever folder the server was started in
        "",
        "\0",
    ):
        assert refused(outside) == ["dataset.root"], outside
    assert refused(None) == ["dataset.root"]
    assert refused(None, "images") == refused("/etc", "images") == []  # the named folder is taken
    assert refused(None, "photos") == ["data"]


def test_a_server_without_data_folders_explains_how_to_add_them() -> None:
    dataset = {"name": "cifar10", "root": None, "download": False}
    (missing,) = admission.problems(content(dataset=dataset), {}, {}, None)
    assert "--data" in missing.rule
    (named,) = admission.problems(content(), {}, {}, "images")
    assert named == SettingProblem("data", named.rule, "images")
    assert "--data" in named.rule


def test_parts_lie_below_the_folder_of_images(folders: dict[str, Path]) -> None:
    parts = ["train", "/etc", "../elsewhere", "train/../../elsewhere"]
    dataset = {"name": "image_folder", "root": None, "parts": parts, "size": None}
    problems = admission.problems(content(dataset=dataset), {}, folders, "images")
    assert paths(problems) == ["dataset.parts[1]", "dataset.parts[2]", "dataset.parts[3]"]


def test_nothing_is_downloaded_for_others(folders: dict[str, Path]) -> None:
    dataset = {"name": "cifar10", "root": None, "download": True}
    for data in ("images", None):
        problems = admission.problems(content(dataset=dataset), {}, folders, data)
        assert "dataset.download" in paths(problems)


def test_every_kind_of_data_that_needs_a_folder_is_known_by_its_root() -> None:
    """What reads files has a root, which is judged; a kind that would have another name is not."""
    strange = {
        (name, field)
        for name, spec in admission.SHIPPED["dataset"].items()
        for field in spec.model_fields
        if field not in {"name", "root", "parts", "size", "download"}
    }
    assert strange == set()


@pytest.mark.parametrize(
    "trainer", ["os:system", {"function": "os:system"}, "in_process:f.h12", "train"]
)
def test_a_training_function_must_be_on_the_servers_list(trainer: object) -> None:
    allow = {"mine": "mypackage.train:train"}
    problems = admission.problems(admission.resolved({"trainer": trainer}, allow), allow, {}, None)
    assert [each.path for each in problems] == ["trainer"]
    named = admission.resolved({"trainer": "mine"}, allow)
    assert named == {"trainer": {"function": "mypackage.train:train"}}
    assert admission.problems(named, allow, {}, None) == []
