"""A run's plan in the database, on each kind of it."""

from oracle.database import RunDatabase, parse_url
from scyc.tuning.plan import Plan


def test_a_plan_is_stored_for_each_run_and_kind_of_device(storage: str) -> None:
    ledger = RunDatabase(parse_url(storage))
    assert ledger.plan("tiny-1", "cuda") is None
    ledger.keep_plan("tiny-1", "cuda", Plan("grouped", 24))
    ledger.keep_plan("tiny-2", "cuda", Plan("graphed", 3))
    ledger.keep_plan("tiny-1", "cuda", Plan("grouped", 12))
    again = RunDatabase(parse_url(storage))
    assert again.plan("tiny-1", "cuda") == Plan("grouped", 12)
    assert again.plan("tiny-2", "cuda") == Plan("graphed", 3)
    assert again.plan("tiny-1", "cpu") is None
    for each in (ledger, again):
        each.close()
