"""Our tables beside Optuna's in one database, SQLite or PostgreSQL, and how they are reached."""

from oracle.ledger.database import (
    URL,
    DatabaseError,
    engine_options,
    opening,
    sqlite_url,
)
from oracle.ledger.failing import failed
from oracle.ledger.jobs import Jobs
from oracle.ledger.leases import Claim, Lease
from oracle.ledger.observations import Observations
from oracle.ledger.probing import parse_url, probe
from oracle.ledger.runs import Ledger, RunRecord
from oracle.ledger.schema import migrate
from oracle.ledger.soundness import COPY
from oracle.ledger.tables import SCHEMA
from oracle.ledger.tokens import Sessions, Tokens

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
