"""Optuna's studies, found by what we keep of them in their attributes."""

from __future__ import annotations

import json

import sqlalchemy as sa

from oracle.database.contents.optuna_tables import OF_STUDIES, STUDIES, TRIALS


def numbered_studies_with(engine: sa.Engine, key: str, value: str) -> list[tuple[int, str]]:
    """Return numbers, as the dashboard's addresses have them, and names, of the studies.

    Those of which a user attribute is a text.

    Args:
        engine: Of the database.
        key: Of the user attribute.
        value: Of the user attribute.
    """
    same = STUDIES.c.study_id == OF_STUDIES.c.study_id
    wanted = (OF_STUDIES.c.key == key) & (OF_STUDIES.c.value_json == json.dumps(value))
    select = sa.select(STUDIES.c.study_id, STUDIES.c.study_name).where(same & wanted)
    with engine.connect() as connection:
        rows = connection.execute(select.order_by(STUDIES.c.study_name))
        return [(int(number), str(name)) for number, name in rows]


def trials_with(engine: sa.Engine, key: str, value: str) -> int:
    """Return how many trials there are in those studies.

    Args:
        engine: Of the database.
        key: Of the user attribute.
        value: Of the user attribute.
    """
    same = TRIALS.c.study_id == OF_STUDIES.c.study_id
    wanted = (OF_STUDIES.c.key == key) & (OF_STUDIES.c.value_json == json.dumps(value))
    select = sa.select(sa.func.count()).select_from(TRIALS).join(OF_STUDIES, same).where(wanted)
    with engine.connect() as connection:
        return int(connection.execute(select).scalar_one())
