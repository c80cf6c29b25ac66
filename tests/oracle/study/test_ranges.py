"""Every number of a study has a range in which it means something, and is refused outside of it."""

import copy
import json
import math
from collections.abc import Callable, Iterator
from typing import Annotated, Any, Literal, get_args, get_origin

import pytest
from annotated_types import Ge, Gt, Le, Lt
from factories import tiny_content
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from oracle.study.base import LearningRates, Study
from oracle.study.function import FunctionStudy, FunctionSystem
from oracle.study.parts.external_run import ExternalRun
from oracle.study.registry import KINDS
from oracle.study.validation import _problems, parse
from scyc.errors import BadInput
from scyc.specs.base import Spec, as_json
from scyc.specs.ranges import STORED, Within
from scyc.specs.system import SubsetSpec, SystemSpec

Make = Callable[..., Study]
ROOTS = (
    *KINDS.values(),
    FunctionStudy,
    FunctionSystem,
    ExternalRun,
    LearningRates,
    SystemSpec,
    SubsetSpec,
)
OWN_NUMBERS = {
    ("FactorySpec", "options"),
    ("OwnNetworkSpec", "options"),
    ("TrainerSpec", "options"),
}  # what they mean only the user's code knows
FLOATS = (-1e308, -1.0, 5e-324, 1e-300, 1e300, 1e308, 10**399, math.nan, math.inf)
WHOLE = (-(10**399), -1, 10**18, 2**63, 10**399)


def specs() -> list[type[Spec]]:
    """Every spec that a study or an external run may hold."""
    classes: dict[type[Spec], None] = {}
    waiting: list[Any] = list(ROOTS)
    while waiting:
        annotation = waiting.pop()
        if isinstance(annotation, type) and issubclass(annotation, Spec):
            if annotation not in classes:
                classes[annotation] = None
                waiting += [field.annotation for field in annotation.model_fields.values()]
                waiting += [m for field in annotation.model_fields.values() for m in field.metadata]
        else:
            waiting += get_args(annotation)
    return sorted(classes, key=lambda spec: spec.__name__)


def numbers(annotation: Any, metadata: tuple[Any, ...]) -> Iterator[tuple[type, tuple[Any, ...]]]:
    """The numbers in an annotation, each with what is said of it."""
    if annotation in (int, float):
        yield annotation, metadata
    elif get_origin(annotation) is Annotated:
        yield from numbers(annotation.__origin__, annotation.__metadata__)
    else:
        several = get_origin(annotation) in (tuple, dict)
        for inner in get_args(annotation):
            yield from numbers(inner, () if several else metadata)


def bounds(metadata: tuple[Any, ...]) -> tuple[float, float]:
    flat = [i for m in metadata for i in (m.metadata if isinstance(m, FieldInfo) else [m])]
    lows = [
        -math.inf,
        *(getattr(m, "ge", getattr(m, "gt", None)) for m in flat if isinstance(m, Ge | Gt)),
    ]
    highs = [
        math.inf,
        *(getattr(m, "le", getattr(m, "lt", None)) for m in flat if isinstance(m, Le | Lt)),
    ]
    ranges = [m for m in flat if isinstance(m, Within)]
    lows += [m.low for m in ranges]
    highs += [m.high for m in ranges]
    return max(lows), min(highs)


NUMERIC = [
    (spec, name, kind, bounds(metadata))
    for spec in specs()
    for name, field in spec.model_fields.items()
    if (spec.__name__, name) not in OWN_NUMBERS
    for kind, metadata in numbers(field.annotation, tuple(field.metadata))
]
IDS = [f"{spec.__name__}.{name}" for spec, name, _, _ in NUMERIC]


def test_every_kind_of_number_is_found() -> None:
    assert len(NUMERIC) > 90
    known = {"SCyc.epsilon", "TrainingSpec.steps", "ListGrid.max_lr", "WarmupSpec.drops"}
    known |= {"PruningSpec.rewind", "AdamSpec.eps", "CellSearch.regret", "Halving.first"}
    assert known <= set(IDS)


@pytest.mark.parametrize(("spec", "name", "kind", "limits"), NUMERIC, ids=IDS)
def test_every_number_of_every_spec_has_a_least_and_a_greatest_value(
    spec: type[Spec], name: str, kind: type, limits: tuple[float, float]
) -> None:
    low, high = limits
    assert math.isfinite(low)
    assert math.isfinite(high)
    assert low < high <= (2**63 if kind is int else 1e38)


def sample(spec: type[Spec]) -> dict[str, Any]:
    """A valid spec as JSON values, with every optional number given."""
    name = spec.model_fields.get("name")
    named = name is not None and name.is_required() and get_origin(name.annotation) is Literal
    content = {"name": get_args(name.annotation)[0]} if name is not None and named else {}
    return content | copy.deepcopy(SAMPLES.get(spec.__name__, {}))


