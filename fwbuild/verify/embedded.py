# SPDX-License-Identifier: Apache-2.0
"""A board made of bare CPUs and modelled devices, for :mod:`fwbuild.verify.follow`.

It stands where QEMU's debug stub stands otherwise. CPUs may be of different types, which
QEMU's boards cannot do. The payload is not run: what it would do to call its secondaries,
writing the mailbox and raising an SGI, is done here.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence
from typing import Protocol

from fwbuild.devicetree.blob import read_blob
from fwbuild.model.board import Board
from fwbuild.model.ports import BootPath
from fwbuild.model.verdict import CpuEvidence, EntryEvidence
from fwbuild.verify.arm_writes import condition_holds
from fwbuild.verify.devices.bus import Access, Bus, Device
from fwbuild.verify.devices.flags import FlagsRegister
from fwbuild.verify.devices.gicv2 import CTLR, SGIR, Gicv2
from fwbuild.verify.devices.pl011 import Pl011
from fwbuild.verify.exceptions import Kind, Registers, deliver
from fwbuild.verify.follow import STEP_LIMIT, device_tree_at, follow
from fwbuild.verify.names import STUB_NAMES

#: ``follow`` asks with the names of QEMU's stub.
_NAMES = {shown: name for name, shown in STUB_NAMES.items()}
#: Hints (DDI 0406C, A5.2.11), without their condition.
_WFE, _WFI, _SEV = 0x0320F002, 0x0320F003, 0x0320F004
_MODE_MON = 0x16
#: The SGI that stands for the payload's call; any number does.
_CALL = 0
#: Where secondaries are sent to, in bytes from the payload's first instruction: not to that
#: itself, so that one which goes there on its own is not taken for one that was called.
_SECONDARY_OFFSET = 4


class Core(Registers, Protocol):
    """One CPU of an emulator."""

    def has(self, name: str) -> bool:
        """Whether the CPU has the register and the emulator shows what was written to it."""
        ...

    def fetch(self, address: int, size: int) -> bytes:
        """Bytes of memory."""
        ...

    def store(self, address: int, data: bytes) -> None:
        """Write memory."""
        ...

    def execute(self) -> Kind | None:
        """Execute the instruction at pc; the exception that it ended with, not yet delivered."""
        ...

    def forget(self) -> None:
        """Drop what was translated: other CPUs may have written code since."""
        ...


class Devices:
    """The devices of a board."""

    def __init__(self, board: Board) -> None:
        gic = board.gic
        self.gic = Gicv2(len(board.cpus), gic.interrupts, distributor=gic.distributor, cpu_interface=gic.cpu_interface)
        self.console = Pl011(board.console.address)
        self.mailbox = None if board.mailbox is None else FlagsRegister(board.mailbox)
        devices: list[Device] = [self.gic.distributor, self.gic.cpu_interface, self.console]
        self.bus = Bus(devices if self.mailbox is None else [*devices, self.mailbox])


class Embedded:
    """All CPUs, each stepped alone; the interface of GdbStub as far as ``follow`` uses it."""

    def __init__(self, cores: Sequence[Core], devices: Devices, *, pen: int, secondary_entry: int) -> None:
        self._cores = cores
        self._devices = devices
        self._pen = pen
        self._break = 0
        #: what secondaries are told to execute first
        self.secondary_entry = secondary_entry
        self._waiting: list[int] | None = None
        self._current = -1
        #: CPUs whose event register is set (DDI 0406C, B1.8.13)
        self._events: set[int] = set()
        #: the hint by which a CPU sleeps
        self._asleep: dict[int, int] = {}
        #: what happened that registers do not tell, in words
        self.notes: list[str] = []

    def start(self) -> None:
        """The board is ready as it is made."""

    def cpus(self) -> int:
        """How many CPUs there are."""
        return len(self._cores)

    def has(self, name: str, number: int = 0) -> bool:
        """Whether CPU ``number`` shows the register ``name``."""
        return self._cores[number].has(_NAMES.get(name, name))

    def register(self, number: int, name: str) -> int:
        """A register of CPU ``number``."""
        return self._cores[number].get(_NAMES.get(name, name))

    def memory(self, number: int, address: int, size: int) -> bytes:
        """Bytes as CPU ``number`` sees them."""
        return self._cores[number].fetch(address, size)

    def step(self, number: int) -> None:
        """Execute one instruction of CPU ``number`` and take its exception; a wait is over at once."""
        self._asleep.pop(number, None)
        self._advance(number)

    def break_at(self, address: int) -> None:
        """Where ``run`` stops a secondary."""
        self._break = address

    def run(self, timeout: float) -> int | None:
        """Do for the payload what it would do to call its next secondary.

        The CPU that came to the breakpoint by it; None if there is none any more.
        """
        until = time.monotonic() + timeout
        if self._waiting is None:
            self._waiting = [n for n in range(1, self.cpus()) if self.register(n, "pc") == self._pen]
            for number in self._waiting:
                # Nobody has called yet: a CPU that does not sleep now does not wait for a call.
                if self._until_asleep(number, until) != "asleep":
                    self.notes.append(f"CPU {number} does not sleep in the pen")
            if self._waiting:
                self._begin_calling()
        while self._waiting:
            number = self._waiting.pop(0)
            self._call(number)
            if self._until_asleep(number, until) == "released":
                return number
            reason = self._devices.gic.why_silent(number)
            self.notes.append(f"CPU {number} was called and did not leave the pen ({reason})")
        return None

    def _begin_calling(self) -> None:
        """What a payload does once, before it calls anybody."""
        boot = self._boot_access()
        # Every payload turns its groups on before it uses an interrupt (GICD_CTLR in its view).
        self._devices.gic.distributor.write(boot, CTLR, 3 if boot.secure else 1)
        how = "their words of cpu-release-addr and SEV"
        if self._devices.mailbox is not None:
            self._devices.mailbox.write(boot, 4, 0xFFFFFFFF)
            self._devices.mailbox.write(boot, 0, self.secondary_entry)
            how = f"the mailbox and an SGI from {'secure' if boot.secure else 'non-secure'} state"
        self.notes.append(
            "secondaries were called by the model and not by the payload, which was not run:"
            f" {self.secondary_entry:#x} in {how}"
        )

    def _boot_access(self) -> Access:
        """An access of the boot CPU in the state that the payload has it in (DDI 0406C, B1.5.1)."""
        boot = self._cores[0]
        monitor = boot.get("CPSR") & 0x1F == _MODE_MON
        secure = boot.has("SCR") and (monitor or not boot.get("SCR") & 1)
        return Access(cpu=0, secure=secure)

    def _call(self, number: int) -> None:
        """Call one secondary, by interrupt or by event."""
        if self._devices.mailbox is not None:
            call = 1 << 16 + number | _CALL
            # Secure code sends SGIs of both groups (GICD_SGIR.NSATT), non-secure code those of group 1.
            self._devices.gic.distributor.write(Access(cpu=0, secure=False), SGIR, call)
            if self._boot_access().secure:
                self._devices.gic.distributor.write(self._boot_access(), SGIR, call)
            return
        word = self._release_word(number)
        if word:
            self._cores[0].store(word, self.secondary_entry.to_bytes(4, "little"))
            self._events.update(range(self.cpus()))

    def _release_word(self, number: int) -> int:
        """Where the payload's device tree says that CPU ``number`` waits for its address; 0 if it does not."""
        tree = read_blob(device_tree_at(self, self.register(0, "r2")), "the tree in memory")
        cpus = tree.find("/cpus")
        affinity = self.register(number, "MPIDR") & 0xFFFFFF
        for node in () if cpus is None else cpus.children.values():
            if node.cell_or_none("reg") == affinity:
                return int.from_bytes(node.properties.get("cpu-release-addr", b""), "big")
        return 0

    def _until_asleep(self, number: int, until: float) -> str:
        """Let CPU ``number`` run until it sleeps and nothing wakes it, or is at the breakpoint."""
        for _ in range(STEP_LIMIT):
            if self._sleeps(number):
                return "asleep"
            if self._is_let_go(number):
                return "released"
            if time.monotonic() > until:
                break
            self._advance(number)
        return "lost"

    def _is_let_go(self, number: int) -> bool:
        """Whether CPU ``number`` is about to leave the pen: there, and its condition holds."""
        core = self._cores[number]
        pc = core.get("pc")
        if pc != self._break:
            return False
        return condition_holds(int.from_bytes(core.fetch(pc, 4), "little") >> 28, core.get("CPSR"))

    def _sleeps(self, number: int) -> bool:
        """Whether CPU ``number`` still waits, now that something may have happened."""
        hint = self._asleep.get(number)
        if hint == _WFE and number in self._events:
            self._events.discard(number)
        elif hint is not None and self._devices.gic.signalled(number) is None:
            return True
        self._asleep.pop(number, None)
        return False

    def _advance(self, number: int) -> None:
        """Execute one instruction."""
        core = self._cores[number]
        if number != self._current:
            core.forget()
            self._current = number
        pc = core.get("pc")
        word = int.from_bytes(core.fetch(pc, 4), "little")
        hint = word & 0x0FFFFFFF
        if hint in (_WFE, _WFI, _SEV) and word >> 28 != 15:
            core.put("pc", pc + 4)
            if condition_holds(word >> 28, core.get("CPSR")):
                self._hint(number, hint)
            return
        kind = core.execute()
        if kind is not None:
            self.notes.append(f"CPU {number}: {kind.value} at {pc:#x}")
            deliver(core, kind, pc)

    def _hint(self, number: int, hint: int) -> None:
        if hint == _SEV:
            self._events.update(range(self.cpus()))
        else:
            self._asleep[number] = hint


def observe(
    cores: Sequence[Core], devices: Devices, path: BootPath, *, hidden: tuple[str, ...], deadline: float
) -> EntryEvidence:
    """Follow every CPU from reset to the payload. ``deadline`` is a time of ``time.monotonic``.

    ``hidden`` are registers of ``path`` that the emulator cannot show.
    """
    entry = path.payload + _SECONDARY_OFFSET
    board = Embedded(cores, devices, pen=path.symbols["pen"], secondary_entry=entry)
    seen = follow(board, path, deadline=deadline)
    return dataclasses.replace(
        seen,
        cpus=tuple(_called(cpu, entry) for cpu in seen.cpus),
        hidden=hidden,
        notes=(*board.notes, *devices.bus.strays),
        console=devices.console.text.decode("ascii", "replace"),
    )


def _called(cpu: CpuEvidence, entry: int) -> CpuEvidence:
    """A secondary has arrived only if it went where it was told to go."""
    if cpu.cpu == 0 or cpu.reached != "payload" or cpu.pc == entry:
        return cpu
    return dataclasses.replace(cpu, reached=f"nowhere: it was not sent here, but to {entry:#x},")
