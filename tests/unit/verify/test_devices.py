# SPDX-License-Identifier: Apache-2.0
"""The modelled devices, as their manuals say."""

from __future__ import annotations

import pytest

from fwbuild.verify.devices.bus import Access, Bus
from fwbuild.verify.devices.flags import FlagsRegister
from fwbuild.verify.devices.gicv2 import CTLR, EOIR, IAR, IGROUPR, PMR, SGIR, TYPER, Gicv2
from fwbuild.verify.devices.pl011 import Pl011

BOOT, BOOT_NS, OTHER, OTHER_NS = Access(0, True), Access(0, False), Access(1, True), Access(1, False)


@pytest.fixture
def gic() -> Gicv2:
    return Gicv2(2, 160, distributor=0x1000, cpu_interface=0x2000)


def open_to_others(gic: Gicv2) -> None:
    """What boot code does for every CPU."""
    for cpu in (BOOT, OTHER):
        gic.distributor.write(cpu, IGROUPR, 0xFFFFFFFF)
        gic.cpu_interface.write(cpu, PMR, 0xFF)
        gic.cpu_interface.write(cpu, CTLR, 3)
    gic.distributor.write(BOOT, CTLR, 3)


def test_the_distributor_says_what_it_has(gic: Gicv2) -> None:
    assert gic.distributor.read(BOOT, TYPER) & 0x1F == 4, "160 lines: IGROUPR0 to IGROUPR4"
    assert gic.distributor.read(BOOT, TYPER) >> 5 & 7 == 1, "two CPUs"
    assert gic.distributor.read(BOOT, TYPER) & 0x400, "security extensions"


def test_groups_are_secure_and_the_first_word_is_each_cpus_own(gic: Gicv2) -> None:
    for word in range(32):
        gic.distributor.write(BOOT_NS, IGROUPR + 4 * word, 0xFFFFFFFF)
        assert gic.distributor.read(BOOT, IGROUPR + 4 * word) == 0
        gic.distributor.write(BOOT, IGROUPR + 4 * word, 0xF0 + word)
    assert [gic.distributor.read(BOOT, IGROUPR + 4 * word) for word in range(6)] == [0xF0, 0xF1, 0xF2, 0xF3, 0xF4, 0]
    assert [gic.distributor.read(OTHER, IGROUPR + 4 * word) for word in range(2)] == [0, 0xF1]
    assert gic.distributor.read(BOOT_NS, IGROUPR + 4) == 0


def test_non_secure_code_sees_its_own_enable_bits_only(gic: Gicv2) -> None:
    gic.distributor.write(BOOT, CTLR, 1)
    gic.cpu_interface.write(BOOT, CTLR, 1)
    assert gic.distributor.read(BOOT_NS, CTLR) == gic.cpu_interface.read(BOOT_NS, CTLR) == 0
    gic.distributor.write(BOOT_NS, CTLR, 1)
    gic.cpu_interface.write(BOOT_NS, CTLR, 1)
    assert gic.distributor.read(BOOT, CTLR) == gic.cpu_interface.read(BOOT, CTLR) == 3


def test_non_secure_code_cannot_open_a_closed_priority_mask(gic: Gicv2) -> None:
    gic.cpu_interface.write(BOOT_NS, PMR, 0xFF)
    assert gic.cpu_interface.read(BOOT, PMR) == 0
    gic.cpu_interface.write(BOOT, PMR, 0xFF)
    gic.cpu_interface.write(BOOT_NS, PMR, 0xF0)
    assert gic.cpu_interface.read(BOOT, PMR) == 0xF8
    assert gic.cpu_interface.read(BOOT_NS, PMR) == 0xF0