OWN_GRID = {"max_lr": [0.05, 0.1]}
RANGE = {"kind": "log", "low": 0.01, "high": 0.1, "count": 4, "floor": 0.01, "ceiling": 0.1}
CURVE = {"epsilon": 0.1, "delta": 0.1, "q": 0, "beta": 3.0}
TRAINING = {"steps": 12, "batch": 16, "validate_every": 6}
COMMON = {
    "name": "tiny", "dataset": "digits", "network": "fully_connected", "training": TRAINING,
    "cycles": 2,
}  # fmt: skip
COLUMNS = {"cycles": [1], "weights_remaining": [80.0]}
SEARCH = {"name": "paper", "epsilon": OWN_GRID, "delta": [0.1]}
SAMPLES: dict[str, dict[str, Any]] = {
    "CycleRange": {"low": 0, "high": 3},
    "CyclicalSpec": {"name": "cyclical", "step": 4},
    "DistributionsStudy": COMMON | {
        "kind": "distributions", "schedule": "constant", "max_lr": 0.1,
        "record": {"what": ["activations"]},
    },
    "Entry": {"label": "a", "schedule": "constant", "max_lr": 0.1},
    "ExternalRun": {"name": "a", "grid": OWN_GRID, "cycles": 2},
    "FloatRange": {"low": 0.0, "high": 1e9},
    "FunctionStudy": tiny_content(
        without=("dataset", "subset", "network", "pruning", "training", "pack"),
        schedule="constant", trainer="module:function", tolerance=0.5,
    ),
    "FunctionSystem": {
        "trainer": {"function": "module:function"}, "metric": {}, "pruning": {}, "steps": 1,
        "seed": 0,
    },
    "Halving": {"first": 1},
    "LearningRates": {"schedule": "constant", "max_lr": 0.1},
    "ListGrid": OWN_GRID | {"extend": False},
    "ListedSearch": {"name": "grid", "epsilon": [0.1], "delta": [0.1], "q": [0], "beta": [3.0]},
    "LrDecaySpec": {"name": "lr_decay", "iterations": 4},
    "OracleStudy": tiny_content(schedule="constant"),
    "PaperFigure": {"figure": 1, "claim": "it rises"},
    "PaperOracle": {
        "table": 3, **COLUMNS, "well_tuned": [0.1], "feasible_low": [0.1], "feasible_high": [0.1],
        "s_cyc": None,
    },
    "PaperRecipe": SEARCH,
    "PaperSchedules": {"table": "2", **COLUMNS, "accuracy": {"a": [[70.0, 1.0]]}},
    "PowerLawRival": {"alpha": 1.0},
    "PositiveRange": {"low": 1e-12, "high": 1e9},
    "RangeGrid": RANGE,
    "RecordSpec": {"what": ["activations"]},
    "ReplicateRange": {"least": 2, "most": 1000},
    "SCyc": CURVE,
    "SampledSearch": {
        "name": "optuna", "epsilon": {"low": 0.1, "high": 0.2}, "delta": {"low": 0.1, "high": 0.2},
    },
    "SchedulesStudy": COMMON | {
        "kind": "schedules",
        "schedules": [
            {"label": "a", "schedule": "constant", "max_lr": 0.1},
            {"label": "b", "schedule": "constant", "max_lr": 0.2},
        ],
    },
    "SearchStudy": COMMON | {"kind": "search", "search": SEARCH, "schedule": "constant"},
    "SystemSpec": {
        "network": "fully_connected", "pruning": {}, "training": TRAINING, "split": {}, "seed": 0,
    },
    "TrainingSpec": TRAINING,
    "WarmupSpec": {"warmup": 0},
}  # fmt: skip


def with_number(spec: type[Spec], name: str, value: float) -> dict[str, Any]:
    """A sample with a number replaced, in a list its first."""
    content = sample(spec)
    if (spec.__name__, name) == ("RecordSpec", "outside"):
        content[name] = [value, 2.0]
    elif (spec.__name__, name) == ("PaperSchedules", "accuracy"):
        content[name] = {"a": [[value, 1.0]]}
    elif "tuple" in str(spec.model_fields[name].annotation):
        content[name] = [value, *content.get(name, [])[1:]]
    else:
        content[name] = value
    return content


