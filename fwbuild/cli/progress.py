# SPDX-License-Identifier: Apache-2.0
"""Tells what the build does: a line for each step that ran, and what runs now."""

from __future__ import annotations

import os
import sys
import time
from typing import TextIO

from fwbuild.cli.style import Style
from fwbuild.engine.events import Event, StepEnded, StepSaid, StepStarted


class Progress:
    """A listener for the engine's events.

    On a terminal the last line shows the steps that run now; in a log there are only
    lines of steps that ended, without those that were up to date.
    """

    def __init__(self, stream: TextIO = sys.stderr, *, quiet: bool = False) -> None:
        self._stream = stream
        self._style = Style(stream)
        self._quiet = quiet
        self._running: dict[str, float] = {}
        self._said: dict[str, str] = {}
        self.ran = 0
        self.cached = 0

    def __call__(self, event: Event) -> None:
        """Take an event; the engine sends one at a time."""
        match event:
            case StepStarted(step=step):
                self._running[step] = time.monotonic()
            case StepSaid(step=step, text=text):
                self._said[step] = text
            case StepEnded():
                self._ended(event)
        self._status()

    def _ended(self, event: StepEnded) -> None:
        self._running.pop(event.step, None)
        self._said.pop(event.step, None)
        if event.how == "cached":
            self.cached += 1
            return
        self.ran += 1
        mark = self._style("done", "green") if event.how == "ran" else self._style("FAIL", "red", "bold")
        self.line(f"  {mark}  {event.step}  {self._style(f'{event.seconds:.2f} s', 'dim')}")

    def line(self, text: str) -> None:
        """Write a line above the status."""
        if not self._quiet:
            self._clear()
            self._stream.write(text + "\n")
            self._stream.flush()

    def _status(self) -> None:
        if self._quiet or not self._style.is_terminal:
            return
        self._clear()
        if self._running:
            parts = [f"{step} ({self._said[step]})" if step in self._said else step for step in self._running]
            self._stream.write(self._style(f"  ...  {', '.join(parts)}"[: self._width()], "dim"))
        self._stream.flush()

    def _width(self) -> int:
        """How long the status may be: a line that wraps could not be taken away again."""
        try:
            columns = os.get_terminal_size(self._stream.fileno()).columns
        except OSError:
            columns = 0
        return min(columns or 80, 100) - 1

    def _clear(self) -> None:
        if self._style.is_terminal:
            self._stream.write("\r\x1b[K")

    def close(self) -> None:
        """Take the status line away."""
        if not self._quiet:
            self._clear()
            self._stream.flush()
