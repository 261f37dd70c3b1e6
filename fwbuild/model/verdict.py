# SPDX-License-Identifier: Apache-2.0
"""What was seen when an image ran, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """A write that the boot code made: to a register by name, or to an address."""

    target: str | int
    value: int
    #: address of the instruction
    pc: int


#: Before the name of a register: its value when the CPU was reset.
AT_RESET = "reset "


@dataclass(frozen=True, slots=True, kw_only=True)
class CpuEvidence:
    """One CPU on its way from reset to the payload's first instruction."""

    cpu: int
    #: why the way ends where it does: `payload`, `pen` or what went wrong
    reached: str
    #: address of the next instruction at the end of the way
    pc: int
    #: instructions retired from reset to the payload, or to the pen for one never released
    instructions: int
    registers: Mapping[str, int]
    writes: tuple[Write, ...]
    #: instructions of the payload's shim on the same way, not counted above
    shim_instructions: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryEvidence:
    """All CPUs, and the device tree as it lay in memory when the payload began."""

    cpus: tuple[CpuEvidence, ...]
    #: the blob at the address that the boot CPU was given; empty if there is none
    device_tree: bytes
    #: what went wrong with the emulator itself; empty if nothing did
    failure: str = ""
    #: registers that were asked for and that this emulator cannot show, whatever the CPU
    hidden: tuple[str, ...] = ()
    #: what a reader must know to judge the evidence, such as who called the secondaries
    notes: tuple[str, ...] = ()
    #: what the boot code printed, if the emulator looks
    console: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleEvidence:
    """What a run printed."""

    transcript: bytes
    #: rule id -> the line that satisfied it, in order
    seen: Mapping[str, str]
    #: rule id and line of a line that must never come; empty if none came
    broken: tuple[str, str] | None
    seconds: float
    #: how the run ended: `complete`, `never`, `deadline`, `exited`, or `silent`
    ended: str
    #: the emulator's own words on standard error, its exit status if it ended by itself
    emulator: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One rule and whether it held."""

    rule: str
    passed: bool
    text: str
    #: what was seen: register values, a console line
    evidence: str
    source: str = ""
    #: False if the emulator could not show what the rule is about: then ``passed`` is False too
    checked: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """All findings about one image."""

    image: str
    findings: tuple[Finding, ...]

    @property
    def passed(self) -> bool:
        checked = [finding for finding in self.findings if finding.checked]
        return bool(checked) and all(finding.passed for finding in checked)
