"""The id of a study's run: its name and a short hash, longer where another run has that one."""

from __future__ import annotations

import json

from oracle.database import URL, RunRecord, stored_runs
from oracle.study.base import Study, short_ids
from scyc.json_types import JsonObject
from scyc.specs.base import content_hash


def run_id(study: Study, fingerprint: str) -> str:
    """Return the first of the ids that a study's run may have.

    It is the study's name and a hash of every field, defaults included, and the images' content.

    Args:
        study: What was declared.
        fingerprint: Hash of the images.

    Returns:
        As :func:`run_ids`, the shortest.
    """
    return run_ids(study, fingerprint)[0]


def run_ids(study: Study, fingerprint: str) -> tuple[str, ...]:
    """Return the ids that a study's run may have, in the order to try them.

    Args:
        study: What was declared.
        fingerprint: Hash of the images.

    Returns:
        The study's name with more and more digits of the hash.
    """
    digest = content_hash(["run", study.identity_fields(), fingerprint])
    return short_ids(study.name, digest)


def free_run_id(study: Study, fingerprint: str, url: URL) -> str:
    """Return the first of a run's ids that no other run has; short hashes may collide.

    Another run may take it before this one is registered, see
    :meth:`oracle.database.RunDatabase.register_first`.

    Args:
        study: What was declared.
        fingerprint: Hash of the images.
        url: Of the database.

    Returns:
        An id that is free or this same run's; the longest where others have all of them.
    """
    declared = json.dumps(study.identity_fields())
    ids = run_ids(study, fingerprint)
    taken = stored_runs(url, ids)
    free = [
        each
        for each in ids
        if each not in taken or _content(*taken[each]) == _content(fingerprint, declared)
    ]
    return free[0] if free else ids[-1]


def is_same_run(one: RunRecord, other: RunRecord) -> bool:
    """Return whether two records are of the same study of the same images, wherever they lie.

    Args:
        one: Row of a run.
        other: Row of another.

    Returns:
        True where fingerprints and fields of the studies agree, however the latter are spelt.
    """
    return _content(one.fingerprint, one.study) == _content(other.fingerprint, other.study)


def _content(fingerprint: str, study: str) -> tuple[str, JsonObject]:
    """Return what a run's id is a hash of."""
    fields = json.loads(study)
    fields.pop("beside", None)
    return fingerprint, fields
