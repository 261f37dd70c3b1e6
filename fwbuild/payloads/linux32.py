# SPDX-License-Identifier: Apache-2.0
"""A 32-bit Linux zImage as the payload: what every plugin that boots one gives to an image.

Numbers are from Linux Documentation/arm/booting.rst unless said otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from fwbuild.formats.zimage import ZImage, read_zimage
from fwbuild.model.contribution import Contribution, Entry, Material, Part, SourceName, Target
from fwbuild.model.devicetree import AddressOf, Cells, Edit, SetProperty, Strings
from fwbuild.model.modes import Mode, StartMethod
from fwbuild.model.problem import fail
from fwbuild.model.region import Region, align_up
from fwbuild.model.rule import ConsoleRule, CpuRecords, NeverRule
from fwbuild.model.setting import Origins, no_origins, setting
from fwbuild.payloads.arguments import ARGUMENTS, argument_rules

#: The zImage and the kernel that it unpacks must be here: it finds the start of RAM by
#: rounding its own address down to 128 MiB.
_LOW = 128 << 20
#: The RAM disk must be where the kernel maps memory early: the first 512 MiB are lowmem
#: with every split of the address space (and arch/arm/mm/mmu.c).
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
    """What a recipe's ``[payload]`` may say of any 32-bit Linux."""

    type: str = setting("the payload's type")
    image: SourceName = setting("the source of the zImage")
    ramdisk: SourceName | None = setting("the source of the initial RAM disk", default=None)
    bootargs: str = setting("the kernel command line", default="")
    origins: Origins = field(default_factory=no_origins, compare=False, repr=False)


def linux32(
    target: Target,
    options: LinuxOptions,
    *,
    modes: tuple[Mode, ...] = (Mode.HYP, Mode.SVC),
    banner: ConsoleRule | None = None,
    started: Sequence[ConsoleRule] = (),
) -> Contribution:
    """The kernel that ``options`` name, its RAM disk, its command line and its rules.

    ``modes`` are those that it accepts. ``banner`` is a rule about the line with the
    kernel's version, and ``started`` are rules about what comes between the start of the
    CPUs and user land. Raises FwbuildError ``bad-payload``.
    """
    image = target.material(options.image)
    zimage = _checked(image)
    ramdisk = target.material(options.ramdisk) if options.ramdisk else None
    low = Region(target.ram.start, min(_LOW, target.ram.size))
    cpus = len(target.cpus)
    return Contribution(
        entry=Entry(
            part="kernel",
            modes=modes,
            uniform=True,
            secondaries=(StartMethod.PSCI_SMC, StartMethod.PSCI_HVC, StartMethod.MAILBOX),
            arguments=ARGUMENTS,
        ),
        parts=_parts(target, zimage, image, ramdisk, low),
        tree_window=low,
        edits=_edits(options, ramdisk),
        registers=argument_rules("linux"),
        console=(
            linux_alive("linux-alive", "Linux begins"),
            *([] if banner is None else [banner]),
            *_cpus_started(cpus),
            *started,
            *_user_land(cpus, ramdisk),
        ),
        never=_never(),
    )


def _checked(image: Material) -> ZImage:
    zimage = read_zimage(image)
    if zimage.memory_size != zimage.file_size:
        raise fail(
            "bad-payload",
            f"{image.name} has {zimage.file_size:,} bytes, but its zImage header says {zimage.memory_size:,}",
            origin=image.origin,
            hint="a Linux zImage has as many bytes as its header says: is the file cut short, or is it Xen?",
        )
    return zimage


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


def linux_alive(name: str, text: str) -> ConsoleRule:
    """Linux's first line, whoever started it (arch/arm/kernel/setup.c)."""
    return ConsoleRule(id=name, pattern=r"Booting Linux on physical CPU", text=text)


def linux_init(name: str, text: str, ramdisk: Material | None, *, cpus: str, hypervisor: str) -> ConsoleRule:
    """User land is reached: what fwbuild's own RAM disk says there, or Linux about any other.

    ``cpus`` is a regular expression for their number, ``hypervisor`` the one that the RAM
    disk must find.
    """
    proof = rf"fwbuild: /init reached, {cpus} CPUs, hypervisor {hypervisor}"
    ours = ramdisk is not None and ramdisk.type == "ramdisk"
    return ConsoleRule(id=name, pattern=proof if ours else r"Run \S+ as init process", text=text)


def _cpus_started(cpus: int) -> tuple[ConsoleRule, ...]:
    return (
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
    )


def _user_land(cpus: int, ramdisk: Material | None) -> tuple[ConsoleRule | CpuRecords, ...]:
    """fwbuild's own RAM disk reads back what the boot code wrote for each CPU, then says that it is there."""
    if ramdisk is None:
        return ()
    reached = linux_init("linux-init", "Linux has reached its user land", ramdisk, cpus=str(cpus), hypervisor="none")
    return (CpuRecords(id="linux-record"), reached) if ramdisk.type == "ramdisk" else (reached,)


def _never() -> tuple[NeverRule, ...]:
    return (
        NeverRule(id="linux-panic", pattern=r"Kernel panic", text="Linux panics"),
        NeverRule(id="linux-oops", pattern=r"Internal error: |Unable to handle kernel", text="Linux oopses"),
        NeverRule(
            id="linux-modes", pattern=r"CPU\(s\) started in (wrong|inconsistent)", text="CPUs were in different modes"
        ),
        NeverRule(id="linux-cpu-lost", pattern=r"CPU\d+: failed to (come online|boot)", text="a CPU did not start"),
    )
