"""Names of Optuna studies for people: readable, each different, and of display only."""

from typing import Any

import pytest

from oracle.storage.people_names import DescribedStudy, people_name, people_names


@pytest.mark.parametrize(
    ("kind", "cycle", "share", "role", "name"),
    [
        ("oracle", 3, 51.2, {"role": "oracle"}, "digits / cycle 03 / 51.2 %"),
        ("oracle", 3, None, {}, "digits / cycle 03"),
        ("oracle", 1, 80.0, {"role": "beam"}, "digits / cycle 01 / 80 % / beam"),
        ("oracle", 0, 100.0, {"role": "tuning", "label": "step"},
         "digits / cycle 00 / 100 % / tuning of step"),
        ("path", None, 100.0, {}, "digits / pruning run"),
        ("path", None, 100.0, {"role": "s_cyc"}, "digits / S-Cyc"),
        ("path", None, 100.0, {"role": "rival", "rival": {"name": "constant"}},
         "digits / constant"),
        ("path", None, None, {"role": "schedule", "label": "cyclical"}, "digits / cyclical"),
        ("summary", None, 100.0, {"role": "summary"}, "digits / summary"),
    ],
)  # fmt: skip
def test_a_study_is_named_by_its_cycle_and_its_weights_or_by_its_role(
    kind: str, cycle: int | None, share: float | None, role: dict[str, Any], name: str
) -> None:
    assert people_name("digits", kind, cycle, share, role) == name


def described(number: int, graph: str, node: str, **changes: Any) -> DescribedStudy:
    node_kind = {"kind": "oracle", "cycle": 0}
    attributes = {"place": node_kind, "node": node * 64, "graph": graph * 64} | changes
    return DescribedStudy(number, f"digits/{graph * 8}/cycle-00/{node * 8}", attributes)


def test_studies_with_equal_names_are_distinguished_and_foreign_ones_keep_theirs() -> None:
    studies = [
        described(1, "a", "1"),
        described(2, "b", "1"),
        described(3, "b", "2"),
        described(4, "c", "1", place={"kind": "oracle", "cycle": 1}),
        DescribedStudy(5, "mine/own", {"place": "here"}),
        DescribedStudy(6, "abc/observations", {"outside": "abc"}),
    ]
    assert people_names(studies, {1: 100.0, 2: 100.0, 3: 100.0, 4: 79.98}) == {
        1: "digits / cycle 00 / 100 % / aaaaaaaa",
        2: "digits / cycle 00 / 100 % / bbbbbbbb / 11111111",
        3: "digits / cycle 00 / 100 % / bbbbbbbb / 22222222",
        4: "digits / cycle 01 / 80 %",
        5: "mine/own",
        6: "abc / training runs of another program",
    }
