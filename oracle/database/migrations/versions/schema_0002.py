"""Schema 2, the service: jobs, tokens, and what training runs outside of the oracle report."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the service's tables."""
    _jobs()
    _callers()
    _outside()
    op.execute("UPDATE oracle_schema SET version = 2")


def _jobs() -> None:
    op.create_table(
        "oracle_jobs",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(200), unique=True, nullable=False),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("study_name", sa.String(200), nullable=False),
        sa.Column("study", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("data", sa.String(200)),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("run_id", sa.String(200)),
        sa.Column("done", sa.Integer, nullable=False, server_default="0"),
        sa.Column("known", sa.Integer, nullable=False, server_default="0"),
        sa.Column("seconds_left", sa.Double),
        sa.Column("message", sa.Text, nullable=False, server_default=""),
        sa.Column("problems", sa.Text, nullable=False, server_default="[]"),
        sa.Column("revision", sa.Integer, nullable=False, server_default="1"),
        sa.Column("told", sa.Integer, nullable=False, server_default="0"),
        sa.Column("submitted", sa.DateTime, nullable=False),
        sa.Column("started", sa.DateTime),
        sa.Column("ended", sa.DateTime),
        sa.Column("holder", sa.String(64)),
        sa.Column("process", sa.String(200)),
        sa.Column("beat", sa.Integer, nullable=False, server_default="0"),
    )
    op.create_index("oracle_jobs_queue", "oracle_jobs", ["state", "priority", "number"])
    held = sa.text("holder IS NOT NULL")
    op.create_index(
        "oracle_jobs_holder", "oracle_jobs", ["holder"], sqlite_where=held, postgresql_where=held
    )
    op.create_table(
        "oracle_job_events",
        sa.Column("job", sa.Integer, sa.ForeignKey("oracle_jobs.number"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
    )
    op.create_table(
        "oracle_job_keys",
        sa.Column("owner", sa.String(64), primary_key=True),
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("job_id", sa.String(200), nullable=False),
    )


def _callers() -> None:
    op.create_table(
        "oracle_tokens",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("digest", sa.String(64), unique=True, nullable=False),
        sa.Column("scope", sa.String(16), nullable=False),
        sa.Column("created", sa.DateTime, nullable=False),
    )
    op.create_table(
        "oracle_sessions",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("token", sa.String(64), nullable=False),
        sa.Column("expires", sa.DateTime, nullable=False),
    )


def _outside() -> None:
    op.create_table(
        "oracle_outside_runs",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("run_id", sa.String(200), unique=True, nullable=False),
        sa.Column("spec", sa.Text, nullable=False),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("declared", sa.DateTime, nullable=False),
    )
    op.create_table(
        "oracle_observations",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("run_id", sa.String(200), nullable=False),
        sa.Column("cycle", sa.Integer, nullable=False),
        sa.Column("max_lr", sa.Double, nullable=False),
        sa.Column("replicate", sa.Integer, nullable=False),
        sa.Column("accuracy", sa.Double),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("reported", sa.DateTime, nullable=False),
        sa.UniqueConstraint(
            "run_id", "cycle", "max_lr", "replicate", name="oracle_observations_training"
        ),
    )
