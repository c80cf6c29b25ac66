"""Figures as pictures, drawn by a browser on the server."""

from __future__ import annotations

import logging
import threading
from typing import Literal

from plotly.graph_objects import Figure

from oracle.rest.problems import HttpProblem

log = logging.getLogger("oracle.web")
_PATIENCE = 20.0  # seconds that a caller waits for those before; a picture takes 5
_NO_BROWSER = "the server has no Chrome or Chromium to draw with; take html or json"
_FAILED = "the server's browser could not draw it; its log says why; take html or json"
_BUSY = "others have pictures drawn; come again later"


class Drawing:
    """Draws one picture at a time: a browser takes a core and half a gigabyte."""

    def __init__(self, patience: float = _PATIENCE) -> None:
        self._turn, self._patience = threading.Lock(), patience

    def picture(self, figure: Figure, form: Literal["png", "svg"]) -> bytes:
        """Draw a figure as PNG, of two pixels a unit, or as SVG.

        Args:
            figure: Of Plotly.
            form: png or svg.

        Returns:
            The file's bytes.

        Raises:
            HttpProblem: It could not be drawn.
        """
        if not self._turn.acquire(timeout=self._patience):
            raise HttpProblem(503, _BUSY, {"Retry-After": "10"})
        try:
            return bytes(figure.to_image(format=form, scale=2 if form == "png" else 1))
        except RuntimeError as error:
            raise HttpProblem(503, _NO_BROWSER, {"Retry-After": "3600"}) from error
        except Exception as error:  # whatever a browser may die of
            log.exception("a figure was not drawn")
            raise HttpProblem(503, _FAILED, {"Retry-After": "60"}) from error
        finally:
            self._turn.release()
