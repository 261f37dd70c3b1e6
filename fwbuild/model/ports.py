# SPDX-License-Identifier: Apache-2.0
"""What fwbuild asks of an emulator, or of a board in a rack that can do the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from fwbuild.model.board import Board
from fwbuild.model.problem import Problem
from fwbuild.model.rule import ConsoleRule, NeverRule
from fwbuild.model.verdict import ConsoleEvidence, EntryEvidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A machine to run an image on."""

    machine: str
    cpu: str
    properties: Mapping[str, str]
    #: how many CPUs it has
    cpus: int
    #: bytes of RAM
    memory: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BootPath:
    """Where a CPU's way through the boot code begins and ends, and what is on it."""

    #: address of the payload's first instruction on the boot CPU
    payload: int
    #: labels of the boot code: `entry`, `pen`, `pen_release`, ...
    symbols: Mapping[str, int]
    #: the boot code's first address and its bytes
    address: int
    code: bytes
    #: registers to read at the payload's first instruction
    registers: tuple[str, ...]
    #: how many secondaries the payload is expected to start
    secondaries: int
    #: what runs before it and is not looked at: first address and size; 0 bytes for nothing
    earlier_stage: tuple[int, int] = (0, 0)
    #: the machine in numbers, for an emulator that has no model of its own of it
    board: Board | None = None
    #: the payload's shim between the boot code and the payload: first address and bytes; empty if there is none
    shim: tuple[int, bytes] = (0, b"")

    def word(self, address: int) -> int | None:
        """The instruction at ``address`` of the boot code or the shim; None anywhere else."""
        for start, code in ((self.address, self.code), self.shim):
            if start <= address < start + len(code):
                return int.from_bytes(code[address - start :][:4], "little")
        return None


class Emulator(Protocol):
    """Runs an image and reports what it saw; it judges nothing."""

    @property
    def name(self) -> str:
        """What ``[[emulators]] type`` calls it."""
        ...

    def fingerprint(self) -> Mapping[str, str]:
        """What tells this emulator from another version of it."""
        ...

    def programs(self) -> Sequence[str]:
        """The programs that it runs, by name: another version of one means looking again."""
        ...

    def missing(self) -> Problem | None:
        """Why it cannot run here, with what to install; None if it can."""
        ...

    def embeds(self, board: Board) -> bool:
        """Whether it can build ``board`` from its numbers, without a model of its own.

        Such an emulator sees the way to the payload and no more: no console.
        """
        ...

    def command(self, machine: Machine, image: Path, *, interactive: bool) -> list[str]:
        """The command that runs ``image``, for a person to copy."""
        ...

    def observe_entry(self, machine: Machine, image: Path, path: BootPath, *, deadline: float) -> EntryEvidence:
        """Follow every CPU from reset to the payload's first instruction."""
        ...

    def observe_console(
        self,
        machine: Machine,
        image: Path,
        expected: Sequence[ConsoleRule],
        never: Sequence[NeverRule],
        *,
        deadline: float,
    ) -> ConsoleEvidence:
        """Run until the last expected line, a line that must never come, or the deadline."""
        ...
