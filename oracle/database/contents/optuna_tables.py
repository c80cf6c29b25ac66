"""Optuna's tables, as far as we read and write them ourselves: those of its schema 12."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

import sqlalchemy as sa

STATES = ("RUNNING", "COMPLETE", "PRUNED", "FAIL", "WAITING")
ENDED = ("COMPLETE", "PRUNED", "FAIL")
SUMMARY_KEY = "summary_of_cycle"  # attribute of the trials of a run's summary, one a cycle
METADATA = sa.MetaData()
STUDIES = sa.Table(
    "studies",
    METADATA,
    sa.Column("study_id", sa.Integer, primary_key=True),
    sa.Column("study_name", sa.String),
)
OF_STUDIES = sa.Table(
    "study_user_attributes",
    METADATA,
    sa.Column("study_id", sa.Integer),
    sa.Column("key", sa.String),
    sa.Column("value_json", sa.Text),
)
TRIALS = sa.Table(
    "trials",
    METADATA,
    sa.Column("trial_id", sa.Integer, primary_key=True),
    sa.Column("number", sa.Integer),
    sa.Column("study_id", sa.Integer),
    sa.Column("state", sa.Enum(*STATES, name="trialstate")),
    sa.Column("datetime_start", sa.DateTime),
    sa.Column("datetime_complete", sa.DateTime),
)
VALUES = sa.Table(
    "trial_values",
    METADATA,
    sa.Column("trial_value_id", sa.Integer, primary_key=True),
    sa.Column("trial_id", sa.Integer),
    sa.Column("objective", sa.Integer),
    sa.Column("value", sa.Double),
    sa.Column("value_type", sa.Enum("FINITE", "INF_POS", "INF_NEG", name="trialvaluetype")),
)
PARAMS = sa.Table(
    "trial_params",
    METADATA,
    sa.Column("param_id", sa.Integer, primary_key=True),
    sa.Column("trial_id", sa.Integer),
    sa.Column("param_name", sa.String),
    sa.Column("param_value", sa.Double),
    sa.Column("distribution_json", sa.Text),
)
CURVES = sa.Table(
    "trial_intermediate_values",
    METADATA,
    sa.Column("trial_intermediate_value_id", sa.Integer, primary_key=True),
    sa.Column("trial_id", sa.Integer),
    sa.Column("step", sa.Integer),
    sa.Column("intermediate_value", sa.Double),
    sa.Column(
        "intermediate_value_type",
        sa.Enum("FINITE", "INF_POS", "INF_NEG", "NAN", name="trialintermediatevaluetype"),
    ),
)
ATTRIBUTES = sa.Table(
    "trial_user_attributes",
    METADATA,
    sa.Column("trial_user_attribute_id", sa.Integer, primary_key=True),
    sa.Column("trial_id", sa.Integer),
    sa.Column("key", sa.String),
    sa.Column("value_json", sa.Text),
)


SYSTEM_OF_STUDIES = sa.Table(
    "study_system_attributes",
    METADATA,
    sa.Column("study_id", sa.Integer),
    sa.Column("key", sa.String),
    sa.Column("value_json", sa.Text),
)
DIRECTIONS = sa.Table(
    "study_directions",
    METADATA,
    sa.Column("study_id", sa.Integer),
    sa.Column("objective", sa.Integer),
    sa.Column("direction", sa.Enum("NOT_SET", "MINIMIZE", "MAXIMIZE", name="studydirection")),
)
SYSTEM_ATTRIBUTES = sa.Table("trial_system_attributes", METADATA, sa.Column("trial_id", sa.Integer))
HEARTBEATS = sa.Table("trial_heartbeats", METADATA, sa.Column("trial_id", sa.Integer))


def finite(value: float) -> float | None:
    """Return a number as Optuna's column keeps it: None where it is not finite.

    Args:
        value: Any number.

    Returns:
        The number, or None for NaN and the infinities.
    """
    return value if math.isfinite(value) else None


def number_kind(value: float) -> str:
    """Return Optuna's word for a number's kind, such as FINITE or INF_POS.

    Args:
        value: Any number.

    Returns:
        "FINITE", "INF_POS", "INF_NEG" or "NAN".
    """
    if math.isnan(value):
        return "NAN"
    if math.isinf(value):
        return "INF_POS" if value > 0 else "INF_NEG"
    return "FINITE"


_NUMBERS: Mapping[str, float] = MappingProxyType(
    {"INF_POS": math.inf, "INF_NEG": -math.inf, "NAN": math.nan}
)


def read_number(stored: float | None, how: str) -> float:
    """Decode a number as Optuna keeps it.

    Args:
        stored: The number, or None.
        how: Optuna's word for its kind, such as FINITE or INF_POS.

    Returns:
        The number, NaN and the infinities included.

    Raises:
        TypeError: It is FINITE and there is no number.
        ValueError: There is no such kind, or no number in `stored`.
    """
    if how == "FINITE":
        return float(stored)  # type: ignore[arg-type]  # TypeError where there is none
    if how not in _NUMBERS:
        raise ValueError(f"a number that is {how!r}")
    return _NUMBERS[how]
