# SPDX-License-Identifier: Apache-2.0
"""What is told of a build in a log; tests/unit/cli/test_terminal.py has a terminal."""

from __future__ import annotations

import io
from typing import Literal

import pytest

from fwbuild.cli.progress import Progress
from fwbuild.engine.events import StepEnded, StepSaid, StepStarted


def ended(step: str, how: Literal["ran", "cached", "failed"]) -> StepEnded:
    return StepEnded(step=step, action="a", how=how, seconds=1.234, key="k")


def tell(progress: Progress) -> None:
    progress(ended("old", "cached"))
    progress(StepStarted(step="one", action="a"))
    progress(StepSaid(step="one", text="half way"))
    progress(StepStarted(step="two", action="a"))
    progress(ended("two", "failed"))
    progress(ended("one", "ran"))
    progress.close()


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CLICOLOR_FORCE", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)


def test_a_log_has_a_line_for_each_step_that_ran() -> None:
    stream = io.StringIO()
    progress = Progress(stream)
    tell(progress)
    assert stream.getvalue() == "  FAIL  two  1.23 s\n  done  one  1.23 s\n"
    assert (progress.ran, progress.cached) == (2, 1)


def test_quiet_counts_and_says_nothing() -> None:
    stream = io.StringIO()
    progress = Progress(stream, quiet=True)
    tell(progress)
    assert stream.getvalue() == ""
    assert (progress.ran, progress.cached) == (2, 1)


class Screen(io.StringIO):
    """A terminal without a size, as some are."""

    def isatty(self) -> bool:
        return True


def test_the_status_names_what_runs_and_what_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    stream = Screen()
    tell(Progress(stream))
    lines = [line for line in stream.getvalue().split("\r\x1b[K") if line]
    assert lines == [
        "  ...  one",
        "  ...  one (half way)",
        "  ...  one (half way), two",
        "  FAIL  two  1.23 s\n",
        "  ...  one (half way)",
        "  done  one  1.23 s\n",
    ]
    assert stream.getvalue().endswith("\r\x1b[K"), "the status is taken away"
