# SPDX-License-Identifier: Apache-2.0
"""What the engine asks of code that makes bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from fwbuild.engine.graph import Json


@dataclass(slots=True, kw_only=True)
class Context:
    """One run of an action: what it may read and what it must write.

    The files of ``inputs`` are read-only. Every file of ``outputs`` must exist when the
    action returns. ``scratch`` is an empty folder of its own, removed afterwards. ``say``
    tells people something; it raises when the build is being given up, so an action that
    waits for something other than a child process should say so now and then.
    """

    step: str
    params: Mapping[str, Json]
    inputs: Mapping[str, Path]
    outputs: Mapping[str, Path]
    scratch: Path
    say: Callable[[str], None]
    #: False when the outputs are real but must not be taken from the cache next time
    keep: bool = field(default=True)


class Action(Protocol):
    """A way to make bytes. Equal inputs and parameters must give equal outputs."""

    #: what steps call it
    @property
    def name(self) -> str: ...

    #: counts up with every change of what the outputs are for the same inputs
    @property
    def version(self) -> int: ...

    def tools(self, params: Mapping[str, Json]) -> Mapping[str, str]:
        """Fingerprints of programs outside fwbuild that the outputs depend on."""
        ...

    def run(self, context: Context) -> None:
        """Make the outputs.

        Raises FwbuildError for what a user can mend; anything else is a bug.
        """
        ...
