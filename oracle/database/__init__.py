"""Our tables beside Optuna's in one database, SQLite or PostgreSQL, and how they are reached."""

from oracle.database.engine import URL, DatabaseError, engine_options, opening, sqlite_url
from oracle.database.errors import failed
from oracle.database.integrity import COPY
from oracle.database.jobs import Jobs
from oracle.database.leases import Claim, Lease
from oracle.database.observations import Observations
from oracle.database.probe import parse_url, probe
from oracle.database.runs import Ledger, RunRecord
from oracle.database.schema import migrate
from oracle.database.tables import SCHEMA
from oracle.database.tokens import Sessions, Tokens

__all__ = [
    "COPY",
    "SCHEMA",
    "URL",
    "Claim",
    "DatabaseError",
    "Jobs",
    "Lease",
    "Ledger",
    "Observations",
    "RunRecord",
    "Sessions",
    "Tokens",
    "engine_options",
    "failed",
    "migrate",
    "opening",
    "parse_url",
    "probe",
    "sqlite_url",
]
