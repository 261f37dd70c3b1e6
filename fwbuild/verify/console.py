# SPDX-License-Identifier: Apache-2.0
"""Watches a console: lines that must come, in order, and lines that must never come."""

from __future__ import annotations

import os
import re
import select
import time
from collections.abc import Sequence
from typing import IO

from fwbuild.model.rule import ConsoleRule, NeverRule
from fwbuild.model.verdict import ConsoleEvidence

#: A transcript is cut off beyond this many bytes: a payload may print for ever.
_TRANSCRIPT_LIMIT = 16 << 20
#: A console may say nothing for this long, in seconds, before it is called silent.
#: Xen builds dom0 for some seconds without a word, on a slow host for many.
SILENCE = 90.0

#: Terminal control sequences, which shells and getty print (ECMA-48, CSI).
_CONTROL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f]")


class Watch:
    """One run's console."""

    def __init__(
        self, expected: Sequence[ConsoleRule], never: Sequence[NeverRule], *, deadline: float, silence: float = SILENCE
    ) -> None:
        self._expected = list(expected)
        self._patterns = [re.compile(rule.pattern) for rule in expected]
        self._never = [(rule, re.compile(rule.pattern)) for rule in never]
        self._deadline = deadline
        self._silence = silence
        self._transcript = bytearray()
        self._line = b""
        self._seen: dict[str, str] = {}
        self._broken: tuple[str, str] | None = None
        self._seconds = 0.0
        self.ended = ""

    def read_from(self, stream: IO[bytes]) -> None:
        """Read ``stream`` until there is a result: see ``ended``."""
        start = last = time.monotonic()
        handle = stream.fileno()
        while not self.ended:
            now = time.monotonic()
            wait = min(start + self._deadline, last + self._silence) - now
            if wait <= 0:
                self.ended = "deadline" if now >= start + self._deadline else "silent"
                break
            if not select.select([handle], [], [], wait)[0]:
                continue
            data = os.read(handle, 1 << 16)
            last = time.monotonic()
            if not data:
                self.feed(b"\n")
                self.ended = self.ended or "exited"
                break
            self.feed(data)
        self._seconds = time.monotonic() - start

    def feed(self, data: bytes) -> None:
        """Take what the console printed; whole lines are looked at."""
        room = _TRANSCRIPT_LIMIT - len(self._transcript)
        self._transcript += data[:room]
        *lines, self._line = (self._line + data).split(b"\n")
        for line in lines:
            self._look(_CONTROL.sub("", line.decode(errors="replace")).strip())
            if self.ended:
                return

    def _look(self, line: str) -> None:
        for rule, pattern in self._never:
            if pattern.search(line):
                self._broken = (rule.id, line)
                self.ended = "never"
                return
        while len(self._seen) < len(self._expected) and self._patterns[len(self._seen)].search(line):
            self._seen[self._expected[len(self._seen)].id] = line
        if len(self._seen) == len(self._expected):
            self.ended = "complete"

    def evidence(self, emulator: str = "") -> ConsoleEvidence:
        """What was seen; ``emulator`` is what the emulator itself had to say."""
        return ConsoleEvidence(
            transcript=bytes(self._transcript),
            seen=dict(self._seen),
            broken=self._broken,
            seconds=self._seconds,
            ended=self.ended,
            emulator=emulator,
        )
