# SPDX-License-Identifier: Apache-2.0
"""A machine as fwbuild sees it: what ``platforms/<name>/platform.toml`` says.

Only numbers that the boot code, the layout or the verification need are here, each
table with the source of its numbers. Addresses are physical, sizes in bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from fwbuild.model.modes import ResetState, StartMethod
from fwbuild.model.setting import Origins, no_origins, setting
from fwbuild.model.source import SourceSpec

_SOURCE = "where the numbers of this table come from: a document and its section"


@dataclass(frozen=True, slots=True, kw_only=True)
class Core:
    """A CPU core type: ``fwbuild/boot/<architecture>/cores/<name>.toml``."""

    summary: str = setting("what the core is, in a few words")
    architecture: Literal["armv7-a"] = setting("the architecture that the core implements")
    security: bool = setting("whether it has the Security Extensions")
    virtualization: bool = setting("whether it has the Virtualization Extensions")
    generic_timer: bool = setting("whether it has the Generic Timer and so CNTFRQ")
    nsacr: int = setting(
        "NSACR while a non-secure payload runs: everything the core can open",
        minimum=0,
        maximum=0xFFFFFFFF,
    )
    actlr_set: int = setting(
        "bits that must be one in ACTLR: coherency and errata",
        default=0,
        minimum=0,
        maximum=0xFFFFFFFF,
    )
    source: str = setting(_SOURCE)
    origins: Origins = field(default_factory=no_origins, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reset:
    """How the CPUs enter the boot code."""

    state: ResetState = setting("the state of every CPU at the boot code's first instruction")
    source: str = setting(_SOURCE)
    origins: Origins = field(default_factory=no_origins, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cpu:
    """One CPU; the first of a platform is the boot CPU."""

    core: str = setting("the core type, such as `cortex-a15`")
    mpidr: int = setting(
        "affinity levels 2 to 0 of MPIDR: what `reg` of its device-tree node says",
        minimum=0,
        maximum=0xFFFFFF,
    )
    source: str = setting(_SOURCE)
    origins: Origins = field(default_factory=no_origins, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """One bank of RAM."""

    start: int = setting("first address", minimum=0, maximum=0xFFFFFFFF)
    size: int = setting("size", unit="bytes", minimum=0x1000, maximum=0x100000000)
    source: str = setting(_SOURCE)
    origins: Origins = field(default_factory=no_origins, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gic:
    """The interrupt controller."""

    version: Literal[2] = setting("architecture version of the GIC")
    distributor: int = setting("address of the distributor (GICD)", minimum=0, maximum=0xFFFFFFFF)
    cpu_interface: int = setting("address of the CPU interface (GICC)", minimum=0, maximum=0xFFFFFFFF)
    interrupts: int = setting("how many interrupt lines it has, SGIs and PPIs included", minimum=32, maximum=1020)
    source: str = setting(_SOURCE)
    origins: Origins = field(default_factory=no_origins, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timer:
    """The system counter behind the Generic Timer."""

    frequency: int = setting("the counter's frequency: CNTFRQ", unit="Hz", minimum=1_000_000, maximum=0xFFFFFFFF)
    source: str = setting(_SOURCE)
    origins: Origins = field(default_factory=no_origins, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Console:
    """The serial port that boot code and payload print on."""

    driver: Literal["pl011"] = setting("the boot code's driver for it")
    address: int = setting("address of its registers", minimum=0, maximum=0xFFFFFFFF)
    clock: int = setting("frequency of its input clock", unit="Hz", minimum=1)
    baud: int = setting("line speed", unit="bit/s", default=115200, minimum=1200)
    path: str = setting("its node in the device tree, for stdout-path", pattern=r"/[^ ]*")
    source: str = setting(_SOURCE)
    origins: Origins = field(default_factory=no_origins, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Secondaries:
    """How the payload starts the other CPUs."""

    method: StartMethod = setting("the start method")
    mailbox: int | None = setting(
        "for `mailbox`: address of the register that gives a secondary its entry point",
        default=None,
        minimum=0,
        maximum=0xFFFFFFFF,
    )
    mailbox_clear: int | None = setting(
        "for `mailbox`: address of the register that clears the bits of the mailbox which are written as ones",
        default=None,
        minimum=0,
        maximum=0xFFFFFFFF,
    )
    source: str = setting(_SOURCE)
    origins: Origins = field(default_factory=no_origins, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceTree:
    """The device tree that fwbuild starts from."""

    base: str = setting("the source that gives the tree as a DTB")
    fragments: tuple[str, ...] = setting("overlays (.dtso) beside platform.toml, in order", default=())
    mode_fragments: Mapping[str, tuple[str, ...]] = setting(
        "more overlays, by the mode in which the boot CPU is planned to be handed over: `hyp`, `svc`, ...", default={}
    )
    origins: Origins = field(default_factory=no_origins, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class EmulatorMachine:
    """A machine model that stands in for the platform in the verification."""

    type: str = setting("the emulator, such as `qemu`")
    machine: str = setting("the emulator's name for the machine")
    cpu: str = setting("the emulator's name for the CPU, with properties")
    properties: Mapping[str, str] = setting("properties of the machine, such as `secure`", default={})
    starts_all_with: str = setting(
        "the property that must be `on` for the machine to start all CPUs at once; else only the boot CPU starts",
        default="",
    )
    reset: ResetState | None = setting(
        "the state in which the machine starts its CPUs, if it is not the platform's: then the proof begins with an "
        "earlier stage that brings each CPU into the platform's",
        default=None,
    )
    source: str = setting(_SOURCE)
    origins: Origins = field(default_factory=no_origins, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """The whole of a ``platform.toml``."""

    summary: str = setting("what the machine is, in a few words")
    architecture: Literal["armv7-a"] = setting("the architecture of its boot CPU")
    reset: Reset = setting("how the CPUs enter the boot code")
    cpus: tuple[Cpu, ...] = setting("its CPUs, the boot CPU first", nonempty=True)
    memory: tuple[Memory, ...] = setting("its RAM", nonempty=True)
    gic: Gic = setting("its interrupt controller")
    timer: Timer | None = setting("its system counter, if the CPUs have a Generic Timer", default=None)
    console: Console = setting("its console")
    secondaries: Secondaries = setting("how the payload starts the other CPUs")
    device_tree: DeviceTree = setting("the device tree to start from")
    emulators: tuple[EmulatorMachine, ...] = setting(
        "machine models for the verification, the preferred one first", default=()
    )
    sources: Mapping[str, SourceSpec] = setting("files that the platform needs", default={})
    origins: Origins = field(default_factory=no_origins, compare=False, repr=False)

    # Set by the loader, not by the file.
    name: str = ""
    folder: Path = Path()
    layer: str = ""
