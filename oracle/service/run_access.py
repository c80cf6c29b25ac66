"""Who may have the networks of a run, or change it, and where its files are."""

from __future__ import annotations

from oracle.errors import Forbidden
from oracle.records.jobs import Job
from oracle.records.tokens import Token
from oracle.runs.catalog import StoredRun
from oracle.service import admission
from oracle.service.service import Service
from oracle.settings import Settings
from scyc.errors import BadInput
from scyc.specs.base import as_json


def check_owner(service: Service, run: StoredRun, who: Token, what: str = "") -> list[Job]:
    """Return the jobs that ran as a run, to an admin and to the owner of one of them.

    Args:
        service: Whose run it is.
        run: The requested run.
        who: The caller.
        what: The requested part of it, in the plural; "": the run itself.

    Returns:
        The jobs, of any state; [] of a run that is no job's.

    Raises:
        Forbidden: They are neither.
    """
    jobs = service.jobs.of_run(run.record.run_id)
    owners = sorted({job.owner for job in jobs})
    if not who.allows("admin") and who.name not in owners:
        belongs_to = (
            f"{', '.join(owners)}'s; ask them, or an admin" if owners else "no job's; ask an admin"
        )
        subject = f"{what} of {run.record.run_id} are" if what else f"{run.record.run_id} is"
        raise Forbidden(f"{subject} {belongs_to}")
    return jobs


def settings_for(service: Service, run: StoredRun, who: Token) -> Settings:
    """Return where a run's networks and images are, for those who may have them.

    Args:
        service: Whose run it is.
        run: The requested run.
        who: An admin, or the owner of a job that ran as this run.

    Returns:
        Settings with the data folder of one of the run's jobs.

    Raises:
        Forbidden: They are neither.
        BadInput: The network is built by code that the server does not list.
    """
    run_id, jobs = run.record.run_id, check_owner(service, run, who, "the networks")
    settings = service.settings
    code = {"network": as_json(run.study).get("network")}
    if problems := admission.problems(code, settings.allow, settings.data, None):
        raise BadInput(run_id, problems)
    named = [job.data for job in jobs if job.data in settings.data]
    return settings.of_job(named[0] if named else None)
