# SPDX-License-Identifier: Apache-2.0
"""A machine in the numbers that an embedded emulator builds it from.

Where QEMU has a model of each board, an embedded emulator has only CPUs: everything
around them is made from these values, which come from ``platform.toml``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fwbuild.model.modes import ResetState


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardCpu:
    """One CPU."""

    #: the core type, such as `cortex-a15`
    core: str
    #: affinity levels 2 to 0 of MPIDR
    mpidr: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardGic:
    """A GICv2: where its two halves are and how many lines it has, SGIs and PPIs included."""

    distributor: int
    cpu_interface: int
    interrupts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardConsole:
    """A serial port: the boot code's driver for it, and where it is."""

    driver: str
    address: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """CPUs (the boot CPU first), RAM and the devices that boot code touches."""

    reset: ResetState
    cpus: tuple[BoardCpu, ...]
    #: start and size of each bank of RAM, in bytes
    memory: tuple[tuple[int, int], ...]
    gic: BoardGic
    console: BoardConsole
    #: the register that gives a secondary its entry point, if secondaries start by one
    mailbox: int | None

    def to_json(self) -> dict[str, Any]:
        """The board as JSON has it."""
        return {**dataclasses.asdict(self), "reset": self.reset.value, "memory": [list(bank) for bank in self.memory]}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Board:
        """The board that ``to_json`` wrote."""
        return cls(
            reset=ResetState(value["reset"]),
            cpus=tuple(BoardCpu(**cpu) for cpu in value["cpus"]),
            memory=tuple((start, size) for start, size in value["memory"]),
            gic=BoardGic(**value["gic"]),
            console=BoardConsole(**value["console"]),
            mailbox=value["mailbox"],
        )
