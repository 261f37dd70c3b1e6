# SPDX-License-Identifier: Apache-2.0
"""What plugins give to an image: values, never bytes and never access to the build."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NewType

from fwbuild.model.devicetree import Edit, Number
from fwbuild.model.modes import Mode, StartMethod
from fwbuild.model.platform import Core, Cpu, Platform
from fwbuild.model.problem import Origin
from fwbuild.model.recipe import Recipe
from fwbuild.model.region import Region
from fwbuild.model.report import Report
from fwbuild.model.rule import ConsoleRule, CpuRecords, NeverRule, RegisterRule

#: The type of an option that names a source. Its file becomes a material.
SourceName = NewType("SourceName", str)


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """Announces a kind of payload: what a recipe's ``[payload] type`` may be."""

    name: str
    summary: str
    #: a frozen dataclass of settings, with `type: str` among them
    options: type[Any]
    #: the option that names the source of the payload itself: the file whose notes count
    image: str = "image"


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """A file that an image is made of, fetched or built already, or the part of one that counts."""

    name: str
    path: Path
    #: SHA-256 and number of the bytes that count
    digest: str
    size: int
    #: where in the file they begin, and the SHA-256 of the whole file if it holds more
    offset: int = 0
    container: str = ""
    #: what the source says of its version; empty if it says nothing
    version: str = ""
    #: the type of its source: `deb`, `file`, `url`, `ramdisk`
    type: str = ""
    origin: Origin | None = None

    def read(self, offset: int = 0, size: int = -1) -> bytes:
        """``size`` bytes from ``offset`` on, fewer at the end of the material, -1 for all."""
        end = self.size if size < 0 else min(self.size, offset + size)
        with self.path.open("rb") as file:
            file.seek(self.offset + offset)
            return file.read(max(0, end - offset))


@dataclass(frozen=True, slots=True, kw_only=True)
class ElfSegment:
    """What an ELF file wants loaded: ``size`` bytes of the material from ``offset`` on."""

    address: int
    offset: int
    size: int
    #: bytes needed at run time; those beyond ``size`` are cleared
    memory_size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ElfPayload:
    """A payload that came as an ELF file. Addresses are physical."""

    #: in ascending order of addresses, without one that overlaps another
    segments: tuple[ElfSegment, ...]
    entry: int
    #: a wrapper around an image that may lie anywhere: its address 0 means nothing
    anywhere: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a plugin is asked about: a recipe, its platform and its materials."""

    recipe: Recipe
    platform: Platform
    #: the CPUs that the image uses, the boot CPU first, and the core of each
    cpus: tuple[Cpu, ...]
    cores: tuple[Core, ...]
    payload: str
    options: Any
    #: files by the name of their source; wrappers are opened, so plugins see what is in them
    materials: Mapping[str, Material]
    #: the payload's segments and entry where it came as an ELF file
    elf: ElfPayload | None = None

    def material(self, name: SourceName | str) -> Material:
        """The file of the source ``name``."""
        return self.materials[name]

    @property
    def ram(self) -> Region:
        """The first bank of RAM: where kernels expect to be."""
        bank = self.platform.memory[0]
        return Region(bank.start, bank.size)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Something that needs a place in memory.

    ``material`` names the file that is loaded there; without one the memory is only
    taken: by what a payload unpacks at boot, or by bytes that the build makes.
    ``memory_size`` counts the bytes needed at run time, from the same address on.
    """

    name: str
    text: str
    size: int
    memory_size: int
    material: str = ""
    #: where in the material the part's ``size`` bytes begin
    offset: int = 0
    alignment: int = 0x1000
    #: the part must lie in here entirely; by default in any bank of RAM
    window: Region | None = None
    #: take the highest place instead of the lowest
    high: bool = False
    #: an address that is not for the layout to choose
    fixed: int | None = None
    #: what a problem with the part's place is put down to; by default the recipe
    origin: Origin | None = None
    #: stays in use while the payload runs: the device tree takes its memory away from the payload
    resident: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembly:
    """Code of the plugin's own that the build assembles into the part ``part``.

    The part names no material; its size is what the code may take. The first source's
    first instruction is at the part's first byte. Sources know every symbol of the boot
    code (docs/reference/hooks.md), the table `cpu_table`, which lies behind them, and
    ``symbols``.
    """

    part: str
    sources: tuple[Path, ...]
    symbols: Mapping[str, Number]
    #: symbol -> label of the boot code that it stands for
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """What a shim makes of a CPU that it gets in one mode."""

    #: the mode in which the CPU gets to the payload
    mode: Mode
    #: rules of the boot code, by id, that do not hold any more, and what holds instead
    lifts: tuple[str, ...] = ()
    rules: tuple[RegisterRule, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shim:
    """Code between the boot code and the payload that belongs to the payload.

    The boot code enters it on every CPU instead of the payload and the pen, with the
    registers that docs/reference/hooks.md lists.
    """

    #: the part, which an Assembly fills
    part: str
    #: modes that are taken before those that the payload accepts
    modes: tuple[Mode, ...] = ()
    #: mode in which the boot code lets go -> what becomes of it; others are passed on as they are
    passages: Mapping[Mode, Passage]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """How a payload wants to be entered.

    A plugin says what it recognises; what the recipe and notes say wins over it.
    """

    #: the part that the boot CPU jumps to, and how far into it
    part: str
    offset: int = 0
    #: accepted modes, most preferred first; empty if the plugin cannot tell
    modes: tuple[Mode, ...]
    uniform: bool
    secondaries: tuple[StartMethod, ...]
    #: the first general-purpose registers
    arguments: tuple[Number, ...]
    #: who decided the modes (`recipe`, `notes`, `wrapper`, `sidecar`, `recogniser` or
    #: `legacy`), and who else said what; filled in by fwbuild
    carrier: str = "recogniser"
    overruled: tuple[tuple[str, tuple[Mode, ...]], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """Everything that one plugin gives to one image."""

    entry: Entry | None = None
    parts: tuple[Part, ...] = ()
    #: where the device tree must lie entirely
    tree_window: Region | None = None
    edits: tuple[Edit, ...] = ()
    fragments: tuple[Path, ...] = ()
    assemblies: tuple[Assembly, ...] = ()
    #: at most one plugin gives one
    shim: Shim | None = None
    registers: tuple[RegisterRule, ...] = ()
    console: tuple[ConsoleRule | CpuRecords, ...] = ()
    never: tuple[NeverRule, ...] = ()
    #: what the payload prints about itself; empty if it does not
    report: Report | None = None
