"""Results in an Optuna storage: the one authority on what has been trained.

One Optuna study holds the training runs of one node of the graph (an oracle cycle below one path of
max_lr), and one holds those of an S-Cyc run. One finished trial is one training run; it is written
in one transaction, in place of the running trial if there is one, and never changed. Studies are
looked up by their attributes; their names are for people.

Over 300 lines: public methods document their arguments, results and errors.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import optuna
from optuna.distributions import FloatDistribution
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial

from oracle.database import (
    URL,
    LeaseClaim,
    engine_options,
    failed,
    optuna_schema_lock,
)
from oracle.database.contents.optuna_tables import SUMMARY_KEY
from oracle.database.contents.studies import trials_with
from oracle.errors import OptunaStudyGone, StorageProblem
from oracle.records.candidates import CandidateTrial
from oracle.records.observations import Observation
from oracle.search.graph import Cell, CellResult, Graph
from oracle.search.request import StudyKey, StudyRole
from oracle.storage import dashboard
from oracle.storage.dashboard_storage import DashboardStorage
from oracle.storage.errors import storage_errors
from oracle.storage.optuna_studies import OptunaStudies
from oracle.storage.result_reader import ResultReader
from oracle.storage.trial_codec import (
    candidate_trial,
    cell_trial,
    max_lr_axis,
    metric_of,
    new_trial,
    observed_trial,
    replicate_of,
    running_trial,
)
from oracle.study.parts.metric import MetricSpec
from scyc.errors import BadInput

if TYPE_CHECKING:  # figures are written where a run ends, and a table is read without them
    from plotly.graph_objects import Figure


class ResultStore(ResultReader):
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
        self._url = url
        self._shown: DashboardStorage | None = None  # what the dashboard reads from
        super().__init__(url)
        self._studies = OptunaStudies(self._storage)
        self._numbers: dict[str, int] = {}  # of studies in their table, by name
        self._axes: dict[str, FloatDistribution | None] = {}  # of max_lr, by study
        self._candidates: dict[StudyKey, set[int]] = {}  # those that are there, by number

    def abandon(self) -> None:
        """Let go of what an interrupt may have left half done, so that it locks nobody out."""
        self._storage.remove_session()

    def close(self) -> None:
        """Close all connections."""
        self._storage.remove_session()
        self._storage.engine.dispose()
        if self._shown is not None:
            self._shown.remove_session()
            self._shown.engine.dispose()
        super().close()

    def dashboard(self) -> Callable[..., Any]:
        """Return the Optuna dashboard, a WSGI application; it has no authentication."""
        from optuna_dashboard import wsgi  # noqa: PLC0415  # scikit-learn and pandas: two seconds

        if self._shown is None:
            text = self._url.render_as_string(hide_password=False)
            self._shown = DashboardStorage(text, engine_kwargs=engine_options(self._url))
        application: Callable[..., Any] = wsgi(self._shown)
        return application

    def forget(self) -> None:
        """Look studies up anew: one that was deleted is made again where it is needed."""
        self._studies.forget()
        self._numbers.clear()
        self._axes.clear()
        self._candidates.clear()

    def stamp(self, graph: Graph) -> tuple[int, int | None, str | None]:
        """Return what changes with each trial of a graph that is written or deleted.

        Args:
            graph: Names the training runs of the system.

        Returns:
            How many trials there are, cells and candidates, and the newest one's id and end.

        Raises:
            StorageError: The database fails.
        """
        with storage_errors("the results could not be counted"):
            return trials_with(self._storage.engine, "graph", graph.id)

    def numbered(self, graph: Graph) -> list[tuple[int, str]]:
        """Return numbers, as the dashboard's addresses have them, and names for people.

        Args:
            graph: Whose studies are listed, summaries first.

        Returns:
            Pairs of number and name.

        Raises:
            StorageError: The database fails.
        """
        with storage_errors("the Optuna studies could not be listed"):
            return self._studies.numbered(graph)

    def runs_of(self, number: int) -> tuple[str | None, set[str]]:
        """Return the graph of an Optuna study, and the runs that have ended with it.

        Args:
            number: Of the study, as the dashboard's addresses have it.

        Returns:
            None, and no runs, of a study that is not ours.

        Raises:
            StorageError: The database fails.
        """
        with storage_errors("an Optuna study could not be read"):
            return self._studies.runs_of(number)

    def add(
        self,
        graph: Graph,
        name: str,
        study_key: StudyKey,
        cell: Cell,
        result: CellResult,
        claim: LeaseClaim | None = None,
        again: bool = False,
        bounds: tuple[float, float] | None = None,
    ) -> None:
        """Store one finished cell, as one trial, in one transaction.

        Args:
            graph: Names the training runs of the system.
            name: Of the declared study.
            study_key: The Optuna study that it goes into.
            cell: What was trained.
            result: What it gave.
            claim: To the graph's lease, which holds in that transaction; None: none is needed.
            again: Whether it may be there already, and stays as it is then; otherwise the caller
                knows that it is not.
            bounds: Learning rates that the study's grid never passes; None: it has no grid.

        Raises:
            LeaseLost: The lease does not hold.
            OptunaStudyGone: The study was deleted since it was last used (see :meth:`forget`).
            StorageError: The database fails.
        """
        with storage_errors("a finished training could not be stored"):
            study = self._studies.get(graph, name, study_key)
            axis = self._axis(study, bounds)
            trial = cell_trial(study_key, cell, result, metric_of(graph), axis)
            self._add(study, trial, claim, "cell" if again else None)

    def show_running(
        self,
        graph: Graph,
        name: str,
        study_key: StudyKey,
        curves: Sequence[tuple[Cell, Mapping[int, float]]],
        claim: LeaseClaim,
        bounds: tuple[float, float] | None = None,
    ) -> None:
        """Show training runs that are under way as running trials, with their curves so far.

        :meth:`add` turns such a trial into the finished one.

        Args:
            graph: Names the training runs of the system.
            name: Of the study, for the title.
            study_key: The Optuna study that is to hold them.
            curves: Validation values by completed iterations, of each training run. Those that are
                there already stay.
            claim: To the graph's lease.
            bounds: Learning rates that the grid never passes.

        Raises:
            LeaseLost: The lease does not hold.
            OptunaStudyGone: The Optuna study was deleted.
            StorageError: The database fails.
        """
        with storage_errors("a curve under way could not be stored"):
            study = self._studies.get(graph, name, study_key)
            axis = self._axis(study, bounds)
            trials = [running_trial(study_key, cell, curve, axis) for cell, curve in curves]
            self._running.show(self._number(study), trials, claim)

    def restart_running(
        self,
        graph: Graph,
        name: str,
        study_key: StudyKey,
        cells: Sequence[Cell],
        claim: LeaseClaim,
    ) -> None:
        """Delete the curves of training runs that begin anew.

        Args:
            graph: Names the training runs of the system.
            name: Of the study, for the title.
            study_key: The Optuna study that holds them.
            cells: The training runs.
            claim: To the graph's lease.

        Raises:
            LeaseLost: The lease does not hold.
            StorageError: The database fails.
        """
        with storage_errors("a curve under way could not be deleted"):
            number = self._number(self._studies.get(graph, name, study_key))
            self._running.restart(number, [cell.id for cell in cells], claim)

    def delete_running(self, graph: Graph, claim: LeaseClaim) -> None:
        """Delete all running trials of a graph.

        Args:
            graph: Names the training runs of the system.
            claim: To the graph's lease.

        Raises:
            LeaseLost: The lease does not hold.
            StorageError: The database fails.
        """
        with storage_errors("the running trials could not be deleted"):
            self._running.delete(graph.id, claim)

    def add_candidate(
        self, graph: Graph, name: str, trial: CandidateTrial, claim: LeaseClaim | None = None
    ) -> None:
        """Store a candidate of a search, as one finished trial, unless it is there.

        The caller comes with the candidates in their order. Other arguments and errors are those of
        :meth:`add`.
        """
        with storage_errors("a candidate could not be stored"):
            study = self._studies.get(graph, name, trial.study_key, trial.metrics)
            if trial.study_key not in self._candidates:
                self._candidates[trial.study_key] = {
                    each.user_attrs["candidate"] for each in study.get_trials(deepcopy=False)
                }
            if trial.number not in self._candidates[trial.study_key]:
                self._add(study, candidate_trial(trial), claim, "candidate")
                self._candidates[trial.study_key].add(trial.number)

    def put_summary(
        self, graph: Graph, name: str, trial: CandidateTrial, claim: LeaseClaim | None = None
    ) -> None:
        """Store the answer of a cycle in a run's summary; it replaces an earlier one.

        One that says all of this already, and perhaps more, stays. Other arguments and errors are
        those of :meth:`add`.
        """
        with storage_errors("the answer of a cycle could not be stored"):
            number = self._number(self._studies.get(graph, name, trial.study_key, trial.metrics))
            self._trials.put(number, new_trial(candidate_trial(trial)), claim, SUMMARY_KEY)

    def add_observation(
        self, run_id: str, observation: Observation, metric: MetricSpec | None = None
    ) -> None:
        """Store a training run of another program as one finished trial.

        The caller knows that it is not there yet.

        Args:
            run_id: Id of the run.
            observation: What was observed.
            metric: What its values are; None of accuracies in percent.

        Raises:
            StorageError: The database fails.
        """
        try:
            with storage_errors("an observation could not be shown"):
                self._studies.external(run_id, metric).add_trial(observed_trial(observation))
        except OptunaStudyGone:
            self.forget()
            with storage_errors("an observation could not be shown"):
                self._studies.external(run_id, metric).add_trial(observed_trial(observation))

    def observations(
        self, run_id: str, metric: MetricSpec | None = None
    ) -> set[tuple[int, float, int]]:
        """Return which observations of a run are there as trials.

        Args:
            run_id: Id of the run.
            metric: What its values are; None of accuracies in percent.

        Returns:
            Triples of cycle, max_lr and replicate.
        """
        trials = self._studies.external(run_id, metric).get_trials(deepcopy=False)
        return {
            (each.params["cycle"], each.params["max_lr"], replicate_of(each)) for each in trials
        }

    def annotate(
        self,
        graph: Graph,
        name: str,
        study_key: StudyKey,
        run_id: str,
        role: StudyRole,
        note: str,
        figures: Mapping[str, Figure],
    ) -> None:
        """Give a study its note and figures for the dashboard; errors are those of :meth:`add`.

        A note that somebody has edited in the dashboard is kept as it is.

        Args:
            graph: Names the training runs of the system.
            name: Of the declared study.
            study_key: Which Optuna study.
            run_id: Id of the run.
            role: What the study is in this run, stored as its attribute ``run:<run_id>``.
            note: Markdown.
            figures: By title.
        """
        with storage_errors("the notes for the dashboard could not be stored"):
            study = self._studies.get(graph, name, study_key)
            dashboard.replace_note(study, note)
            study.set_user_attr(f"run:{run_id}", dict(role))
            for title, figure in figures.items():
                dashboard.write_figure(study, title, figure)

    def _add(
        self, study: optuna.Study, trial: FrozenTrial, claim: LeaseClaim | None, unless: str | None
    ) -> None:
        """Write a trial as Optuna's `add_trial` would, in a tenth of the time, and fenced."""
        self._trials.add(self._number(study), new_trial(trial), claim, unless)

    def _number(self, study: optuna.Study) -> int:
        """Return the study's number in its table."""
        name = study.study_name
        if name not in self._numbers:
            self._numbers[name] = self._storage.get_study_id_from_name(name)
        return self._numbers[name]

    def _axis(
        self, study: optuna.Study, bounds: tuple[float, float] | None
    ) -> FloatDistribution | None:
        """Return the axis of max_lr that all trials of a study have."""
        name = study.study_name
        if name not in self._axes:
            stored = self._trials.distribution(self._number(study), "max_lr")
            self._axes[name] = max_lr_axis(stored, bounds)
        return self._axes[name]
