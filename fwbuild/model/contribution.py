# SPDX-License-Identifier: Apache-2.0
"""What plugins give to an image: values, never bytes and never access to the build."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NewType

from fwbuild.model.devicetree import Edit, Number
from fwbuild.model.modes import Mode, StartMethod
from fwbuild.model.platform import Core, Cpu, Platform
from fwbuild.model.problem import Origin
from fwbuild.model.recipe import Recipe
from fwbuild.model.region import Region
from fwbuild.model.rule import ConsoleRule, NeverRule, RegisterRule

#: The type of an option that names a source. Its file becomes a material.
SourceName = NewType("SourceName", str)


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """Announces a kind of payload: what a recipe's ``[payload] type`` may be."""

    name: str
    summary: str
    #: a frozen dataclass of settings, with `type: str` among them
    options: type[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """A file that an image is made of, fetched or built already."""

    name: str
    path: Path
    digest: str
    size: int
    #: what the source says of its version; empty if it says nothing
    version: str = ""
    #: the type of its source: `deb`, `file`, `url`, `ramdisk`
    type: str = ""
    origin: Origin | None = None

    def read(self, offset: int = 0, size: int = -1) -> bytes:
        """``size`` bytes from ``offset`` on, fewer at the end of the file, -1 for all."""
        with self.path.open("rb") as file:
            file.seek(offset)
            return file.read(size)


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
    materials: Mapping[str, Material]

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
    alignment: int = 0x1000
    #: the part must lie in here entirely; by default in any bank of RAM
    window: Region | None = None
    #: take the highest place instead of the lowest
    high: bool = False
    #: an address that is not for the layout to choose
    fixed: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembly:
    """Code of the plugin's own that the build assembles into the part ``part``.

    The part names no material; its size is what the code may take. The first source's
    first instruction is at the part's first byte. Sources know every symbol of the boot
    code (docs/reference/hooks.md), the tables `cpu_table`, and ``symbols``.
    """

    part: str
    sources: tuple[Path, ...]
    symbols: Mapping[str, Number]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """How a payload wants to be entered."""

    #: the part that the boot CPU jumps to, and how far into it
    part: str
    offset: int = 0
    modes: tuple[Mode, ...]
    uniform: bool
    secondaries: tuple[StartMethod, ...]
    #: who said so: `recipe`, `notes`, `wrapper`, `sidecar` or `recogniser`
    carrier: str
    #: the first general-purpose registers
    arguments: tuple[Number, ...]


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
    registers: tuple[RegisterRule, ...] = ()
    console: tuple[ConsoleRule, ...] = ()
    never: tuple[NeverRule, ...] = ()
