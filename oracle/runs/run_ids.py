"""The id of a study's run: its name and a short hash, longer where another run has that one."""

from __future__ import annotations

import json

from oracle.database import URL, stored_runs
from oracle.study.base import Study, short_ids
from scyc.specs.base import content_hash


def run_id(study: Study, fingerprint: str) -> str:
    """Name and hash of a study: every field, defaults included, and the images' content."""
    return run_ids(study, fingerprint)[0]


def run_ids(study: Study, fingerprint: str) -> tuple[str, ...]:
    """Return the ids that a study's run may have, in the order to try them."""
    digest = content_hash(["run", study.identity_fields(), fingerprint])
    return short_ids(study.name, digest)


def free_run_id(study: Study, fingerprint: str, url: URL) -> str:
    """The first of a run's ids that no other run has; ids are short hashes, which may collide."""
    declared = json.loads(json.dumps(study.identity_fields()))
    ids = run_ids(study, fingerprint)
    taken = stored_runs(url, ids)

    def is_free(each: str) -> bool:
        if each not in taken:
            return True
        its_fingerprint, its_study = taken[each]
        same = {name: value for name, value in json.loads(its_study).items() if name != "beside"}
        return its_fingerprint == fingerprint and same == declared

    return next(filter(is_free, ids), ids[-1])
