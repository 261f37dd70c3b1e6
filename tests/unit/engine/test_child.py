# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from fwbuild.engine import child
from fwbuild.model.problem import FwbuildError


def is_running(pid: int) -> bool:
    """Whether the process lives; a zombie does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def wait_until_gone(pid: int) -> None:
    end = time.monotonic() + 10
    while is_running(pid):
        assert time.monotonic() < end, f"process {pid} is still there"
        time.sleep(0.01)


def test_output_errors_and_status(tmp_path: Path) -> None:
    ended = child.run(["sh", "-c", "cat; pwd; echo oops >&2; exit 3"], timeout=20, folder=tmp_path, data=b"in\n")
    assert (ended.status, ended.output.decode(), ended.errors) == (3, f"in\n{tmp_path}\n", b"oops\n")
    assert ended.last_lines() == "oops"


def test_a_program_that_is_missing() -> None:
    ended = child.run(["no-such-program"], timeout=20)
    assert ended.status == 1
    assert ended.last_lines() == "cannot run no-such-program: No such file or directory"


def test_a_program_that_does_not_end() -> None:
    with pytest.raises(FwbuildError) as caught:
        child.run(["sleep", "60"], timeout=0.5)
    (problem,) = caught.value.problems
    assert problem.code == "step-timeout"
    assert problem.message == "sleep did not end within 0.5 seconds"
    assert problem.hint == "the command was: sleep 60"


def test_a_child_ends_with_its_block() -> None:
    with child.started(["sleep", "60"]) as process:
        assert process.poll() is None
    assert process.returncode == -signal.SIGKILL


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_child_outlives_fwbuild(how: signal.Signals) -> None:
    """Also when fwbuild is killed and can do nothing about it any more."""
    script = textwrap.dedent("""
        import time
        from fwbuild.engine import child
        with child.started(["sh", "-c", "echo $$; exec sleep 60"]) as process:
            print(process.stdout.readline().decode(), flush=True)
            time.sleep(60)
    """)
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert is_running(pid)
        os.kill(parent.pid, how)
        parent.wait()
    wait_until_gone(pid)


def test_end_all_ends_children_of_other_threads() -> None:
    import threading

    pids: list[int] = []
    ready, gone = threading.Event(), threading.Event()

    def work() -> None:
        with child.started(["sleep", "60"]) as process:
            pids.append(process.pid)
            ready.set()
            process.wait()
            gone.set()

    thread = threading.Thread(target=work)
    thread.start()
    assert ready.wait(10)
    child.end_all()
    assert gone.wait(10)
    thread.join()
    wait_until_gone(pids[0])