@pytest.mark.parametrize(("spec", "name", "kind", "limits"), NUMERIC, ids=IDS)
def test_an_extreme_number_is_one_problem_with_its_path_or_is_allowed(
    spec: type[Spec], name: str, kind: type, limits: tuple[float, float]
) -> None:
    spec.model_validate(sample(spec))
    low, high = limits
    for value in WHOLE if kind is int else FLOATS:
        try:
            spec.model_validate(with_number(spec, name, value))
        except ValidationError as error:
            problems = list(_problems(error, spec))
            assert len(problems) == 1, (value, problems)
            assert problems[0].path.split("[")[0].split(".")[0] in (name, "study"), problems
            assert str(problems[0]).count("must be") <= 2, problems
            if low < value < high:
                assert spec.__name__ in CLOSE, problems  # its fields bound each other
        else:
            assert low <= value <= high, value


CLOSE = {"FloatRange", "PositiveRange", "RangeGrid", "ListGrid", "SplitSpec", "OneCycleSpec"}

REFUSED = [
    (
        "training.augment",
        {"crop": 10**9},
        "training.augment.crop = 1000000000    must be from 0 to 4,096",
    ),
    ("training.augment", {"crop": 10**399}, "training.augment.crop = 1000"),
    ("training.optimizer", {"weight_decay": 1e308}, "= 1e+308    must be from 1e-12 to 100, or 0"),
    (
        "training.steps",
        10**18,
        "training.steps = 1000000000000000000    must be from 1 to 10,000,000",
    ),
    ("training.batch", 10**9, "training.batch = 1000000000    must be from 1 to 1,000,000"),
    ("pruning.rate", 1e-300, "pruning.rate = 1e-300    must be from 1e-06 to 0.9999"),
    ("pruning.batches", 10**9, "pruning.batches = 1000000000    must be from 1 to 10,000"),
    ("pruning.rewind", 10**18, "pruning.rewind = 1000000000000000000    "),
    ("cycles", 10**6, "cycles = 1000000    must be at most 1000"),
    ("seed", 2**63, "seed = 9223372036854775808    must be from 0 to 9223372036854775807"),
    ("tolerance", 100.0, "tolerance = 100.0    must be from 0.001 to 50, or 0"),
    ("tolerance", 1e-300, "tolerance = 1e-300    must be from 0.001 to 50, or 0"),
    ("s_cyc.epsilon", 1e308, "s_cyc.epsilon = 1e+308    must be from 1e-12 to 1e+38"),
    ("s_cyc.epsilon", 5e-324, "s_cyc.epsilon = 5e-324    must be from 1e-12"),
    ("s_cyc.delta", 1e300, "s_cyc.delta = 1e+300    must be from 0"),
    ("s_cyc.beta", 1e300, "s_cyc.beta = 1e+300    must be from 0.001 to 1,000"),
    ("s_cyc.q", 10**18, "s_cyc.q = 1000000000000000000    must be from 0 to 1,000"),
    ("grid.max_lr", [1e-300, 1.0], "grid.max_lr[0] = 1e-300    must be from 1e-12"),
    (
        "grid",
        {"kind": "log", "low": 0.1, "high": 1e300, "count": 9},
        "grid.high = 1e+300    must be",
    ),
    ("network", {"name": "fully_connected", "hidden": [10**9]}, "network.hidden[0] = 1000000000"),
]


@pytest.mark.parametrize(
    ("path", "value", "message"), REFUSED, ids=[f"{p}={str(v)[:20]}" for p, v, _ in REFUSED]
)
def test_a_number_without_meaning_is_refused_with_path_value_rule_and_remedy(
    path: str, value: object, message: str
) -> None:
    content = copy.deepcopy(tiny_content())
    holder = content
    *above, last = path.split(".")
    for part in above:
        holder = holder[part]
    holder[last] = value
    with pytest.raises(BadInput) as refused:
        parse(content, "tiny.yaml")
    assert len(refused.value.problems) == 1, refused.value
    assert message in str(refused.value)


def test_more_images_than_memory_holds_the_order_of_are_refused() -> None:
    content = tiny_content(training=TRAINING | {"steps": 10**7, "batch": 10**6})
    with pytest.raises(
        BadInput, match=r"training.batch = 1000000    times 10,000,000 steps are over"
    ):
        parse(content, "tiny.yaml")


def test_studies_that_were_stored_before_there_were_ranges_are_read_unchanged() -> None:
    content = tiny_content(seed=2**70, pruning={"rate": 1e-9, "batches": 10**6})
    content["training"]["optimizer"] = {"weight_decay": 1e300}
    with pytest.raises(BadInput, match="4 problems"):
        parse(content, "tiny.yaml")
    old = parse(content, "tiny.yaml", stored=True)
    assert (old.seed, old.pruning.rate, old.pruning.batches) == (2**70, 1e-9, 10**6)
    system = SystemSpec.model_validate_json(json.dumps(as_json(old.system)), context=STORED)
    assert system == old.system
