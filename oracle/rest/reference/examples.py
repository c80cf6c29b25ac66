"""An example of every body that goes in or out, by operation; the description shows them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from oracle.study.loading import read_yaml
from scyc.json_types import JsonMapping

STUDY = """name: digits
dataset: digits
network: fully_connected
training: {steps: 200, batch: 64, validation_interval: 40}
schedule: {warmup: 40, milestones: [120, 160]}
grid: {kind: log, low: 0.01, high: 0.3, count: 10}
cycles: 8
replicates: 3
s_cyc: {epsilon: 0.03, delta: 0.09, q: 1, beta: 4.0}
"""
_JOB: JsonMapping = MappingProxyType(
    {
        "id": "digits-0fb43313",
        "owner": "ada",
        "study": "digits",
        "run": "digits-53d35fc3",
        "state": "running",
        "done": 141,
        "known": 297,
        "seconds_left": 74.5,
        "priority": 0,
        "data": None,
        "message": "",
        "errors": [],
        "revision": 17,
        "submitted": "2026-03-02T09:12:44.120000Z",
        "started": "2026-03-02T09:12:45.300000Z",
        "ended": None,
    }
)
_RUN: JsonMapping = MappingProxyType(
    {
        "id": "digits-53d35fc3",
        "study": "digits",
        "kind": "oracle",
        "state": "running",
        "cycles": 8,
        "shrunk": {},
    }
)
_SUMMARY: JsonMapping = MappingProxyType(
    {
        "id": "digits-53d35fc3",
        "name": "baseline",
        "study": "digits",
        "kind": "oracle",
        "state": "done",
        "done": 297,
        "expected": 297,
        "ended": "2026-03-02T09:14:02+00:00",
        "bytes": 3402114,
        "owners": ["ada"],
        "shrunk": {},
    }
)
_REGION: JsonMapping = MappingProxyType(
    {
        "low": 0.05,
        "high": 0.2,
        "members": [0.05, 0.1, 0.2],
        "contiguous": True,
        "cut_low": False,
        "cut_high": True,
    }
)
_S_CYC: JsonMapping = MappingProxyType(
    {
        "max_lr": 0.112,
        "inside": True,
        "val_accuracy": [91.1, 90.3],
        "test_accuracy": [90.8, 90.6],
        "diverged": False,
    }
)
_FOUND: JsonMapping = MappingProxyType(
    {"cycle": 0, "s_cyc": 0.1, "well_tuned": 0.1, "region": dict(_REGION), "inside": True}
)
_DECLARED: JsonMapping = MappingProxyType(
    {
        "name": "mine",
        "description": "",
        "grid": {"max_lr": [0.05, 0.1, 0.2], "extend": False},
        "search": "grid",
        "cycles": 1,
        "replicates": 2,
        "tolerance": 0.5,
        "tolerance_kind": "points",
        "pruning_rate": 0.2,
        "s_cyc": {"epsilon": 0.1, "delta": 0.1, "q": 0, "beta": 3.0},
    }
)
_OUTSIDE: JsonMapping = MappingProxyType(
    {
        "run": "mine-5e0f9c1d",
        "state": "open",
        "done": 7,
        "known": 12,
        "cycle": 1,
        "cycles": [dict(_FOUND)],
    }
)
_SHOWN: JsonMapping = MappingProxyType(
    {
        **_OUTSIDE,
        "kind": "outside",
        "owner": "ada",
        "declared": "2026-03-02T09:12:44.120000Z",
        "declaration": dict(_DECLARED),
    }
)
_COST: JsonMapping = MappingProxyType({"trainings": 2, "steps": 180, "seconds": 1.2})
_TABLE: JsonMapping = MappingProxyType(
    {
        "kind": "oracle",
        "study": "digits",
        "run_id": "digits-53d35fc3",
        "shrunk": {},
        "replicates": 2,
        "complete": False,
        "tolerance": 0.5,
        "tolerance_kind": "points",
        "search": "grid",
        "search_bounds": None,
        "split": None,
        "cycles": [
            {
                "cycle": 0,
                "weights_remaining": 100.0,
                "replicates": 2,
                "grid": [
                    {
                        "max_lr": 0.1,
                        "val_accuracy": [93.5, 94.25],
                        "test_accuracy": [92.0, 93.75],
                        "diverged": False,
                    }
                ],
                "well_tuned": 0.1,
                "feasible": dict(_REGION),
                "at_chance": None,
                "evidence": None,
                "plateau": None,
                "search": None,
                "s_cyc": dict(_S_CYC),
                "oracle_less_s_cyc": None,
                "paper": None,
            }
        ],
        "paper_table": None,
        "cost": {"oracle": dict(_COST), "s_cyc": dict(_COST)},
        "beam": None,
        "rivals": [],
        "fit": None,
    }
)

REQUESTS: Mapping[tuple[str, str], Any] = MappingProxyType(  # by operation and media type
    {
        ("submit", "application/json"): {"study": STUDY, "shrink": {"cycles": 2}, "priority": 5},
        ("submit", "application/yaml"): read_yaml(STUDY, "example"),
        ("changeJob", "application/json"): {"priority": 10},
        ("renameRun", "application/json"): {"name": "baseline"},
        ("importRun", "application/zip"): "(a file)",
        ("declareOutside", "application/json"): dict(_DECLARED),
        ("observe", "application/json"): {
            "observations": [{"cycle": 0, "max_lr": 0.1, "replicate": 0, "accuracy": 91.25}]
        },
    }
)

ANSWERS: Mapping[tuple[str, str], Any] = MappingProxyType(  # by operation and media type
    {
        ("submit", "application/json"): dict(_JOB),
        ("listJobs", "application/json"): {
            "items": [dict(_JOB)],
            "next": 41,
            "count": {"queued": 3, "running": 1, "done": 40, "failed": 0, "cancelled": 2},
        },
        ("getJob", "application/json"): dict(_JOB),
        ("changeJob", "application/json"): {**_JOB, "priority": 10},
        ("cancelJob", "application/json"): {**_JOB, "state": "cancelled", "seconds_left": None},
        ("resumeJob", "application/json"): {**_JOB, "state": "queued", "seconds_left": None},
        ("watchJob", "text/event-stream"): {
            "id": "2",
            "event": "state",
            "data": '{"number":2,"kind":"state","text":"running"}',
        },
        ("listRuns", "application/json"): {"items": [dict(_RUN)], "next": None},
        ("getRun", "application/json"): dict(_RUN),
        ("getTable", "application/json"): dict(_TABLE),
        ("getTable", "text/csv"): "cycle,replicates,weights_remaining,well_tuned\n0,2,100.0,0.1\n",
        ("getTable", "text/markdown"): "| cycle | well-tuned max_lr |\n| ---: | ---: |\n",
        ("getTable", "application/x-latex"): "\\begin{tabular}{rr}\n\\toprule\n",
        ("getTable", "text/plain"): "digits  (digits-53d35fc3)\n",
        ("getFigure", "application/json"): {"data": [], "layout": {}},
        ("getFigure", "text/html"): "<html>...</html>\n",
        ("getFigure", "image/png"): "(a picture)",
        ("getFigure", "image/svg+xml"): "<svg/>",
        ("getReport", "text/html"): "<!doctype html>\n",
        ("exportNetwork", "application/octet-stream"): "(a file)",
        ("summarizeRun", "application/json"): dict(_SUMMARY),
        ("renameRun", "application/json"): dict(_SUMMARY),
        ("deleteRun", "application/json"): {
            "id": "digits-53d35fc3",
            "trainings": 297,
            "bytes": 3402114,
        },
        ("exportRun", "application/zip"): "(a file)",
        ("importRun", "application/json"): dict(_SUMMARY),
        ("getStudy", "application/yaml"): read_yaml(STUDY, "example"),
        ("getRegion", "application/json"): {
            "run": "digits-53d35fc3",
            "cycle": 0,
            "weights_remaining": 100.0,
            "well_tuned": 0.1,
            "feasible": dict(_REGION),
            "s_cyc": dict(_S_CYC),
        },
        ("listShipped", "application/json"): {"digits": STUDY},
        ("declareOutside", "application/json"): dict(_SHOWN),
        ("listOutside", "application/json"): {"items": [dict(_SHOWN)]},
        ("getOutside", "application/json"): dict(_SHOWN),
        ("getMaxLr", "application/json"): {**_FOUND, "run": "mine-5e0f9c1d", "complete": True},
        ("observe", "application/json"): {
            **_OUTSIDE,
            "added": 1,
            "next": {"cycle": 1, "max_lr": 0.2, "replicate": 0, "parent_max_lr": 0.1},
            "retry_after": None,
            "conflicts": [],
        },
        ("health", "application/json"): {"status": "ok"},
        ("ready", "application/json"): {"status": "ok"},
        ("metrics", "text/plain"): 'oracle_jobs{state="queued"} 3.0\n',
    }
)
