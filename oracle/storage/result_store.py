"""Results in an Optuna storage: the one authority on what has been trained.

One Optuna study holds the trainings of one place of the graph (an oracle cycle below one path of
max_lr), and one holds those of an S-Cyc run. One finished trial is one training; it is added in one
transaction and never changed. Studies are found by their attributes; names are for people.

Over 300 lines: all reads and writes of an Optuna storage are methods of one class, so that each
runs under the same lease and the same handling of errors.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import optuna
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial

from oracle.database import (
    COPY,
    URL,
    DatabaseError,
    LeaseClaim,
    engine_options,
    failed,
    optuna_schema_lock,
)
from oracle.database.optuna_rows import (
    Trials,
    numbered_studies_with,
    trials_with,
)
from oracle.errors import OptunaStudyGone, StorageError, StorageProblem
from oracle.records.candidates import CandidateTrial
from oracle.records.observations import Observation
from oracle.search.graph import Cell, CellResult, Graph
from oracle.search.request import StudyKey
from oracle.storage.trial_codec import (
    candidate_trial,
    cell_result,
    cell_trial,
    metric_of,
    new_trial,
    observed_trial,
)
from oracle.study.base import HASH_DIGITS
from scyc.errors import BadInput
from scyc.specs.base import content_hash

if TYPE_CHECKING:  # figures are written where a run ends, and a table is read without them
    from plotly.graph_objects import Figure

_ACCURACY = ("validation accuracy, %",)  # what a training's value is
_OUTSIDE = StudyKey("observations", None, "")  # of a run whose trainings another program runs
_NOTE_HASHES = "note_hashes"  # user attribute: of the note before and after the last run wrote
_OPTUNA_NOT_FOUND = "Record does not exist."  # what Optuna says of a study that was deleted


class ResultStore:
    """The Optuna storage of one database."""

    def __init__(self, url: URL) -> None:
        """Open the storage; its tables are made if there are none. Raises BadInput."""
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        text = url.render_as_string(hide_password=False)
        try:
            with optuna_schema_lock(url):
                self._storage = RDBStorage(text, engine_kwargs=engine_options(url))
        except Exception as error:
            shown = url.render_as_string(hide_password=True)
            problem = StorageProblem("storage", f"does not open: {failed(error)}", shown)
            raise BadInput("storage", [problem]) from error
        self._trials = Trials(url)
        self._studies: dict[tuple[str, StudyKey], optuna.Study] = {}
        self._numbers: dict[str, int] = {}  # of studies in their table, by name
        self._candidates: dict[StudyKey, set[int]] = {}  # those that are there, by number

    def abandon(self) -> None:
        """Let go of what an interrupt may have left half done, so that it locks nobody out."""
        self._storage.remove_session()

    def close(self) -> None:
        """Give the connections back."""
        self._storage.remove_session()
        self._storage.engine.dispose()
        self._trials.close()

    def dashboard(self) -> Callable[..., Any]:
        """The Optuna dashboard on this storage, a WSGI application; it asks nobody who they are."""
        from optuna_dashboard import wsgi  # noqa: PLC0415  # as below

        application: Callable[..., Any] = wsgi(self._storage)
        return application

    def results(self, graph: Graph) -> dict[str, CellResult]:
        """All finished cells of a graph, by id. Raises StorageError when the database fails."""
        with _storage_errors("the results could not be read"), _understood():
            results = [
                cell_result(trial)
                for trial in self._trials.complete("graph", graph.id)
                if "cell" in trial.attributes
            ]
        return {result.cell: result for result in results}

    def cells(self, graph: Graph) -> set[str]:
        """The ids of all finished cells of a graph. Raises StorageError."""
        with _storage_errors("the results could not be read"):
            return self._trials.attributes("graph", graph.id, "cell")

    def forget(self) -> None:
        """Look studies up anew: one that was deleted is made again where it is needed."""
        self._studies.clear()
        self._numbers.clear()
        self._candidates.clear()

    def count(self, graph: Graph) -> int:
        """How many trials there are of a graph, cells and candidates: it changes with each.

        Raises StorageError when the database fails.
        """
        with _storage_errors("the results could not be counted"):
            return trials_with(self._storage.engine, "graph", graph.id)

    def numbered(self, graph: Graph) -> list[tuple[int, str]]:
        """Numbers, as the dashboard's addresses have them, and names of a graph's studies."""
        return numbered_studies_with(self._storage.engine, "graph", graph.id)

    def add(
        self,
        graph: Graph,
        name: str,
        place: StudyKey,
        cell: Cell,
        result: CellResult,
        claim: LeaseClaim | None = None,
        again: bool = False,
    ) -> None:
        """Write one finished cell down, as one trial, in one transaction.

        claim: to the graph's lease, which holds in that transaction. again: it may be there
        already, and stays as it is then; otherwise the caller knows that it is not. Raises
        LeaseLost where the lease does not hold, OptunaStudyGone where the study was deleted since
        it was last used (see :meth:`forget`), StorageError when the database fails.
        """
        with _storage_errors("a finished training could not be stored"):
            trial = cell_trial(place, cell, result, metric_of(graph))
            self._add(self._study(graph, name, place), trial, claim, "cell" if again else None)

    def add_candidate(
        self, graph: Graph, name: str, trial: CandidateTrial, claim: LeaseClaim | None = None
    ) -> None:
        """Write a candidate of a search down, as one finished trial, unless it is there.

        The caller comes with the candidates in their order. claim: to the graph's lease. Raises
        LeaseLost, OptunaStudyGone, and StorageError when the database fails.
        """
        with _storage_errors("a candidate could not be stored"):
            study = self._study(graph, name, trial.place, trial.metrics)
            if trial.place not in self._candidates:
                self._candidates[trial.place] = {
                    each.user_attrs["candidate"] for each in study.get_trials(deepcopy=False)
                }
            if trial.number not in self._candidates[trial.place]:
                self._add(study, candidate_trial(trial), claim, "candidate")
                self._candidates[trial.place].add(trial.number)

    def add_observation(self, run_id: str, observation: Observation) -> None:
        """Write a training that another program ran down, as one finished trial.

        The caller knows that it is not there yet. Raises StorageError when the database fails.
        """
        try:
            with _storage_errors("an observation could not be shown"):
                self._outside(run_id).add_trial(observed_trial(observation))
        except OptunaStudyGone:
            self.forget()
            with _storage_errors("an observation could not be shown"):
                self._outside(run_id).add_trial(observed_trial(observation))

    def observations(self, run_id: str) -> set[tuple[int, float, int]]:
        """Cycle, max_lr and replicate of the observations of a run that are there as trials."""
        trials = self._outside(run_id).get_trials(deepcopy=False)
        found = (trial.params for trial in trials)
        return {(each["cycle"], each["max_lr"], each["replicate"]) for each in found}

    def annotate(
        self,
        graph: Graph,
        name: str,
        place: StudyKey,
        run_id: str,
        role: Mapping[str, Any],
        note: str,
        figures: Mapping[str, Figure],
    ) -> None:
        """Give a place's study its note (Markdown) and figures for the dashboard.

        A note that somebody has edited in the dashboard is kept as it is.

        role: what the study is in this run, kept as the study's attribute ``run:<run_id>``. Raises
        OptunaStudyGone, StorageError when the database fails.
        """
        from optuna_dashboard import (  # noqa: PLC0415  # scikit-learn and pandas: two seconds
            get_note,
            save_note,
            save_plotly_graph_object,
        )

        with _storage_errors("the notes for the dashboard could not be stored"):
            study = self._study(graph, name, place)
            old = get_note(study)
            if _note_is_ours(old, study.user_attrs):  # both hashes: a kill may come between
                hashes = [content_hash([text]) for text in (old, note)]
                study.set_user_attr(_NOTE_HASHES, hashes)
                save_note(study, note)
            study.set_user_attr(f"run:{run_id}", dict(role))
            for title, figure in figures.items():
                save_plotly_graph_object(study, figure, graph_object_id=title)

    def _add(
        self, study: optuna.Study, trial: FrozenTrial, claim: LeaseClaim | None, unless: str | None
    ) -> None:
        """Write a trial as Optuna's `add_trial` would, in a tenth of the time, and fenced."""
        name = study.study_name
        if name not in self._numbers:
            self._numbers[name] = self._storage.get_study_id_from_name(name)
        self._trials.add(self._numbers[name], new_trial(trial), claim, unless)

    def _study(
        self, graph: Graph, name: str, place: StudyKey, metrics: Sequence[str] | None = None
    ) -> optuna.Study:
        key = (graph.id, place)
        if key in self._studies:
            return self._studies[key]
        where = {"kind": place.kind, "cycle": place.cycle}
        attributes = {"place": where, "node": place.node, "graph": graph.id}
        titles = [study_name(graph, name, place, digits) for digits in HASH_DIGITS]
        metric = metric_of(graph)
        names = metrics or ((f"validation {metric.label}",) if metric else _ACCURACY)
        least = metric is not None and metric.mode == "min"
        self._studies[key] = self._open(titles, names, attributes, least)
        return self._studies[key]

    def _outside(self, run_id: str) -> optuna.Study:
        """The study of a run whose trainings another program runs."""
        key = (run_id, _OUTSIDE)
        if key not in self._studies:
            title = f"{run_id}/{_OUTSIDE.kind}"
            self._studies[key] = self._open([title], _ACCURACY, {"outside": run_id})
        return self._studies[key]

    def _open(
        self,
        titles: Sequence[str],
        metrics: Sequence[str],
        attributes: Mapping[str, Any],
        least: bool = False,
    ) -> optuna.Study:
        """A study, which is made if it is not there; by the last attribute it is known as whole.

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


@contextlib.contextmanager
def _storage_errors(what: str) -> Iterator[None]:
    try:
        yield
    except (optuna.exceptions.StorageInternalError, DatabaseError) as error:
        raise failed(error, what) from error
    except KeyError as error:
        if error.args != (_OPTUNA_NOT_FOUND,):
            raise
        raise OptunaStudyGone(f"{what}: its Optuna study was deleted") from error


@contextlib.contextmanager
def _understood() -> Iterator[None]:
    """Raises StorageError where a row holds what nobody has stored."""
    try:
        yield
    except (ValueError, TypeError, LookupError, AttributeError, AssertionError) as error:
        told = f"{type(error).__name__}: {error}".partition("\n")[0]
        raise StorageError(f"a result makes no sense ({told}); {COPY}") from error


def study_name(graph: Graph, name: str, place: StudyKey, digits: int = HASH_DIGITS[0]) -> str:
    """The Optuna study of a place, such as ``digits/1f0c9a2e/cycle-03/77ab01c4``.

    digits: of each hash.
    """
    part = place.kind if place.cycle is None else f"cycle-{place.cycle:02d}"
    return f"{name}/{graph.id[:digits]}/{part}/{place.node[:digits]}"


def _note_is_ours(note: str, attributes: Mapping[str, Any]) -> bool:
    """Return whether a note may be replaced: it is empty, or as the last run left it."""
    if not note:
        return True
    if _NOTE_HASHES in attributes:
        return content_hash([note]) in attributes[_NOTE_HASHES]
    return any(key.startswith("run:") for key in attributes)  # of a version that kept no hash
