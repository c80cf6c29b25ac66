"""Our tables as they are now; how they came to be so is in `oracle.database.migrations`.

Times are UTC, stored without their zone, which SQLite cannot store.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import overload

import sqlalchemy as sa

SCHEMA = 3  # of the tables in this module; the latest migration makes it

METADATA = sa.MetaData()
_ID = sa.String(200)
_HELD = sa.text("holder IS NOT NULL")
_DIGEST = sa.String(64)  # sha256 in hexadecimal

VERSION = sa.Table("oracle_schema", METADATA, sa.Column("version", sa.Integer, primary_key=True))
RUNS = sa.Table(
    "oracle_runs",
    METADATA,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("run_id", sa.String(80), unique=True, nullable=False),
    sa.Column("graph", sa.String(64), nullable=False),
    sa.Column("fingerprint", sa.String(64), nullable=False),
    sa.Column("study", sa.Text, nullable=False),  # JSON, every field
    sa.Column("state", sa.String(16), nullable=False),
)
RUN_NAMES = sa.Table(
    "oracle_run_names",
    METADATA,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("run_id", sa.String(80), unique=True, nullable=False),
)
LEASES = sa.Table(
    "oracle_leases",
    METADATA,
    sa.Column("graph", sa.String(64), primary_key=True),
    sa.Column("holder", sa.String(32), nullable=False),  # a random name for this very acquisition
    sa.Column("process", sa.String(200), nullable=False),  # see oracle.host.processes
    sa.Column("beat", sa.Integer, nullable=False),  # signs of life so far
)
PLANS = sa.Table(
    "oracle_plans",
    METADATA,
    sa.Column("run_id", sa.String(80), primary_key=True),
    sa.Column("device", sa.String(16), primary_key=True),  # its type, such as cuda
    sa.Column("engine", sa.String(32), nullable=False),
    sa.Column("most", sa.Integer, nullable=False),  # members of a pack
)
JOBS = sa.Table(
    "oracle_jobs",
    METADATA,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("id", _ID, unique=True, nullable=False),
    sa.Column("owner", sa.String(64), nullable=False),
    sa.Column("study_name", _ID, nullable=False),
    sa.Column("study", sa.Text, nullable=False),  # JSON, every field
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("data", _ID),
    sa.Column("priority", sa.Integer, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("run_id", _ID),
    sa.Column("done", sa.Integer, nullable=False, server_default="0"),
    sa.Column("known", sa.Integer, nullable=False, server_default="0"),
    sa.Column("seconds_left", sa.Double),
    sa.Column("message", sa.Text, nullable=False, server_default=""),
    sa.Column("problems", sa.Text, nullable=False, server_default="[]"),  # JSON
    sa.Column("revision", sa.Integer, nullable=False, server_default="1"),
    sa.Column("told", sa.Integer, nullable=False, server_default="0"),  # events so far
    sa.Column("submitted", sa.DateTime, nullable=False),  # UTC, as are all times here
    sa.Column("started", sa.DateTime),
    sa.Column("ended", sa.DateTime),
    sa.Column("holder", sa.String(64)),
    sa.Column("process", sa.String(200)),  # the holder's, see oracle.host.processes
    sa.Column("beat", sa.Integer, nullable=False, server_default="0"),  # signs of life so far
    sa.Index("oracle_jobs_queue", "state", "priority", "number"),
    # A server asks for them several times a second, however many jobs there were. On PostgreSQL it
    # is partial, too; to say so here would import that dialect, a fifth of `oracle list`.
    sa.Index("oracle_jobs_holder", "holder", sqlite_where=_HELD),
)
EVENTS = sa.Table(
    "oracle_job_events",
    METADATA,
    sa.Column("job", sa.ForeignKey("oracle_jobs.number"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),  # from 1 for each job
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
)
KEYS = sa.Table(
    "oracle_job_keys",
    METADATA,
    sa.Column("owner", sa.String(64), primary_key=True),
    sa.Column("key", _DIGEST, primary_key=True),  # of an Idempotency-Key
    sa.Column("job_id", _ID, nullable=False),
)
TOKENS = sa.Table(
    "oracle_tokens",
    METADATA,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("digest", _DIGEST, unique=True, nullable=False),  # of its secret
    sa.Column("scope", sa.String(16), nullable=False),
    sa.Column("created", sa.DateTime, nullable=False),
)
SESSIONS = sa.Table(
    "oracle_sessions",
    METADATA,
    sa.Column("digest", _DIGEST, primary_key=True),  # of its secret
    sa.Column("token", _DIGEST, nullable=False),  # digest of the token that signed in
    sa.Column("expires", sa.DateTime, nullable=False),
)
OUTSIDE = sa.Table(
    "oracle_outside_runs",
    METADATA,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("run_id", _ID, unique=True, nullable=False),
    sa.Column("spec", sa.Text, nullable=False),  # JSON, every field
    sa.Column("owner", sa.String(64), nullable=False),
    sa.Column("declared", sa.DateTime, nullable=False),
)
OBSERVATIONS = sa.Table(
    "oracle_observations",
    METADATA,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("run_id", _ID, nullable=False),
    sa.Column("cycle", sa.Integer, nullable=False),
    sa.Column("max_lr", sa.Double, nullable=False),
    sa.Column("replicate", sa.Integer, nullable=False),
    sa.Column("accuracy", sa.Double),  # percent; null: it diverged
    sa.Column("owner", sa.String(64), nullable=False),
    sa.Column("reported", sa.DateTime, nullable=False),
    sa.UniqueConstraint(
        "run_id", "cycle", "max_lr", "replicate", name="oracle_observations_training"
    ),
)


def now() -> datetime:
    """Return the present time, as it is stored."""
    return datetime.now(UTC).replace(tzinfo=None)


@overload
def aware(stored: datetime) -> datetime: ...
@overload
def aware(stored: datetime | None) -> datetime | None: ...
def aware(stored: datetime | None) -> datetime | None:
    """Add the zone to a time as it is stored.

    Args:
        stored: In UTC, without a zone; None: no time.

    Returns:
        The same time with the zone UTC.
    """
    return None if stored is None else stored.replace(tzinfo=UTC)
