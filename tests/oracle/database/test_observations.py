"""The rows of training runs of other programs, on every kind of database."""

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from oracle.database import Observations, RunDatabase, parse_url
from oracle.errors import ConflictingObservation


@pytest.fixture
def observations(storage: str) -> Iterator[Observations]:
    ledger = RunDatabase(parse_url(storage))
    yield ledger.observations()
    ledger.close()


def test_a_run_is_declared_once(observations: Observations) -> None:
    assert observations.declare("mine-1", '{"a": 1}', "ann")
    assert not observations.declare("mine-1", '{"a": 1}', "bob")
    assert observations.declare("mine-2", '{"a": 2}', "bob")
    first = observations.declared("mine-1")
    assert first is not None
    assert (first.run_id, first.spec, first.owner) == ("mine-1", '{"a": 1}', "ann")
    assert timedelta(0) <= datetime.now(UTC) - first.declared < timedelta(minutes=1)
    assert [each.run_id for each in observations.all_declared()] == ["mine-1", "mine-2"]
    assert observations.declared("nowhere\x00") is None


def test_accuracies_come_back_bit_for_bit_in_their_order(observations: Observations) -> None:
    reported = [
        (1, 0.1 + 0.2, 0, 100 / 3),
        (0, math.nextafter(0.3, 1), 0, 5e-324),
        (0, 0.3, 1, None),
        (0, 1e-8, 2, 0.0),
    ]
    for cycle, max_lr, replicate, accuracy in reported:
        assert observations.add("mine-1", cycle, max_lr, replicate, accuracy, "ann")
    observations.add("other-1", 0, 0.3, 0, 50.0, "bob")
    stored = observations.of("mine-1")
    assert [(each.cycle, each.max_lr, each.replicate, each.accuracy) for each in stored] == reported
    assert {each.owner for each in stored} == {"ann"}
    assert observations.of("mine-1\x00") == []


@pytest.mark.parametrize(("first", "second"), [(50.0, 50.5), (None, 0.0), (0.0, None)])
def test_a_training_has_one_outcome(
    observations: Observations, first: float | None, second: float | None
) -> None:
    assert observations.add("mine-1", 2, 0.1, 0, first, "ann")
    assert not observations.add("mine-1", 2, 0.1, 0, first, "bob")
    with pytest.raises(ConflictingObservation, match=r"mine-1: cycle 2, max_lr 0\.1, replicate 0"):
        observations.add("mine-1", 2, 0.1, 0, second, "bob")
    (stored_row,) = observations.of("mine-1")
    assert (stored_row.accuracy, stored_row.owner) == (first, "ann")


def test_accuracies_that_differ_are_shown_as_different(observations: Observations) -> None:
    observations.add("mine-1", 0, 0.1, 0, 91.25, "ann")
    with pytest.raises(ConflictingObservation, match=r"with 91\.25 % before, .* 91\.250001 %"):
        observations.add("mine-1", 0, 0.1, 0, 91.250001, "ann")
