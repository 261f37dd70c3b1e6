# SPDX-License-Identifier: Apache-2.0
"""Child processes: all foreign code runs in one, with a time limit.

Every child is ended when fwbuild ends, also when fwbuild is killed (see guard.py).
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fwbuild.model.problem import fail

_GUARD = str(Path(__file__).with_name("guard.py"))

_running: set[subprocess.Popen[bytes]] = set()
_running_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child ended and what it wrote."""

    status: int
    output: bytes
    errors: bytes

    def last_lines(self, count: int = 12) -> str:
        """The end of what it wrote, for a message."""
        text = (self.errors or self.output).decode(errors="replace").rstrip()
        return "\n".join(text.splitlines()[-count:])


@contextlib.contextmanager
def started(
    command: Sequence[str],
    *,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    stdin: int | None = subprocess.DEVNULL,
    stdout: int | None = subprocess.PIPE,
    stderr: int | None = subprocess.PIPE,
    pass_files: Sequence[int] = (),
) -> Iterator[subprocess.Popen[bytes]]:
    """A running child, ended when the block is left.

    The thread that enters the block must be the one that leaves it: the child is bound
    to that thread's life.
    """
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", _GUARD, str(os.getpid()), *command],
        cwd=folder,
        env=None if environment is None else dict(environment),
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        pass_fds=tuple(pass_files),
    )
    with _running_lock:
        _running.add(process)
    try:
        yield process
    finally:
        with _running_lock:
            _running.discard(process)
        if process.poll() is None:
            process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()


def run(
    command: Sequence[str],
    *,
    timeout: float,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    data: bytes | None = None,
) -> Ended:
    """Run ``command`` to its end, for at most ``timeout`` seconds.

    Raises FwbuildError ``step-timeout``. A program that is missing ends with status 1
    and says so in ``errors``.
    """
    stdin = subprocess.DEVNULL if data is None else subprocess.PIPE
    with started(command, folder=folder, environment=environment, stdin=stdin) as process:
        try:
            output, errors = process.communicate(data, timeout=timeout)
        except subprocess.TimeoutExpired as error:
            raise fail(
                "step-timeout",
                f"{command[0]} did not end within {timeout:g} seconds",
                hint="the command was: " + " ".join(command),
            ) from error
        return Ended(process.returncode, output, errors)


def end_all() -> None:
    """Kill every child that still runs: the build is being given up."""
    with _running_lock:
        for process in _running:
            process.kill()
