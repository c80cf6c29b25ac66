"""A notebook's bar is drawn anew as a run goes on."""

from typing import Any

from oracle.api.progress import notebook_progress


class Display:
    """Stands for IPython.display."""

    def __init__(self) -> None:
        self.shown: list[str] = []

    def HTML(self, page: str) -> str:  # noqa: N802  # as IPython names it
        return page

    def display(self, page: str, display_id: bool) -> Any:
        assert display_id
        self.shown.append(page)
        return self

    def update(self, page: str) -> None:
        self.shown.append(page)


def test_a_notebook_shows_a_bar_and_the_finished_cycles_as_text() -> None:
    display = Display()
    with notebook_progress(display) as progress:
        progress.cells(3, 10)
        progress.line("cycle 0 <b>\x1b")
    assert "<progress ></progress> 0 of 0" in display.shown[0]
    assert '<progress value="3" max="10"></progress> 3 of 10 training runs' in display.shown[-1]
    assert "cycle 0 &lt;b&gt;\\x1b" in display.shown[-1]
