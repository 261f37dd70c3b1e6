# SPDX-License-Identifier: Apache-2.0
"""Linux as the payload: a 32-bit zImage, entered in hyp mode if the CPUs have it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from fwbuild.plugin import (
    ARGUMENTS,
    AddressOf,
    Cells,
    ConsoleRule,
    Contribution,
    Edit,
    Entry,
    Material,
    Mode,
    NeverRule,
    Origins,
    Part,
    Payload,
    Region,
    SetProperty,
    SourceName,
    StartMethod,
    Strings,
    Target,
    ZImage,
    align_up,
    argument_rules,
    fail,
    hookimpl,
    no_origins,
    read_zimage,
    setting,
)

#: The zImage and the kernel that it unpacks must be here: it finds the start of RAM by
#: rounding its own address down to 128 MiB (Linux Documentation/arm/booting.rst).
_LOW = 128 << 20
#: The RAM disk must be where the kernel maps memory early: the first 512 MiB are lowmem
#: with every split of the address space (same document, and arch/arm/mm/mmu.c).
_LOWMEM = 512 << 20
#: The largest TEXT_OFFSET in arch/arm/Makefile: how far above the start of RAM the
#: unpacked kernel begins at most. A zImage does not tell its own.
_MAX_TEXT_OFFSET = 0x308000
#: What the decompressor needs behind the image: 64 KiB of heap, 4 KiB of stack and its
#: BSS (arch/arm/boot/compressed/head.S), rounded up.
_DECOMPRESSOR_ROOM = 0x20000
#: How much a kernel grows when unpacked, for images that do not tell (before Linux 4.15).
_GROWTH = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class LinuxOptions:
    """What a recipe's ``[payload]`` may say."""

    type: str = setting("`linux`")
    image: SourceName = setting("the source of the zImage")
    ramdisk: SourceName | None = setting("the source of the initial RAM disk", default=None)
    bootargs: str = setting("the kernel command line", default="")
    origins: Origins = field(default_factory=no_origins, compare=False, repr=False)


@hookimpl
def fwbuild_payloads() -> Sequence[Payload]:
    """Linux."""
    return [Payload(name="linux", summary="Linux for 32-bit ARM, a zImage", options=LinuxOptions)]


@hookimpl
def fwbuild_contribute(target: Target) -> Contribution | None:
    """The kernel, its RAM disk, its command line and its rules."""
    options = target.options
    if not isinstance(options, LinuxOptions):
        return None
    image = target.material(options.image)
    zimage = read_zimage(image)
    if zimage.memory_size != zimage.file_size:
        raise fail(
            "bad-payload",
            f"{image.name} has {zimage.file_size:,} bytes, but its zImage header says {zimage.memory_size:,}",
            origin=image.origin,
            hint="a Linux zImage has as many bytes as its header says: is the file cut short, or is it Xen?",
        )
    ramdisk = target.material(options.ramdisk) if options.ramdisk else None
    low = Region(target.ram.start, min(_LOW, target.ram.size))
    return Contribution(
        entry=Entry(
            part="kernel",
            modes=(Mode.HYP, Mode.SVC),
            uniform=True,
            secondaries=(StartMethod.PSCI_SMC, StartMethod.PSCI_HVC, StartMethod.MAILBOX),
            arguments=ARGUMENTS,
        ),
        parts=_parts(target, zimage, image, ramdisk, low),
        tree_window=low,
        edits=_edits(options, ramdisk),
        registers=argument_rules("linux"),
        console=_console(len(target.cpus), ramdisk),
        never=_never(),
    )


def _parts(target: Target, zimage: ZImage, image: Material, ramdisk: Material | None, low: Region) -> tuple[Part, ...]:
    unpacked = zimage.unpacked_size or zimage.file_size * _GROWTH
    parts = [
        Part(
            name="unpacked-kernel",
            text="where the kernel unpacks itself to",
            size=0,
            memory_size=align_up(_MAX_TEXT_OFFSET + unpacked, 1 << 20),
            fixed=target.ram.start,
        ),
        Part(
            name="kernel",
            text="Linux zImage",
            size=image.size,
            memory_size=align_up(image.size + _DECOMPRESSOR_ROOM, 0x1000),
            material=image.name,
            window=low,
            alignment=1 << 20,
        ),
    ]
    if ramdisk is not None:
        parts.append(
            Part(
                name="ramdisk",
                text="initial RAM disk",
                size=ramdisk.size,
                memory_size=ramdisk.size,
                material=ramdisk.name,
                window=Region(target.ram.start, min(_LOWMEM, target.ram.size)),
            )
        )
    return tuple(parts)


def _edits(options: LinuxOptions, ramdisk: Material | None) -> tuple[Edit, ...]:
    edits: list[Edit] = [SetProperty("/chosen", "bootargs", Strings((options.bootargs,)))]
    if ramdisk is not None:
        edits.append(SetProperty("/chosen", "linux,initrd-start", Cells((AddressOf("ramdisk"),))))
        edits.append(SetProperty("/chosen", "linux,initrd-end", Cells((AddressOf("ramdisk", "end"),))))
    return tuple(edits)


def _console(cpus: int, ramdisk: Material | None) -> tuple[ConsoleRule, ...]:
    rules = [
        ConsoleRule(id="linux-alive", pattern=r"Booting Linux on physical CPU", text="Linux begins"),
        ConsoleRule(
            id="linux-cpus",
            pattern=rf"SMP: Total of {cpus} processors activated",
            text=f"Linux has brought up {cpus} CPUs",
        ),
        ConsoleRule(
            id="linux-hyp",
            pattern=r"CPU: All CPU\(s\) started in HYP mode",
            text="every CPU was in hyp mode when Linux got it",
            modes=(Mode.HYP,),
        ),
        ConsoleRule(
            id="linux-svc",
            pattern=r"CPU: All CPU\(s\) started in SVC mode",
            text="every CPU was in supervisor mode when Linux got it",
            modes=(Mode.SVC,),
        ),
    ]
    if ramdisk is not None:
        proof = rf"fwbuild: /init reached, {cpus} CPUs, hypervisor none"
        pattern = proof if ramdisk.type == "ramdisk" else r"Run \S+ as init process"
        rules.append(ConsoleRule(id="linux-init", pattern=pattern, text="Linux has reached its user land"))
    return tuple(rules)


def _never() -> tuple[NeverRule, ...]:
    return (
        NeverRule(id="linux-panic", pattern=r"Kernel panic", text="Linux panics"),
        NeverRule(id="linux-oops", pattern=r"Internal error: |Unable to handle kernel", text="Linux oopses"),
        NeverRule(
            id="linux-modes", pattern=r"CPU\(s\) started in (wrong|inconsistent)", text="CPUs were in different modes"
        ),
        NeverRule(id="linux-cpu-lost", pattern=r"CPU\d+: failed to (come online|boot)", text="a CPU did not start"),
    )
