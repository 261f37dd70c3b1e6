# SPDX-License-Identifier: Apache-2.0
"""A GICv2 with Security Extensions, as far as boot code and a call to a secondary need it.

GIC architecture 2.0 (IHI 0048B): sections 4.3 and 4.4 for the registers, 3.8 for the two
views. Modelled are groups, enables, priority masks and SGIs. The configuration of shared
interrupts is kept and read back; no device raises one.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from fwbuild.verify.devices.bus import PAGE, Access

CTLR, TYPER, IGROUPR, SGIR = 0x000, 0x004, 0x080, 0xF00
PMR, IAR, EOIR = 0x004, 0x00C, 0x010

_IPRIORITYR = 0x400
#: Registers of the distributor that each CPU has its own first word or words of.
_BANKED = {0x100: 4, 0x180: 4, 0x200: 4, 0x280: 4, 0x300: 4, 0x380: 4, _IPRIORITYR: 32, 0x800: 32, 0xC00: 8}
_GROUP_0, _GROUP_1 = 1, 2
_NONE_PENDING = 1023
_OTHER_GROUP = 1022


@dataclass(slots=True)
class _Interface:
    """What each CPU has of its own."""

    control: int = 0
    mask: int = 0
    #: groups of SGIs and PPIs, a bit each: GICD_IGROUPR0
    groups: int = 0
    #: pending SGIs: number -> the CPU that asked
    pending: dict[int, int] = field(default_factory=dict)


class Gicv2:
    """Both halves; :attr:`distributor` and :attr:`cpu_interface` are the devices."""

    def __init__(self, cpus: int, interrupts: int, *, distributor: int, cpu_interface: int) -> None:
        self.distributor = Distributor(self, distributor)
        self.cpu_interface = CpuInterface(self, cpu_interface)
        self.interfaces = [_Interface() for _ in range(cpus)]
        self.lines = (interrupts + 31) // 32 - 1
        self.control = 0
        self.groups = [0] * (self.lines + 1)  # the first is banked: see _Interface

    def signalled(self, cpu: int) -> int | None:
        """The SGI that ``cpu`` is being told of, the lowest number first: what ends its wfi."""
        mine = self.interfaces[cpu]
        for number in sorted(mine.pending):
            group = _GROUP_1 if mine.groups >> number & 1 else _GROUP_0
            priority = self.distributor.priority(cpu, number)
            if self.control & group and mine.control & group and priority < mine.mask:
                return number
        return None

    def raise_sgi(self, access: Access, targets: int, number: int) -> None:
        """Make SGI ``number`` pending on each CPU of the bit mask ``targets``.

        Non-secure code can only raise those in group 1 (IHI 0048B, 4.3.15, GICD_SGIR).
        """
        for cpu, interface in enumerate(self.interfaces):
            if targets >> cpu & 1 and (access.secure or interface.groups >> number & 1):
                interface.pending[number] = access.cpu

    def why_silent(self, cpu: int) -> str:
        """For a CPU that was called and not told of it: the settings that decide."""
        mine = self.interfaces[cpu]
        return (
            f"GICD_CTLR {self.control:#x}, GICC_CTLR {mine.control:#x}, "
            f"GICC_PMR {mine.mask:#x}, GICD_IGROUPR0 {mine.groups:#x}"
        )


class Distributor:
    """GICD_*."""

    size = PAGE

    def __init__(self, gic: Gicv2, address: int) -> None:
        self.address = address
        self._gic = gic
        self._kept: dict[tuple[int, int], int] = {}

    def read(self, access: Access, offset: int) -> int:
        """Read a register."""
        gic = self._gic
        if offset == CTLR:
            return gic.control if access.secure else gic.control >> 1 & 1
        if offset == TYPER:
            return gic.lines | (len(gic.interfaces) - 1) << 5 | 1 << 10
        word = (offset - IGROUPR) // 4
        if 0 <= word < 32:
            if not access.secure or word > gic.lines:
                return 0
            return gic.interfaces[access.cpu].groups if word == 0 else gic.groups[word]
        return self._kept.get((_bank(access.cpu, offset), offset), 0)

    def write(self, access: Access, offset: int, value: int) -> None:
        """Write a register."""
        gic = self._gic
        word = (offset - IGROUPR) // 4
        if offset == CTLR:
            gic.control = value & 3 if access.secure else gic.control & 1 | (value & 1) << 1
        elif offset == SGIR:
            filtered = value >> 24 & 3
            everybody = (1 << len(gic.interfaces)) - 1
            targets = {0: value >> 16 & 0xFF, 1: everybody & ~(1 << access.cpu), 2: 1 << access.cpu}.get(filtered, 0)
            gic.raise_sgi(access, targets, value & 15)
        elif 0 <= word < 32:
            if access.secure and word == 0:
                gic.interfaces[access.cpu].groups = value
            elif access.secure and word <= gic.lines:
                gic.groups[word] = value
        else:
            self._kept[_bank(access.cpu, offset), offset] = value

    def priority(self, cpu: int, number: int) -> int:
        """The priority of SGI or PPI ``number`` on ``cpu``; 0 is the highest."""
        offset = _IPRIORITYR + (number & ~3)
        return self._kept.get((cpu, offset), 0) >> 8 * (number & 3) & 0xFF


def _bank(cpu: int, offset: int) -> int:
    """The CPU whose register it is; -1 for one that all share."""
    return cpu if any(start <= offset < start + size for start, size in _BANKED.items()) else -1


class CpuInterface:
    """GICC_*: each CPU sees its own at the same address."""

    size = 2 * PAGE

    def __init__(self, gic: Gicv2, address: int) -> None:
        self.address = address
        self._gic = gic

    def read(self, access: Access, offset: int) -> int:
        """Read a register; IAR acknowledges."""
        mine = self._gic.interfaces[access.cpu]
        if offset == CTLR:
            return mine.control if access.secure else mine.control >> 1 & 1
        if offset == PMR:
            # Non-secure code sees the lower half of the priorities, as if it were all of them.
            return mine.mask if access.secure else (mine.mask << 1 & 0xFF if mine.mask & 0x80 else 0)
        if offset == IAR:
            return self._acknowledge(access, mine)
        return 0

    def write(self, access: Access, offset: int, value: int) -> None:
        """Write a register. EOIR has nothing to do: an SGI is not active here once it was read."""
        mine = self._gic.interfaces[access.cpu]
        if offset == CTLR:
            mine.control = value & 0x7FF if access.secure else mine.control & ~2 | (value & 1) << 1
        elif offset == PMR and access.secure:
            mine.mask = value & 0xFF
        elif offset == PMR and mine.mask & 0x80:
            mine.mask = 0x80 | (value & 0xFF) >> 1

    def _acknowledge(self, access: Access, mine: _Interface) -> int:
        number = self._gic.signalled(access.cpu)
        if number is None:
            return _NONE_PENDING
        in_group_1 = mine.groups >> number & 1
        if access.secure and in_group_1 and not mine.control & 4:  # AckCtl
            return _OTHER_GROUP
        if not access.secure and not in_group_1:
            return _NONE_PENDING
        return number | mine.pending.pop(number) << 10
