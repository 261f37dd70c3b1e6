# SPDX-License-Identifier: Apache-2.0
"""Runs fwbuild on a terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(slots=True)
class Terminal:
    """The side of a terminal where the person sits."""

    handle: int
    process: subprocess.Popen[bytes]
    shown: bytes = field(default=b"")

    def read(self, timeout: float) -> bool:
        """Take in what was printed; False when nobody will print any more."""
        if not select.select([self.handle], [], [], timeout)[0]:
            return True
        try:
            data = os.read(self.handle, 1 << 16)
        except OSError:  # EIO: the other side is closed
            return False
        self.shown += data
        return bool(data)

    def wait_for(self, text: bytes, timeout: float = 60) -> None:
        end = time.monotonic() + timeout
        while text not in self.shown:
            assert time.monotonic() < end, f"no {text!r} in {self.shown!r}"
            assert self.read(0.1) or text in self.shown, f"it ended without {text!r}: {self.shown!r}"

    def type(self, keys: bytes) -> None:
        os.write(self.handle, keys)

    def end(self, timeout: float = 60) -> int:
        """Read to the end; the exit status."""
        end = time.monotonic() + timeout
        while self.read(0.1):
            assert time.monotonic() < end, f"it does not end: {self.shown!r}"
        return self.process.wait(timeout)


@contextmanager
def terminal(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], *, columns: int = 80
) -> Iterator[Terminal]:
    """``command`` on a terminal of its own, ended with the block."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    # setsid -c makes it the controlling terminal, so that Ctrl-C is a signal.
    process = subprocess.Popen(
        ["setsid", "-c", *command], cwd=folder, env=dict(environment), stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    try:
        yield Terminal(ours, process)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        os.close(ours)
