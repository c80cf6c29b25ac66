"""A stored run as an object: its table, figures and trained networks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from oracle.export.checkpoint import ChosenCell, State, find_cell, load_folder, load_network
from oracle.export.export import Wanted, chosen, export_network
from oracle.host.disk import raise_disk_errors
from oracle.inventory import deletion, listing, naming, transport
from oracle.plots.page import PortableFigure
from oracle.plots.registry import FIGURES
from oracle.reports import formats
from oracle.runs import catalog, html_report
from oracle.runs.catalog import StoredRun
from oracle.runs.training_runs import COLUMNS, training_runs
from oracle.settings import Settings
from oracle.study.base import Study
from oracle.tables.registry import Table, is_empty
from scyc.errors import BadInput, Problem
from scyc.json_types import JsonObject

if TYPE_CHECKING:
    import pandas as pd
    from plotly.graph_objects import Figure
    from torch import Tensor, nn


class Run:
    """A run that is in a storage, complete or not.

    A notebook shows it as its table and figure.

    Example:
        >>> import oracle, torch
        >>> run = oracle.run(
        ...     "digits", backend="inline", progress=False,
        ...     smaller=oracle.ScaleDown(scale=0.05, subset=0.2, cycles=1, grid=2, replicates=1),
        ... )
        >>> run.study.name, run.state, run.run_id == run.table["run_id"]
        ('digits', 'done', True)
        >>> run.regions()["cycle"].tolist()
        [0, 1]
        >>> sorted(set(run.to_dataframe()["cycle"]))
        [0, 1]
        >>> run.figure().write_html("digits.html")
        >>> network = run.network(cycle=1)
        >>> network(torch.zeros(1, 1, 8, 8)).shape
        torch.Size([1, 10])
        >>> name, mask = next(iter(run.masks(cycle=1).items()))
        >>> int(network.state_dict()[name][~mask].count_nonzero())
        0
        >>> metadata = run.export("digits.npz", cycle=1, format="npz")
        >>> metadata["cycle"], metadata["max_lr"] == run.table["cycles"][1]["well_tuned"]
        (1, True)
    """

    def __init__(self, stored: StoredRun, settings: Settings) -> None:
        self._stored = stored
        self._settings = settings
        self._table: Table | None = None

    @property
    def run_id(self) -> str:
        """Name and hash of the study."""
        return self._stored.record.run_id

    @property
    def study(self) -> Study:
        """What was declared."""
        return self._stored.study

    @property
    def state(self) -> str:
        """Return "running", "done", "stopped" (go on with :func:`oracle.run`) or "no winner"."""
        return self._stored.state

    @property
    def table(self) -> Table:
        """The run's table, as ``oracle table --format json`` prints it.

        Computed from the storage as far as the run has come, and kept once it is complete.
        """
        if self._table is None:
            table = catalog.stored_table(self._stored)
            if not table["complete"]:
                return table
            self._table = table
        return self._table

    def regions(self) -> pd.DataFrame:
        """Return well-tuned max_lr, feasible region and S-Cyc's max_lr of each pruning cycle.

        Returns:
            One row a finished cycle; the columns are those of ``oracle table --format csv``.

        Raises:
            BadInput: The study is not of kind `oracle`.
        """
        import pandas as pd  # noqa: PLC0415  # half a second

        table = self.table
        if table["kind"] != "oracle":
            rule = f"a study of kind {table['kind']} has no regions; use table or to_dataframe()"
            raise BadInput(self.run_id, [Problem("kind", rule)])
        sheet = formats.sheet(table)
        return pd.DataFrame(sheet.flat, columns=list(sheet.flat_heads))

    def to_dataframe(self) -> pd.DataFrame:
        """Return the finished training runs that the study has requested.

        Returns:
            One row a training run. Columns: ``search`` (which requested it first), ``cycle``,
            ``max_lr``, ``replicate``, ``val_accuracy`` and ``test_accuracy`` in percent,
            ``diverged``, ``weights_remaining`` in percent, ``steps``, ``seconds``, ``device``,
            ``engine``, ``checkpoint`` (sha256) and ``cell``, its id.
        """
        import pandas as pd  # noqa: PLC0415  # half a second

        rows = [each.values() for each in training_runs(self._stored)]
        return pd.DataFrame(rows, columns=COLUMNS)

    def figure(self) -> Figure:
        """Return the run's figure, as ``oracle plot`` draws it.

        Returns:
            A Plotly figure. Its HTML, in a file or a notebook, needs no network and takes 0.7 MB.

        Raises:
            BadInput: No cycle is finished yet.
        """
        table = self.table
        if is_empty(table):
            rule = "no cycle of this run is finished yet; nothing to draw"
            raise BadInput(self.run_id, [Problem("run", rule)])
        return PortableFigure(FIGURES[table["kind"]].figure(table))

    def network(
        self,
        cycle: int,
        max_lr: float | None = None,
        replicate: int = 0,
        state: State = "final",
        shrink: bool = False,
    ) -> nn.Module:
        """Return the network of a pruning cycle, in evaluation mode; its pruned weights are zero.

        Args:
            cycle: Completed pruning cycles, 0 for the unpruned network.
            max_lr: A max_lr of the oracle's grid; None: the well-tuned one.
            replicate: Counted from 0.
            state: "final": the trained weights that the next cycle starts from
                (``training.prune_weights`` says whether those are the last or the best);
                "ticket": the initial weights below this cycle's masks; "rewound": those that
                ``pruning.rewind`` goes back to, below this cycle's masks.
            shrink: Return it without the filters that were pruned, physically smaller, with the
                same outputs but for rounding. The criterion must prune filters.

        Returns:
            A module on the CPU.

        Raises:
            BadInput: There is no such network, or its checkpoint was deleted because another
                max_lr was better; the message says how to have it again.
        """
        wanted = Wanted(cycle, max_lr, replicate, state, shrink)
        return chosen(self._stored, self._settings, wanted).module

    def masks(
        self, cycle: int, max_lr: float | None = None, replicate: int = 0
    ) -> dict[str, Tensor]:
        """Return the masks of :meth:`network`.

        Args:
            cycle: Completed pruning cycles.
            max_lr: A max_lr of the oracle's grid; None: the well-tuned one.
            replicate: Counted from 0.

        Returns:
            Masks by the name of the weight: bool, of its shape, True where a weight remains.

        Raises:
            BadInput: As :meth:`network`.
        """
        cell = self._cell(cycle, max_lr, replicate)
        return load_network(self._stored, self._settings, cell, "final").masks

    def folder(
        self, into: str | Path, cycle: int, max_lr: float | None = None, replicate: int = 0
    ) -> Path:
        """Write the files that a training function left in ``task.folder``.

        Args:
            into: A new or empty folder.
            cycle: As for :meth:`network`, as are max_lr and replicate.
            max_lr: A max_lr of the oracle's grid; None: the well-tuned one.
            replicate: Counted from 0.

        Returns:
            The folder.

        Raises:
            BadInput: As :meth:`network`; or the study has no training function.
        """
        target = Path(into)
        load_folder(self._stored, self._settings, self._cell(cycle, max_lr, replicate), target)
        return target

    def export(
        self,
        file: str | Path,
        cycle: int,
        *,
        format: Literal["torch", "npz", "safetensors", "onnx"] = "torch",  # noqa: A002  # as the command has it
        max_lr: float | None = None,
        replicate: int = 0,
        state: State = "final",
        shrink: bool = False,
    ) -> JsonObject:
        """Write a network to a file that loads without this package, as ``oracle export`` does.

        Args:
            file: Where to.
            cycle: As for :meth:`network`, as are max_lr, replicate and state.
            format: Of the file.
            max_lr: A max_lr of the oracle's grid; None: the well-tuned one.
            replicate: Counted from 0.
            state: Which weights.
            shrink: As for :meth:`network`.

        Returns:
            The metadata that the file holds; see :func:`oracle.export.export.chosen`.

        Raises:
            BadInput: As :meth:`network`; or the format's library is not installed.
            DiskError: The file cannot be written.
        """
        wanted = Wanted(cycle, max_lr, replicate, state, shrink)
        return export_network(self._stored, self._settings, Path(file), format, wanted)

    def summary(self) -> JsonObject:
        """Return what ``oracle runs show --format json`` prints.

        Returns:
            ``id``, ``name``, ``study``, ``kind``, ``state``, ``done`` and ``expected`` training
            runs, ``ended`` (when the latest of them ended, UTC), ``bytes`` on disk, ``owners``,
            ``folder``.
        """
        (listed,) = listing.listed([self._stored])
        return listed.as_json()

    def delete(self) -> None:
        """Delete the run, and all that no other run needs, its networks included.

        Raises:
            OracleError: WrongState where it is under way, StorageError where the database failed,
                DiskError where the disk did.
        """
        with raise_disk_errors():
            deletion.delete(self._stored, self._settings)

    def rename(self, name: str) -> None:
        """Give the run a name, by which it can be loaded from now on; its id stays.

        Args:
            name: It replaces an earlier one; the run's id takes the name away.

        Raises:
            BadInput: It is no name, or another run or a study has it.
        """
        naming.rename(self._stored, name, self._settings)

    def save(self, file: str | Path, *, networks: bool = True) -> Path:
        """Write the run into one file, which :func:`oracle.import_run` takes in elsewhere.

        Args:
            file: A zip file: the study, the finished training runs and their networks.
            networks: Whether to write the networks.

        Returns:
            The file.

        Raises:
            OracleError: StorageError where the database failed, DiskError where the disk did.
        """
        with raise_disk_errors():
            transport.export_run(self._stored, self._settings, Path(file), networks)
        return Path(file)

    def _cell(self, cycle: int, max_lr: float | None, replicate: int) -> ChosenCell:
        return find_cell(self._stored, cycle, max_lr, replicate)

    def __repr__(self) -> str:
        return f"<oracle.Run {self.run_id}: {self.state}>"

    def _repr_html_(self) -> str:
        """Render the table as HTML for a notebook, and the figure below it."""
        return html_report.notebook_cell(self.table)
