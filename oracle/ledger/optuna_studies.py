"""Which of Optuna's studies have an attribute: a question that Optuna answers by reading them all.

With each study go its note and its figures, 30 kB a study and more. The tables are those of the
schema that :func:`oracle.ledger.probe` asks for; nothing here writes to them.
"""

from __future__ import annotations

import json

import sqlalchemy as sa

_STUDIES = sa.table("studies", sa.column("study_id"), sa.column("study_name"))
_TRIALS = sa.table("trials", sa.column("trial_id"), sa.column("study_id"))
_ATTRIBUTES = sa.table(
    "study_user_attributes", sa.column("study_id"), sa.column("key"), sa.column("value_json")
)


def numbered_studies_with(engine: sa.Engine, key: str, value: str) -> list[tuple[int, str]]:
    """Numbers, as the dashboard's addresses have them, and names, of the studies.

    Those of which a user attribute is a text.
    """
    same = _STUDIES.c.study_id == _ATTRIBUTES.c.study_id
    wanted = (_ATTRIBUTES.c.key == key) & (_ATTRIBUTES.c.value_json == json.dumps(value))
    select = sa.select(_STUDIES.c.study_id, _STUDIES.c.study_name).where(same & wanted)
    with engine.connect() as connection:
        found = connection.execute(select.order_by(_STUDIES.c.study_name))
        return [(int(number), str(name)) for number, name in found]


def trials_with(engine: sa.Engine, key: str, value: str) -> int:
    """How many trials there are in those studies."""
    same = _TRIALS.c.study_id == _ATTRIBUTES.c.study_id
    wanted = (_ATTRIBUTES.c.key == key) & (_ATTRIBUTES.c.value_json == json.dumps(value))
    select = sa.select(sa.func.count()).select_from(_TRIALS).join(_ATTRIBUTES, same).where(wanted)
    with engine.connect() as connection:
        return int(connection.execute(select).scalar_one())
