# SPDX-License-Identifier: Apache-2.0
"""What the engine tells while it works."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class StepStarted:
    """A step was not done before and runs now."""

    step: str
    action: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepSaid:
    """A running step has something to tell a person."""

    step: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepEnded:
    """A step is over. ``seconds`` of wall time; 0 when it was not run."""

    step: str
    action: str
    how: Literal["ran", "cached", "failed"]
    seconds: float
    key: str


Event = StepStarted | StepSaid | StepEnded
Listener = Callable[[Event], None]
