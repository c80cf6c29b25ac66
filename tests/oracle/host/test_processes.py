"""What a process forks ends with it."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

FORKS = """
import os, signal, sys, threading
from oracle.host.processes import end_forks_with_this_process
end_forks_with_this_process()
end_forks_with_this_process()  # which is once enough
def fork():
    if os.fork() == 0:
        os.fork()  # and what it forks
        os.write(1, f"{os.getpid()}\\n".encode())
        signal.pause()
fork() if sys.argv[1] == "main" else threading.Thread(target=fork).start()
signal.pause()
"""


def is_running(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
        return stat.rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def forked(where: str) -> tuple[subprocess.Popen[bytes], list[int]]:
    """A process, and the pids of its child and of that one's."""
    process = subprocess.Popen([sys.executable, "-c", FORKS, where], stdout=subprocess.PIPE)
    assert process.stdout is not None
    return process, [int(process.stdout.readline()) for _ in range(2)]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_what_the_main_thread_forks_ends_with_its_process(number: int) -> None:
    process, pids = forked("main")
    assert all(is_running(pid) for pid in pids)
    process.send_signal(number)
    process.wait()
    assert process.stdout is not None
    # The pipe ends when nobody holds it any more.
    assert select.select([process.stdout], [], [], 60)[0]
    assert process.stdout.read() == b""
    process.stdout.close()


def test_what_another_thread_forks_is_left_alone() -> None:
    process, pids = forked("thread")
    assert process.stdout is not None
    try:
        process.kill()
        process.wait()
        child = [pid for pid in pids if is_running(pid)]
        assert child  # its thread's end would have killed it at any time
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        process.stdout.close()
