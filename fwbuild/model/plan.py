# SPDX-License-Identifier: Apache-2.0
"""A plan: everything decided about an image before a byte of it is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fwbuild.model.contribution import Assembly, Entry, Part, Target
from fwbuild.model.devicetree import AddressOf, Edit, Number
from fwbuild.model.modes import Mode, Ownership, Seal
from fwbuild.model.platform import Cpu, EmulatorMachine
from fwbuild.model.problem import did_you_mean, fail
from fwbuild.model.region import Region
from fwbuild.model.report import Report
from fwbuild.model.rule import ConsoleRule, NeverRule, RegisterRule, WriteRule

#: Names of the parts that fwbuild itself adds to every image.
BOOT_CODE = "boot-code"
DEVICE_TREE = "device-tree"
#: A part of the proof's image only.
EARLIER_STAGE = "earlier-stage"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The mode chosen for one CPU, and why not another."""

    cpu: Cpu
    mode: Mode
    secure: Ownership
    hyp: Ownership
    #: how well the modes above the payload's are sealed, by their names
    seals: tuple[tuple[Mode, Seal], ...]
    #: the modes that the payload prefers but does not get, each with the reason
    refused: tuple[tuple[Mode, str], ...]
    #: the mode in which the payload's shim passes the CPU on; None if there is no shim
    passed_on: Mode | None = None

    @property
    def payload_mode(self) -> Mode:
        """The mode at the payload's first instruction."""
        return self.passed_on or self.mode


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A part and where it lies: ``region`` counts its memory at run time."""

    part: Part
    region: Region


@dataclass(frozen=True, slots=True)
class Layout:
    """Every part in its place, in ascending order of addresses."""

    placed: tuple[Placed, ...]

    def place(self, name: str) -> Placed:
        """Where the part ``name`` lies. Raises FwbuildError for an unknown name."""
        for placed in self.placed:
            if placed.part.name == name:
                return placed
        names = [placed.part.name for placed in self.placed]
        raise fail("unknown-name", f"the image has no part `{name}`", hint=did_you_mean(name, names))

    def resolve(self, number: Number) -> int:
        """``number`` as an integer, now that every part has its place."""
        if not isinstance(number, AddressOf):
            return number
        placed = self.place(number.part)
        start = 0 if number.which == "size" else placed.region.start
        size = 0 if number.which == "start" else placed.part.size
        return start + size + number.offset


@dataclass(frozen=True, slots=True, kw_only=True)
class BootCode:
    """The boot code's sources and what they are told."""

    #: what messages call each source, and where it is
    sources: tuple[tuple[str, Path], ...]
    architecture: str
    cpu: str
    symbols: Mapping[str, int]
    #: the CPUs it knows, boot CPU first
    cpus: tuple[Cpu, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """An assembly that a plugin contributed: its sources and what they are told."""

    assembly: Assembly
    sources: tuple[tuple[str, Path], ...]
    symbols: Mapping[str, int]
    #: where in its part it begins, in bytes
    offset: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """An image, decided."""

    target: Target
    entry: Entry
    choices: tuple[Choice, ...]
    layout: Layout
    #: address of the payload's first instruction
    entry_address: int
    boot: BootCode
    #: what the proof puts before the boot code, in the part EARLIER_STAGE; None if nothing
    earlier_stage: BootCode | None
    code: tuple[Code, ...]
    edits: tuple[Edit, ...]
    fragments: tuple[Path, ...]
    #: device-tree path of each CPU's node, boot CPU first
    cpu_nodes: tuple[str, ...]
    registers: tuple[RegisterRule, ...]
    writes: tuple[WriteRule, ...]
    console: tuple[ConsoleRule, ...]
    never: tuple[NeverRule, ...]
    machine: EmulatorMachine | None
    #: what the payload prints about itself; None if it does not
    report: Report | None = None
    #: the part of the shim through which CPUs get to the payload; empty if there is none
    shim: str = ""
    #: the modes that the payload itself accepts; those of ``entry`` if there is no shim
    accepts: tuple[Mode, ...]
