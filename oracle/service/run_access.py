"""Who may have the networks of a run, and where these are."""

from __future__ import annotations

from oracle.errors import Forbidden
from oracle.records.tokens import Token
from oracle.runs.catalog import StoredRun
from oracle.service import admission
from oracle.service.service import Service
from oracle.settings import Settings
from scyc.errors import BadInput
from scyc.specs.base import as_json


def settings_for(service: Service, run: StoredRun, who: Token) -> Settings:
    """Return where a run's networks and images are, for those who may have them.

    Args:
        service: Whose run it is.
        run: The run.
        who: An admin, or the owner of a job that ran as this run.

    Raises:
        Forbidden: They are neither.
        BadInput: The network is built by code that the server does not list.
    """
    run_id = run.record.run_id
    jobs = service.jobs.of_run(run_id)
    owners = sorted({job.owner for job in jobs})
    if not who.allows("admin") and who.name not in owners:
        whose = (
            f"{', '.join(owners)}'s; ask them, or an admin" if owners else "no job's; ask an admin"
        )
        raise Forbidden(f"the networks of {run_id} are {whose}")
    settings = service.settings
    code = {"network": as_json(run.study).get("network")}
    if problems := admission.problems(code, settings.allow, settings.data, None):
        raise BadInput(run_id, problems)
    named = [job.data for job in jobs if job.data in settings.data]
    return settings.of_job(named[0] if named else None)
