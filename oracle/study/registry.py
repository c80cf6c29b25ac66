"""The kinds of study, by the name that a YAML file gives as ``kind``."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from oracle.study.base import Study
from oracle.study.distributions import DistributionsStudy
from oracle.study.oracle import OracleStudy
from oracle.study.schedules import SchedulesStudy
from oracle.study.search import SearchStudy

KINDS: Mapping[str, type[Study]] = MappingProxyType(
    {
        "oracle": OracleStudy,
        "schedules": SchedulesStudy,
        "distributions": DistributionsStudy,
        "search": SearchStudy,
    }
)
