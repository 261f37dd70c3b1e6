# SPDX-License-Identifier: Apache-2.0
"""The registers that kernels for 32-bit ARM are entered with: those of Linux.

Linux Documentation/arm/booting.rst, "Calling the kernel image": r0 is 0, r1 the machine
type or all ones, r2 the device tree. Xen takes them over (docs/misc/arm/booting.txt).
"""

from __future__ import annotations

from fwbuild.model.devicetree import AddressOf, Number
from fwbuild.model.plan import DEVICE_TREE
from fwbuild.model.rule import RegisterRule

#: r0, r1 and r2 of the boot CPU.
ARGUMENTS: tuple[Number, ...] = (0, 0xFFFFFFFF, AddressOf(DEVICE_TREE))

_TEXTS = ("r0 is 0", "r1 is no machine type", "r2 is the address of the device tree")


def argument_rules(
    name: str, source: str = 'Linux Documentation/arm/booting.rst, "Calling the kernel image"'
) -> tuple[RegisterRule, ...]:
    """The rules that the boot CPU has :data:`ARGUMENTS`, called ``NAME-r0`` and so on."""
    return tuple(
        RegisterRule(id=f"{name}-r{index}", register=f"r{index}", value=value, cpus="boot", text=text, source=source)
        for index, (value, text) in enumerate(zip(ARGUMENTS, _TEXTS, strict=True))
    )
