"""Optuna's samplers, each suggestion a function of the study and of results alone.

Besides the storage, the only module that imports Optuna. A sampler sees a study in memory that is
filled anew for each suggestion, in the candidates' order, and has a seed of its own for each
candidate: nothing is pickled, and nothing depends on what a process has suggested before.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import optuna
from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution
from optuna.samplers import BaseSampler, GPSampler, QMCSampler, RandomSampler, TPESampler
from optuna.trial import FrozenTrial, TrialState

from oracle.search.s_cyc.candidates import Candidate
from oracle.stats.digits import round_digits
from oracle.study.search import FloatRange, SampledSearch, SearchStudy
from scyc import seeds
from scyc.specs.base import SCyc, as_json

_DIGITS = 4  # of suggested values, so that the last bits of a machine's arithmetic do not matter
_SEEDS = 2**32


def suggest(
    study: SearchStudy,
    number: int,
    past: Sequence[Candidate],
    under_way: Sequence[Candidate],
) -> SCyc:
    """Suggest the curve of a candidate.

    A candidate that halving stopped is reported to the sampler with its accuracies so far, one that
    diverged with 0 where it did not come to. Numbers are rounded to four digits, within their
    bounds.

    Args:
        study: Declares the space and the sampler.
        number: Of the candidate, from 0.
        past: Candidates that have ended.
        under_way: Candidates whose result is not known yet.

    Returns:
        The suggested parameters.
    """
    search = study.search
    assert isinstance(search, SampledSearch)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    objectives = study.objective.each(study.cycles)
    space = _space(search)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of samplers that are experimental
        sampler = SAMPLERS[search.sampler](search, _seed(study, number))
        optuna_study = optuna.create_study(
            directions=["maximize"] * len(objectives), sampler=sampler
        )
        optuna_study.add_trials([_ended(each, space, objectives) for each in past])
        if search.sampler == "qmc":
            return _curve(search, _of_sequence(optuna_study, number, space))
        optuna_study.add_trials([_trial(each, space, TrialState.RUNNING) for each in under_way])
        return _curve(search, optuna_study.ask(space).params)


def _of_sequence(
    optuna_study: optuna.Study, number: int, space: dict[str, BaseDistribution]
) -> _Values:
    """Return the point of a quasi-random sequence, which counts requests and ignores results.

    The sampler counts from the first finished trial on, so there is always one.
    """
    if not optuna_study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)):
        middle = {name: each.low for name, each in space.items()}  # type: ignore[attr-defined]
        optuna_study.add_trial(
            optuna.create_trial(
                params=middle, distributions=space, values=[0.0] * len(optuna_study.directions)
            )
        )
    suggested = [optuna_study.ask(space).params for _ in range(number + 1)]
    return suggested[-1]


_Values = Mapping[str, float]

SAMPLERS: Mapping[str, Callable[[SampledSearch, int], BaseSampler]] = MappingProxyType(
    {
        "tpe": lambda search, seed: TPESampler(seed=seed, n_startup_trials=search.startup),
        "gp": lambda search, seed: GPSampler(seed=seed, n_startup_trials=search.startup),
        "random": lambda search, seed: RandomSampler(seed=seed),
        "qmc": lambda search, seed: QMCSampler(seed=seed, scramble=True),
    }
)


def _seed(study: SearchStudy, number: int) -> int:
    """One for each candidate; the same for all points of one quasi-random sequence."""
    assert isinstance(study.search, SampledSearch)
    purpose = "sequence" if study.search.sampler == "qmc" else number
    return seeds.seed(study.seed, "candidate", purpose) % _SEEDS


def _space(search: SampledSearch) -> dict[str, BaseDistribution]:
    return {
        "epsilon": FloatDistribution(search.epsilon.low, search.epsilon.high, search.epsilon.log),
        "delta": FloatDistribution(search.delta.low, search.delta.high, search.delta.log),
        "q": IntDistribution(search.q.low, search.q.high),
        "beta": FloatDistribution(search.beta.low, search.beta.high, search.beta.log),
    }


def _curve(search: SampledSearch, params: _Values) -> SCyc:
    return SCyc(
        epsilon=_within(search.epsilon, params["epsilon"]),
        delta=_within(search.delta, params["delta"]),
        q=int(params["q"]),
        beta=_within(search.beta, params["beta"]),
    )


def _within(bounds: FloatRange, value: float) -> float:
    return min(bounds.high, max(bounds.low, round_digits(value, _DIGITS)))


def _ended(
    candidate: Candidate,
    space: dict[str, BaseDistribution],
    objectives: Sequence[Sequence[int]],
) -> FrozenTrial:
    if candidate.stopped != "halving":
        values = [candidate.score(cycles) for cycles in objectives]
        return _trial(candidate, space, TrialState.COMPLETE, values)
    (cycles,) = objectives
    seen = {done.cycle: candidate.score_at(cycles, done.cycle) for done in candidate.cycles}
    return _trial(candidate, space, TrialState.PRUNED, so_far=seen)


def _trial(
    candidate: Candidate,
    space: dict[str, BaseDistribution],
    state: TrialState,
    values: Sequence[float] | None = None,
    so_far: Mapping[int, float] | None = None,
) -> FrozenTrial:
    assert all(math.isfinite(value) for value in values or ())
    return optuna.create_trial(
        state=state,
        params=as_json(candidate.curve),
        distributions=space,
        values=values,
        intermediate_values=dict(so_far or {}),
    )
