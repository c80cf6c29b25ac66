"""Schema 1, the first one: runs, leases, plans.

It was made without Alembic, so a database may hold its tables and know of no step; and one of the
first days lacks the plans. Either is left as it is, but for what it lacks.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make what is not there yet."""
    op.create_table(
        "oracle_schema",
        sa.Column("version", sa.Integer, primary_key=True),
        if_not_exists=True,
    )
    op.create_table(
        "oracle_runs",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("run_id", sa.String(80), unique=True, nullable=False),
        sa.Column("graph", sa.String(64), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("study", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        if_not_exists=True,
    )
    op.create_table(
        "oracle_leases",
        sa.Column("graph", sa.String(64), primary_key=True),
        sa.Column("holder", sa.String(32), nullable=False),
        sa.Column("process", sa.String(200), nullable=False),
        sa.Column("beat", sa.Integer, nullable=False),
        if_not_exists=True,
    )
    op.create_table(
        "oracle_plans",
        sa.Column("run_id", sa.String(80), primary_key=True),
        sa.Column("device", sa.String(16), primary_key=True),
        sa.Column("engine", sa.String(32), nullable=False),
        sa.Column("most", sa.Integer, nullable=False),
        if_not_exists=True,
    )
    op.execute("DELETE FROM oracle_schema")
    op.execute("INSERT INTO oracle_schema (version) VALUES (1)")