def test_an_sgi_is_signalled_taken_once_and_gone(gic: Gicv2) -> None:
    open_to_others(gic)
    gic.distributor.write(BOOT_NS, SGIR, 1 << 17 | 5)
    assert (gic.signalled(0), gic.signalled(1)) == (None, 5)
    assert gic.cpu_interface.read(OTHER_NS, IAR) == 5
    gic.cpu_interface.write(OTHER_NS, EOIR, 5)
    assert gic.signalled(1) is None
    assert gic.cpu_interface.read(OTHER_NS, IAR) == 1023
    gic.distributor.write(OTHER_NS, SGIR, 1 << 24 | 3)
    assert gic.cpu_interface.read(BOOT_NS, IAR) == 1 << 10 | 3, "to all others, from CPU 1"
    gic.distributor.write(OTHER_NS, SGIR, 2 << 24 | 2)
    assert (gic.signalled(0), gic.signalled(1)) == (None, 2)


def test_secure_code_is_told_that_an_interrupt_is_not_its_own(gic: Gicv2) -> None:
    open_to_others(gic)
    gic.distributor.write(BOOT_NS, SGIR, 1 << 17)
    assert gic.cpu_interface.read(OTHER, IAR) == 1022
    assert gic.signalled(1) == 0, "and it stays pending"


@pytest.mark.parametrize("left_out", ["group", "mask", "interface", "distributor"])
def test_an_sgi_needs_all_that_boot_code_sets(gic: Gicv2, left_out: str) -> None:
    open_to_others(gic)
    if left_out == "group":
        gic.distributor.write(OTHER, IGROUPR, 0)
    elif left_out == "mask":
        gic.cpu_interface.write(OTHER, PMR, 0)
    elif left_out == "interface":
        gic.cpu_interface.write(OTHER, CTLR, 0)
    else:
        gic.distributor.write(BOOT, CTLR, 0)
    gic.distributor.write(BOOT_NS, SGIR, 1 << 17)
    assert gic.signalled(1) is None


def test_a_priority_that_is_too_low_is_masked(gic: Gicv2) -> None:
    open_to_others(gic)
    gic.distributor.write(OTHER, 0x404, 0xFF00)
    gic.distributor.write(BOOT_NS, SGIR, 1 << 17 | 5)
    assert gic.signalled(1) is None
    assert gic.distributor.read(OTHER, 0x404) == 0xFF00
    assert gic.distributor.read(BOOT, 0x404) == 0, "priorities of SGIs are each CPU's own"


def test_flags_are_set_and_cleared_by_two_registers() -> None:
    flags = FlagsRegister(0x30)
    flags.write(BOOT, 0, 0x80000000)
    flags.write(OTHER_NS, 0, 0x78)
    assert flags.read(OTHER_NS, 0) == 0x80000078
    flags.write(BOOT, 4, 0x80000008)
    assert flags.read(BOOT, 0) == 0x70


def test_a_serial_port_keeps_what_is_sent_while_it_is_on() -> None:
    port = Pl011(0)
    port.write(BOOT, 0, ord("x"))
    port.write(BOOT, 0x30, 0x301)
    for letter in b"ok":
        assert not port.read(BOOT, 0x18) & 0x20, "never full"
        port.write(BOOT, 0, letter)
    assert (bytes(port.text), port.read(BOOT, 0x30)) == (b"ok", 0x301)


def test_the_bus_finds_the_device_and_notes_what_is_none() -> None:
    flags, port = FlagsRegister(0x1C010030), Pl011(0x1C090000)
    bus = Bus([flags, port])
    assert bus.pages() == [0x1C010000, 0x1C090000]
    bus.write(BOOT, 0x1C010030, 0x55)
    assert bus.read(OTHER_NS, 0x1C010030) == 0x55
    assert bus.strays == []
    assert bus.read(OTHER_NS, 0x1C010038) == 0
    bus.write(BOOT, 0x1C010000, 1)
    assert [stray.partition(",")[0] for stray in bus.strays] == ["CPU 1 read 0x1c010038", "CPU 0 wrote 0x1c010000"]
