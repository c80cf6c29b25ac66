"""From what the searches ask to packs for the workers, and back.

Over 300 lines: public methods say their arguments, results and errors.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from oracle.errors import CheckpointGoneError, PackFailed
from oracle.execution.pack_plan import packed
from oracle.search.graph import Cell, CellResult, keeper
from oracle.search.request import CellRequest, Search, StudyKey
from scyc.tuning.plan import Plan

_TIMES = 3  # that each network which a pack starts from may be found gone


@dataclass(frozen=True)
class Pack:
    """Cells that one worker trains in one call. Equal for equal cells."""

    cells: tuple[Cell, ...]
    study_key: StudyKey


class RunEvents(Protocol):
    """What a queue reports to, and requests from, its run."""

    def on_result(self, cell: Cell, result: CellResult, key: StudyKey) -> None:
        """Store a new result; called once for each, in a fixed order, before a search sees it.

        Args:
            cell: The training run.
            result: What it gave.
            key: The Optuna study that holds it.
        """

    def on_validation(self, points: Sequence[tuple[Cell, int, float]], key: StudyKey) -> None:
        """Show validation values of training runs that are under way.

        Args:
            points: Cell, completed iterations and validation metric of each.
            key: The Optuna study that is to hold the training runs.
        """

    def on_restart(self, pack: Pack) -> None:
        """Take back the curves of a pack whose worker died.

        Args:
            pack: Cells that are trained side by side.
        """

    def on_pack_stored(self, pack: Pack) -> None:
        """Clean up after a pack whose results are all stored.

        Args:
            pack: Cells that are trained side by side.
        """

    def on_plan(self, plan: Plan) -> None:
        """Store a plan: when it is measured, and when packs turn out too large for the memory.

        Args:
            plan: Engine and largest pack from now on.
        """

    def has_checkpoint(self, sha256: str) -> bool:
        """Return whether a checkpoint can still be read.

        Args:
            sha256: Of the content, in hexadecimal.

        Returns:
            False where the cell that left it has to be trained again.
        """

    def check_lease(self) -> None:
        """Raise where no more packs may be handed out."""

    def say(self, line: str) -> None:
        """Show a line to whoever watches the run.

        Args:
            line: Without an end of line.
        """


@dataclass(eq=False)
class _Waiting:
    """A search that waits for its cells."""

    search: Search
    ask: CellRequest
    missing: set[str]  # ids of cells without a result


@dataclass
class PackQueue:
    """Runs searches side by side and hands out the packs they need, in order of the searches.

    A network that is needed again and whose checkpoint is gone is trained again, with its whole
    pack, and must come out the same.

    Attributes:
        most: The most cells in a pack.
        known: Results that are there already, by cell id; grows as packs are finished.
        events: The run that receives results, plans and packs.
        engine: Which one trains; None leaves it to the worker.
        unplanned: Whether `most` and `engine` are still to be measured by a worker: until
            :meth:`settle` there are no packs.
    """

    most: int
    known: dict[str, CellResult]
    events: RunEvents
    engine: str | None = None
    unplanned: bool = False
    ready: deque[Pack] = field(default_factory=deque)
    _held: list[tuple[set[str], Pack]] = field(default_factory=list)  # until these are there again
    _waiting: list[_Waiting] = field(default_factory=list)
    _pack_of: dict[str, Pack] = field(default_factory=dict)  # by cell id
    _out: set[str] = field(default_factory=set)  # ids of cells queued or with a worker
    _again: set[str] = field(default_factory=set)  # ids of cells trained for their checkpoint
    requested: set[str] = field(default_factory=set)  # ids of all cells that a search has requested
    answered: int = 0  # how many of them have a result
    steps: int = 0  # how often a search went on; between two of these nothing new is requested
    repaired: bool = False  # whether anything was trained again
    _returned: Counter[Pack] = field(default_factory=Counter)  # how often each came back untrained
    _unstarted: list[Search] = field(default_factory=list)

    def start(self, searches: Iterable[Search]) -> None:
        """Let searches begin, once there is a plan; those named first are served first.

        Args:
            searches: That have not begun.
        """
        self._unstarted += searches
        while self._unstarted and not self.unplanned:
            self._advance(self._unstarted.pop(0), None)

    def settle(self, plan: Plan) -> None:
        """Take the plan that a worker has measured, and let the searches begin.

        Args:
            plan: Engine and members a pack.
        """
        self.engine, self.most, self.unplanned = plan.engine, plan.most, False
        self.events.on_plan(plan)
        self.start(())

    @property
    def finished(self) -> bool:
        """Whether every search has ended."""
        return not self._waiting and not self._unstarted

    def stored(self) -> Iterator[tuple[Cell, CellResult, StudyKey]]:
        """Yield all requested cells that have a result, with where they are recorded.

        Yields:
            Each cell with its result and its Optuna study.
        """
        for pack in set(self._pack_of.values()):
            for cell in pack.cells:
                if cell.id in self.known and self._pack_of.get(cell.id) == pack:
                    yield cell, self.known[cell.id], pack.study_key

    @property
    def study_keys(self) -> list[StudyKey]:
        """Where the cells are recorded that are to be trained now, each once."""
        packs = [*self.ready, *(pack for _, pack in self._held)]
        return list(dict.fromkeys(pack.study_key for pack in packs))

    def next(self) -> Pack | None:
        """Choose a pack to train now; None while all that is requested is being trained."""
        if not self.ready:
            return None
        self.events.check_lease()
        return self.ready.popleft()

    def complete(self, pack: Pack, results: Sequence[CellResult]) -> None:
        """Take a trained pack's results, in its cells' order, and let the searches go on.

        Args:
            pack: Cells that are trained side by side.
            results: Results of training runs.

        Raises:
            CheckpointGoneError: A cell that was trained again came out differently.
        """
        self._fit(pack, results)
        for cell, result in zip(pack.cells, results, strict=True):
            self._out.discard(cell.id)
            if cell.id not in self.known:
                self.events.on_result(cell, result, pack.study_key)
                self.known[cell.id] = result
                self.answered += cell.id in self.requested
            elif cell.id in self._again:
                _same_again(cell, self.known[cell.id], result)
            self._again.discard(cell.id)
        self.events.on_pack_stored(pack)
        trained = {cell.id for cell in pack.cells}
        held = [(needed - trained, waiting) for needed, waiting in self._held]
        self._held = [each for each in held if each[0]]
        self.ready.extend(waiting for needed, waiting in held if not needed)
        for waiting in list(self._waiting):
            waiting.missing -= trained
            if not waiting.missing and waiting in self._waiting:
                self._waiting.remove(waiting)
                self._advance(waiting.search, waiting.ask)

    def validated(self, pack: Pack, points: Sequence[tuple[str, int, float]]) -> None:
        """Pass on validation values of a pack that is under way.

        Those of a cell that is trained again for its checkpoint are left out: it has its result.

        Args:
            pack: Cells that are trained side by side.
            points: Id of a cell, completed iterations and validation metric of each.
        """
        cells = {cell.id: cell for cell in pack.cells if cell.id not in self.known}
        known = [(cells[cell], step, value) for cell, step, value in points if cell in cells]
        if known:
            self.events.on_validation(known, pack.study_key)

    def requeue(self, pack: Pack, why: str) -> None:
        """Queue a pack once more whose worker missed a network, which is trained again first.

        Args:
            pack: Cells that are trained side by side.
            why: For the message.

        Raises:
            PackFailed: That goes on and on.
        """
        self._returned[pack] += 1
        if self._returned[pack] > _TIMES * 2 * len(pack.cells):
            raise PackFailed(f"{why}, time and again; see to the disk, then run it again")
        self.events.say(f"{why}; it is trained again")
        self._queue(pack)

    def _fit(self, pack: Pack, results: Sequence[CellResult]) -> None:
        """Make packs smaller from now on if this one had to be trained in parts."""
        sizes = [result.members for result in results if result.members is not None]
        if not sizes or max(sizes) >= min(len(pack.cells), self.most):
            return
        self.most = max(sizes)
        waiting, self.ready = self.ready, deque()
        for each in waiting:
            self.ready += [Pack(cells, each.study_key) for cells in packed(each.cells, self.most)]
        if self.engine is not None:
            self.events.on_plan(Plan(self.engine, self.most))

    def _advance(self, search: Search, answered: CellRequest | None) -> None:
        """Run a search until it needs what is not known."""
        self.steps += 1
        while True:
            try:
                if answered is None:
                    ask = next(search)
                else:
                    ask = search.send({cell.id: self.known[cell.id] for cell in answered.cells})
            except StopIteration:
                return
            requested = {cell.id for cell in ask.cells}
            missing = requested - self.known.keys()
            self.answered += len(requested - missing - self.requested)
            self.requested |= requested
            for cells in packed(ask.cells, self.most):
                self._plan(Pack(cells, ask.study_key))
            if missing:
                self._waiting.append(_Waiting(search, ask, missing))
                return
            answered = ask

    def _plan(self, pack: Pack) -> None:
        """Queue those cells of a pack that are neither known nor out."""
        for cell in pack.cells:
            self._pack_of.setdefault(cell.id, pack)
        missing = [c for c in pack.cells if c.id not in self.known and c.id not in self._out]
        if missing:
            self._queue(Pack(tuple(missing), pack.study_key))

    def _queue(self, pack: Pack) -> None:
        self._out.update(cell.id for cell in pack.cells)
        lost = {needed.id for cell in pack.cells for needed in self._lost(cell)}
        for cell_id in sorted(lost - self._again):
            if cell_id not in self._again:  # its pack may have come with another lost cell
                again = self._pack_of[cell_id]
                self._again.update(cell.id for cell in again.cells)
                self.repaired = True
                count = len(again.cells)
                self.events.say(
                    f"the network of cell {cell_id[:8]} is missing from the checkpoints; it is "
                    f"trained again with its pack ({count} training{'s' * (count != 1)})"
                )
                self._queue(again)
        if lost:
            self._held.append((lost, pack))
        else:
            self.ready.append(pack)

    def _lost(self, cell: Cell) -> Iterator[Cell]:
        """Yield the cells whose networks a training run needs and which cannot be read."""
        if cell.parent is None:
            return
        checkpoint = self.known[cell.parent.id].checkpoint
        if checkpoint is not None and not self.events.has_checkpoint(checkpoint):
            yield cell.parent
        other = keeper(cell, self.known)
        network = self.known[other.id].kept if other else None
        if other and network is not None and not self.events.has_checkpoint(network):
            yield other


def _same_again(cell: Cell, before: CellResult, after: CellResult) -> None:
    """Raise CheckpointGoneError where a cell that was trained again has other networks."""
    for was, is_now in ((before.checkpoint, after.checkpoint), (before.kept, after.kept)):
        if was != is_now:
            raise CheckpointGoneError(
                f"checkpoint {was} of cell {cell.id[:12]} is gone, and training the cell again "
                f"gave {is_now}; put the file back, or start in a new run folder"
            )
