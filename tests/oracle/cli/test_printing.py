"""What a server says is shown, never obeyed by the terminal."""

import http.server
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import CliRunner

from oracle.cli.main import main
from oracle.host.terminal import printable

CLEAR = "\x1b[2Jgone\x07\x9b31m\u202e"
JOB: dict[str, Any] = {
    "id": "tiny-0fb43313", "owner": CLEAR, "study": CLEAR, "run": None, "state": "failed",
    "done": 0, "known": 0, "seconds_left": None, "priority": 0, "data": None, "message": CLEAR,
    "errors": [{"path": CLEAR, "rule": CLEAR, "value": CLEAR}], "revision": 1,
    "submitted": "2026-11-22T20:00:00Z", "started": None, "ended": None,
}  # fmt: skip


@pytest.fixture
def hostile() -> Iterator[str]:
    """A server whose every answer would clear the screen."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            one = self.path.startswith("/v1/jobs/")
            page = {"items": [JOB], "next": None, "count": {"failed": 1}}
            content = json.dumps(JOB if one else page).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *arguments: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("arguments", [["status"], ["status", "tiny-0fb43313"]])
def test_escape_sequences_of_a_server_are_not_printed(hostile: str, arguments: list[str]) -> None:
    printed = CliRunner().invoke(main, [*arguments, "--server", hostile]).output
    assert "gone" in printed
    assert [letter for letter in printed if not letter.isprintable() and letter != "\n"] == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [("a\x1b[2J", "a\\x1b[2J"), ("a\nb", "a\nb"), ("tab\there", "tab\\there"), ("é ±", "é ±"),
     ("\u202eabc", "\\u202eabc"), ("\udc80", "\\udc80")],
)  # fmt: skip
def test_control_characters_are_shown_by_their_codes(text: str, shown: str) -> None:
    assert printable(text) == shown
