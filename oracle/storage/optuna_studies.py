"""The Optuna studies of a storage: looked up by their attributes, and created if missing."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import optuna
from optuna.storages import RDBStorage
from optuna.study import StudyDirection

from oracle.database.contents.studies import (
    first_weights_remaining,
    studies_with,
    study_attributes,
)
from oracle.errors import StorageError
from oracle.search.graph import Graph
from oracle.search.request import StudyKey
from oracle.storage.people_names import DescribedStudy, people_names
from oracle.storage.trial_codec import metric_of
from oracle.study.base import HASH_DIGITS
from oracle.study.parts.metric import MetricSpec
from scyc.json_types import JsonMapping

_ACCURACY = ("validation accuracy, %",)  # what a training run's value is
_EXTERNAL = StudyKey("observations", None, "")  # of a run whose training runs others do


def study_name(graph: Graph, name: str, study_key: StudyKey, digits: int = HASH_DIGITS[0]) -> str:
    """Return the name of an Optuna study, such as ``digits/1f0c9a2e/cycle-03/77ab01c4``.

    digits: of each hash.

    Args:
        graph: Of the training runs.
        name: Of the declared study.
        study_key: What the Optuna study holds.
        digits: Of each hash.

    Returns:
        Parts with slashes between them.
    """
    part = study_key.kind if study_key.cycle is None else f"cycle-{study_key.cycle:02d}"
    node = study_key.node.rpartition("-")[2]  # of a run's id, its hash
    return f"{name}/{graph.id[:digits]}/{part}/{node[:digits]}"


class OptunaStudies:
    """The Optuna studies of one storage, each looked up once."""

    def __init__(self, storage: RDBStorage) -> None:
        self._storage = storage
        self._by_key: dict[tuple[str, StudyKey], optuna.Study] = {}

    def forget(self) -> None:
        """Look studies up anew: one that was deleted is made again where it is needed."""
        self._by_key.clear()

    def get(
        self, graph: Graph, name: str, study_key: StudyKey, metrics: Sequence[str] | None = None
    ) -> optuna.Study:
        """Return the Optuna study in which a search's cells are recorded; make it if need be.

        Args:
            graph: Of the cells.
            name: Of the declared study, for the title.
            study_key: What the study holds.
            metrics: Names of the trials' values; the graph's metric if left out.

        Returns:
            Optuna's study; the same object for the same key.
        """
        key = (graph.id, study_key)
        if key in self._by_key:
            return self._by_key[key]
        kind = {"kind": study_key.kind, "cycle": study_key.cycle}
        attributes = {"place": kind, "node": study_key.node, "graph": graph.id}
        titles = [study_name(graph, name, study_key, digits) for digits in HASH_DIGITS]
        metric = metric_of(graph)
        self._by_key[key] = self._open(titles, metrics or _names(metric), attributes, metric)
        return self._by_key[key]

    def external(self, run_id: str, metric: MetricSpec | None = None) -> optuna.Study:
        """Return the Optuna study of an external run; make it if need be.

        Args:
            run_id: Id of the run.
            metric: What its values are; None of accuracies in percent.

        Returns:
            Optuna's study; the same object for the same run.
        """
        key = (run_id, _EXTERNAL)
        if key not in self._by_key:
            title = f"{run_id}/{_EXTERNAL.kind}"
            self._by_key[key] = self._open([title], _names(metric), {"outside": run_id}, metric)
        return self._by_key[key]

    def numbered(self, graph: Graph) -> list[tuple[int, str]]:
        """Return numbers and names for people of a graph's studies, summaries first.

        Args:
            graph: Names the training runs of the system.

        Returns:
            Pairs, sorted by name.
        """
        rows = studies_with(self._storage.engine, "graph", graph.id)
        studies = [DescribedStudy(*each) for each in rows]
        names = people_names(studies, first_weights_remaining(self._storage.engine, graph.id))
        later = {each.number for each in studies if not each.is_summary}
        order = sorted(names, key=lambda number: (number in later, names[number]))
        return [(number, names[number]) for number in order]

    def runs_of(self, number: int) -> tuple[str | None, set[str]]:
        """Return a study's graph, and the ids of the runs that have ended with it.

        Args:
            number: Optuna's number of the study.

        Returns:
            Id of the graph, None of a study that is no run's; ids of runs.
        """
        known = study_attributes(self._storage.engine, number)
        ended = {key.removeprefix("run:") for key in known if key.startswith("run:")}
        return known.get("graph"), ended

    def _open(
        self,
        titles: Sequence[str],
        metrics: Sequence[str],
        attributes: JsonMapping,
        metric: MetricSpec | None,
    ) -> optuna.Study:
        """Open a study; make it if need be. The last attribute marks it as whole.

        titles: names to try, each with more digits of hashes than the one before; one that a study
        of other attributes has is passed over.
        """
        for title in titles:
            study = optuna.create_study(
                storage=self._storage,
                study_name=title,
                directions=[_direction(metric)] * len(metrics),
                load_if_exists=True,
            )
            known = study.user_attrs
            if all(known.get(name, value) == value for name, value in attributes.items()):
                break
        else:
            raise StorageError(f"the Optuna study {titles[-1]} is another's; rename that one")
        last = list(attributes)[-1]
        if study.user_attrs.get(last) != attributes[last]:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
                study.set_metric_names(list(metrics))
            for name, value in attributes.items():
                study.set_user_attr(name, value)
        return study


def _names(metric: MetricSpec | None) -> tuple[str, ...]:
    """Name the values of a study's trials."""
    return (f"validation {metric.label}",) if metric else _ACCURACY


def _direction(metric: MetricSpec | None) -> StudyDirection:
    least = metric is not None and metric.mode == "min"
    return StudyDirection.MINIMIZE if least else StudyDirection.MAXIMIZE
