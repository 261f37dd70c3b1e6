# SPDX-License-Identifier: Apache-2.0
"""Xen as the payload, with a Linux kernel as dom0.

Xen docs/misc/arm/booting.txt says how it is entered; docs/misc/arm/device-tree/booting.txt
what the device tree must say.
"""

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
    RegisterRule,
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
    linux_alive,
    linux_init,
    no_origins,
    read_zimage,
    setting,
)

#: Xen may have a large BSS, but not this large: a header that says so lies, or the file
#: is cut short.
_MAX_BSS = 4 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Dom0Options:
    """What a recipe's ``[payload.dom0]`` may say."""

    kernel: SourceName = setting("the source of the zImage that Xen starts as its first domain")
    ramdisk: SourceName | None = setting("the source of its initial RAM disk", default=None)
    bootargs: str = setting("its kernel command line", default="")
    origins: Origins = field(default_factory=no_origins, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class XenOptions:
    """What a recipe's ``[payload]`` may say."""

    type: str = setting("`xen`")
    image: SourceName = setting("the source of Xen, in zImage format")
    bootargs: str = setting("Xen's own command line", default="")
    dom0: Dom0Options = setting("the first domain")
    origins: Origins = field(default_factory=no_origins, compare=False, repr=False)


@hookimpl
def fwbuild_payloads() -> Sequence[Payload]:
    """Xen."""
    return [Payload(name="xen", summary="Xen for 32-bit ARM with a Linux dom0", options=XenOptions)]


@hookimpl
def fwbuild_contribute(target: Target) -> Contribution | None:
    """Xen, its dom0 modules, its command lines and its rules."""
    options = target.options
    if not isinstance(options, XenOptions):
        return None
    image = target.material(options.image)
    zimage = _checked(image)
    kernel = target.material(options.dom0.kernel)
    read_zimage(kernel)
    ramdisk = target.material(options.dom0.ramdisk) if options.dom0.ramdisk else None
    return Contribution(
        entry=Entry(
            part="xen",
            modes=(Mode.HYP,),
            uniform=True,
            secondaries=(StartMethod.PSCI_SMC, StartMethod.MAILBOX),
            arguments=ARGUMENTS,
        ),
        parts=_parts(zimage, image, kernel, ramdisk),
        edits=_edits(options, ramdisk),
        registers=_registers(),
        console=_console(len(target.cpus), ramdisk),
        never=_never(),
    )


def _checked(image: Material) -> ZImage:
    zimage = read_zimage(image)
    if zimage.is_linux:
        raise fail(
            "bad-payload",
            f"{image.name} is a Linux zImage, not Xen",
            origin=image.origin,
            hint="as a payload on its own it is type `linux`; under Xen it goes to [payload.dom0] kernel",
        )
    if zimage.memory_size - zimage.file_size > _MAX_BSS:
        raise fail(
            "bad-payload",
            f"{image.name} has {zimage.file_size:,} bytes, but its zImage header says {zimage.memory_size:,}",
            origin=image.origin,
            hint="the file is cut short, or the header is wrong",
        )
    return zimage


def _parts(zimage: ZImage, image: Material, kernel: Material, ramdisk: Material | None) -> tuple[Part, ...]:
    parts = [
        Part(
            name="xen",
            text="Xen",
            size=image.size,
            memory_size=align_up(zimage.memory_size, 0x1000),
            material=image.name,
            alignment=2 << 20,
        ),
        _module("dom0-kernel", "dom0's Linux zImage", kernel),
    ]
    if ramdisk is not None:
        parts.append(_module("dom0-ramdisk", "dom0's initial RAM disk", ramdisk))
    return tuple(parts)


def _module(name: str, text: str, material: Material) -> Part:
    # Xen wants modules at 4 KiB boundaries and frees the pages after use.
    size = align_up(material.size, 0x1000)
    return Part(name=name, text=text, size=material.size, memory_size=size, material=material.name)


def _edits(options: XenOptions, ramdisk: Material | None) -> tuple[Edit, ...]:
    edits: list[Edit] = [
        SetProperty("/chosen", "#address-cells", Cells((1,))),
        SetProperty("/chosen", "#size-cells", Cells((1,))),
        SetProperty("/chosen", "xen,xen-bootargs", Strings((options.bootargs,))),
        SetProperty("/chosen", "xen,dom0-bootargs", Strings((options.dom0.bootargs,))),
        *_multiboot("dom0-kernel", "multiboot,kernel", "xen,linux-zimage"),
    ]
    if ramdisk is not None:
        edits.extend(_multiboot("dom0-ramdisk", "multiboot,ramdisk", "xen,linux-initrd"))
    return tuple(edits)


def _multiboot(part: str, role: str, legacy: str) -> tuple[Edit, ...]:
    """A module node: in the names of the specification, and in those of Xen before 4.5."""
    start = AddressOf(part)
    compatible = Strings((role, "multiboot,module", legacy, "xen,multiboot-module"))
    return (
        SetProperty("/chosen/module", "compatible", compatible, unit=start),
        SetProperty("/chosen/module", "reg", Cells((start, AddressOf(part, "size"))), unit=start),
    )


def _registers() -> tuple[RegisterRule, ...]:
    source = "Xen docs/misc/arm/booting.txt; Linux Documentation/arm/booting.rst"
    return (
        RegisterRule(
            id="xen-hyp",
            register="CPSR",
            mask=0x1F,
            value=0x1A,
            text="Xen is entered in hyp mode, on every CPU",
            source=source,
        ),
        RegisterRule(
            id="xen-hvc",
            register="SCR",
            mask=0x100,
            value=0x100,
            text="SCR.HCE is set: Xen's guests can make hypercalls",
            source=source,
        ),
        *argument_rules("xen", source),
    )


def _console(cpus: int, ramdisk: Material | None) -> tuple[ConsoleRule, ...]:
    return (
        ConsoleRule(id="xen-alive", pattern=r"\(XEN\) Xen version", text="Xen begins"),
        ConsoleRule(id="xen-cpus", pattern=rf"\(XEN\) Brought up {cpus} CPUs", text=f"Xen has brought up {cpus} CPUs"),
        ConsoleRule(id="xen-dom0", pattern=r"\(XEN\) \*\*\* LOADING DOMAIN 0", text="Xen builds dom0"),
        linux_alive("dom0-alive", "dom0's Linux begins"),
        linux_init(
            "dom0-init",
            "dom0 has reached its user land and knows that it runs on Xen",
            ramdisk,
            cpus=r"\d+",
            hypervisor="xen",
        ),
    )


def _never() -> tuple[NeverRule, ...]:
    return (
        NeverRule(id="xen-panic", pattern=r"Panic on CPU", text="Xen panics"),
        NeverRule(id="xen-bug", pattern=r"\(XEN\) Xen BUG at|\(XEN\) Assertion '", text="Xen finds a bug in itself"),
        NeverRule(id="xen-cpu-lost", pattern=r"CPU\d+ never came online", text="a CPU did not start"),
        NeverRule(id="dom0-panic", pattern=r"Kernel panic", text="dom0's Linux panics"),
    )
