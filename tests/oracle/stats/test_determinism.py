"""The same stored results give the same bytes, whichever kernels linear algebra uses."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

RESULTS = Path(__file__).parents[3] / "docs" / "results"

EVIDENCE = """
import json, sys
from threadpoolctl import threadpool_info
from oracle.stats.region import MaxLrScores
from oracle.stats.region_intervals import infer_region
from oracle.tables.parts import evidence
table = json.load(open(sys.argv[1]))
parts = []
for cycle in table["cycles"][2:6]:
    tried = {e["max_lr"]: MaxLrScores(tuple(e["val_accuracy"]), e["diverged"])
             for e in cycle["grid"]}
    parts.append(evidence.part(infer_region(tried, 0.5, "points", 0), cycle["s_cyc"]["max_lr"]))
kernels = [each["architecture"] for each in threadpool_info() if each["internal_api"] == "openblas"]
print(json.dumps([kernels[:1], parts]))
"""


def evidence(kernels: str) -> str:
    made = subprocess.run(
        [sys.executable, "-c", EVIDENCE, str(RESULTS / "digits-fine.json")],
        env={**os.environ, "OPENBLAS_CORETYPE": kernels, "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    return made.stdout


def test_intervals_and_verdicts_do_not_depend_on_the_processor() -> None:
    one, other = evidence("Nehalem"), evidence("Haswell")
    if "Nehalem" not in one or "Haswell" not in other:
        pytest.skip("NumPy's linear algebra is not OpenBLAS, or this processor lacks the kernels")
    assert one.replace("Nehalem", "") == other.replace("Haswell", "")
