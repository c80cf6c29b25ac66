"""Our tables and Optuna's in one database, SQLite or PostgreSQL, and how they are reached."""

from oracle.database.engine import (
    URL,
    DatabaseError,
    engine_options,
    optuna_schema_lock,
    sqlite_url,
)
from oracle.database.errors import failed
from oracle.database.integrity import COPY
from oracle.database.jobs import Jobs
from oracle.database.leases import Lease, LeaseClaim
from oracle.database.observations import Observations
from oracle.database.probe import STORAGE_RULE, parse_url, probe, stored_runs
from oracle.database.runs import RunDatabase, RunRecord
from oracle.database.schema import migrate
from oracle.database.tables import SCHEMA
from oracle.database.tokens import Sessions, Tokens

__all__ = [
    "COPY",
    "SCHEMA",
    "STORAGE_RULE",
    "URL",
    "DatabaseError",
    "Jobs",
    "Lease",
    "LeaseClaim",
    "Observations",
    "RunDatabase",
    "RunRecord",
    "Sessions",
    "Tokens",
    "engine_options",
    "failed",
    "migrate",
    "optuna_schema_lock",
    "parse_url",
    "probe",
    "sqlite_url",
    "stored_runs",
]
