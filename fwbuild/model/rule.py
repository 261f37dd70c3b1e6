# SPDX-License-Identifier: Apache-2.0
"""What must be true of a booting image, as values that a verifier can check."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fwbuild.model.devicetree import Number
from fwbuild.model.modes import Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterRule:
    """A register's value at the payload's first instruction.

    The rule holds when ``register & mask == value & mask``. It applies to CPUs handed
    over in one of ``modes``, on the boot CPU, the secondaries or all of them. A string
    as ``value`` is a label of the boot code, ``PART:LABEL`` one of code that a plugin
    contributed, or ``= REGISTER`` for what another register holds.
    """

    id: str
    register: str
    value: Number | str
    mask: int = 0xFFFFFFFF
    modes: tuple[Mode, ...] = tuple(Mode)
    cpus: Literal["all", "boot", "secondary"] = "all"
    #: what a CPU must have for the rule to apply to it: nothing, or `virtualization` or `generic-timer`
    needs: str = ""
    text: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteRule:
    """Writes that the boot code must have made before it let go of a CPU.

    For what cannot be read back at the payload's first instruction: secure registers
    of devices, and bits that an emulator ignores. ``targets`` are a register's name, or
    addresses of 32-bit device registers. The last write to each must match.
    """

    id: str
    targets: tuple[str | int, ...]
    value: int
    mask: int = 0xFFFFFFFF
    modes: tuple[Mode, ...] = tuple(Mode)
    cpus: Literal["all", "boot", "secondary"] = "all"
    #: what a CPU must have for the rule to apply to it: nothing, or `virtualization` or `generic-timer`
    needs: str = ""
    text: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleRule:
    """A line that must appear on the console, after those of the rules before it.

    ``pattern`` is a regular expression searched in each line. The rule applies when the
    boot CPU is handed over in one of ``modes``.
    """

    id: str
    pattern: str
    text: str
    modes: tuple[Mode, ...] = tuple(Mode)


@dataclass(frozen=True, slots=True, kw_only=True)
class CpuRecords:
    """Stands for a console rule for each CPU: the payload reads back the CPU's record.

    fwbuild's own RAM disk does so, a line for each CPU in the order of the nodes' names.
    The rules are called ``ID-0`` and so on; what they expect is what was planned.
    """

    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NeverRule:
    """A line that must not appear on the console at any time."""

    id: str
    pattern: str
    text: str
