"""The Optuna studies of a storage: found by their attributes, and made where there is none."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import optuna
from optuna.storages import RDBStorage

from oracle.errors import StorageError
from oracle.search.graph import Graph
from oracle.search.request import StudyKey
from oracle.storage.trial_codec import metric_of
from oracle.study.base import HASH_DIGITS

_ACCURACY = ("validation accuracy, %",)  # what a training run's value is
_EXTERNAL = StudyKey("observations", None, "")  # of a run whose training runs others do


def study_name(graph: Graph, name: str, place: StudyKey, digits: int = HASH_DIGITS[0]) -> str:
    """Return the name of a place's Optuna study, such as ``digits/1f0c9a2e/cycle-03/77ab01c4``.

    digits: of each hash.
    """
    part = place.kind if place.cycle is None else f"cycle-{place.cycle:02d}"
    node = place.node.rpartition("-")[2]  # of a run's id, its hash
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
        self, graph: Graph, name: str, place: StudyKey, metrics: Sequence[str] | None = None
    ) -> optuna.Study:
        """Return the Optuna study in which a search's cells are recorded; make it if need be.

        Args:
            graph: of the cells.
            name: of the study, for the title.
            place: what the study holds.
            metrics: names of the trials' values; the graph's metric if left out.
        """
        key = (graph.id, place)
        if key in self._by_key:
            return self._by_key[key]
        kind = {"kind": place.kind, "cycle": place.cycle}
        attributes = {"place": kind, "node": place.node, "graph": graph.id}
        titles = [study_name(graph, name, place, digits) for digits in HASH_DIGITS]
        metric = metric_of(graph)
        names = metrics or ((f"validation {metric.label}",) if metric else _ACCURACY)
        least = metric is not None and metric.mode == "min"
        self._by_key[key] = self._open(titles, names, attributes, least)
        return self._by_key[key]

    def external(self, run_id: str) -> optuna.Study:
        """Return the Optuna study of an external run; make it if need be."""
        key = (run_id, _EXTERNAL)
        if key not in self._by_key:
            title = f"{run_id}/{_EXTERNAL.kind}"
            self._by_key[key] = self._open([title], _ACCURACY, {"outside": run_id})
        return self._by_key[key]

    def _open(
        self,
        titles: Sequence[str],
        metrics: Sequence[str],
        attributes: Mapping[str, Any],
        least: bool = False,
    ) -> optuna.Study:
        """Open a study; make it if need be. The last attribute marks it as whole.

        titles: names to try, each with more digits of hashes than the one before; one that a study
        of other attributes has is passed over.
        """
        for title in titles:
            study = optuna.create_study(
                storage=self._storage,
                study_name=title,
                directions=["minimize" if least else "maximize"] * len(metrics),
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
