"""Schema 3: names that users give runs."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the table of names."""
    op.create_table(
        "oracle_run_names",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("run_id", sa.String(80), unique=True, nullable=False),
    )
    op.execute("UPDATE oracle_schema SET version = 3")
