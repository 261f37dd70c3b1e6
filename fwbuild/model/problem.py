# SPDX-License-Identifier: Apache-2.0
"""What can go wrong, said in a form that a person can act on.

Every failure that a user can cause or meet is a :class:`Problem`. Code that finds
several goes on and raises one :class:`FwbuildError` carrying them all.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass


class Exit(enum.IntEnum):
    """Exit status of the ``fwbuild`` command."""

    GOOD = 0
    STEP_FAILED = 1
    BAD_INPUT = 2
    BUG = 3
    VERDICT_FAILED = 4
    TOOL_MISSING = 5
    INTERRUPTED = 130


#: Every problem code and the exit status that it leads to. Each has a heading in
#: docs/reference/errors.md. A plugin's own codes are not listed; they are bad input.
CODES: dict[str, Exit] = {
    # configuration
    "toml-syntax": Exit.BAD_INPUT,
    "unreadable-file": Exit.BAD_INPUT,
    "unknown-key": Exit.BAD_INPUT,
    "missing-key": Exit.BAD_INPUT,
    "wrong-type": Exit.BAD_INPUT,
    "bad-value": Exit.BAD_INPUT,
    "unknown-name": Exit.BAD_INPUT,
    "duplicate-name": Exit.BAD_INPUT,
    "bad-layer": Exit.BAD_INPUT,
    "usage": Exit.BAD_INPUT,
    # plugins
    "plugin-failed": Exit.BAD_INPUT,
    "plugin-hook": Exit.BAD_INPUT,
    # sources
    "lock-stale": Exit.BAD_INPUT,
    "version-gone": Exit.BAD_INPUT,
    "no-such-package": Exit.BAD_INPUT,
    "no-such-member": Exit.BAD_INPUT,
    "bad-archive": Exit.BAD_INPUT,
    "fetch-failed": Exit.STEP_FAILED,
    "wrong-digest": Exit.STEP_FAILED,
    # payloads and images
    "bad-payload": Exit.BAD_INPUT,
    "bad-elf": Exit.BAD_INPUT,
    "bad-note": Exit.BAD_INPUT,
    "note-mismatch": Exit.BAD_INPUT,
    "no-common-mode": Exit.BAD_INPUT,
    "seal-too-weak": Exit.BAD_INPUT,
    "platform-mismatch": Exit.BAD_INPUT,
    "bad-device-tree": Exit.BAD_INPUT,
    "layout-overlap": Exit.BAD_INPUT,
    "layout-no-room": Exit.BAD_INPUT,
    "layout-rule": Exit.BAD_INPUT,
    "assembly": Exit.BAD_INPUT,
    "reserve-exceeded": Exit.STEP_FAILED,
    # the build itself
    "step-failed": Exit.STEP_FAILED,
    "step-timeout": Exit.STEP_FAILED,
    "no-space": Exit.STEP_FAILED,
    "store": Exit.STEP_FAILED,
    "tool-missing": Exit.TOOL_MISSING,
    "bug": Exit.BUG,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a value comes from: a place in a file that a person wrote.

    ``line`` and ``column`` count from 1; ``line`` 0 means the file as a whole.
    """

    path: str
    line: int = 0
    column: int = 0
    key: str = ""
    layer: str = ""

    def __str__(self) -> str:
        if not self.line:
            return self.path
        return f"{self.path}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong: what, where, and what to do about it."""

    code: str
    message: str
    origin: Origin | None = None
    hint: str = ""

    @property
    def exit(self) -> Exit:
        return CODES.get(self.code, Exit.BAD_INPUT)


class FwbuildError(Exception):
    """The one exception that reaches a user; it carries every problem found."""

    def __init__(self, problems: Problem | Iterable[Problem]) -> None:
        found = (problems,) if isinstance(problems, Problem) else tuple(problems)
        if not found:
            raise ValueError("an error needs at least one problem")
        self.problems: tuple[Problem, ...] = found
        super().__init__("; ".join(problem.message for problem in found))

    @property
    def exit(self) -> Exit:
        """The status of the first problem: the order is the order of discovery."""
        return self.problems[0].exit


def fail(code: str, message: str, *, origin: Origin | None = None, hint: str = "") -> FwbuildError:
    """Make an error of one problem: ``raise fail("bad-elf", ...)``."""
    return FwbuildError(Problem(code=code, message=message, origin=origin, hint=hint))


def closest(word: str, known: Iterable[str]) -> str:
    """The known word that ``word`` most likely means, or an empty string."""
    import difflib  # only when something is wrong already

    matches = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return matches[0] if matches else ""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint for a misspelt ``word``: the closest known one, or all there are."""
    names = sorted(known)
    match = closest(word, names)
    if match:
        return f"did you mean `{match}`?"
    if not names:
        return "there are none here"
    return "known: " + ", ".join(names)
