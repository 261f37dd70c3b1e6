# SPDX-License-Identifier: Apache-2.0
"""Follows every CPU of a stopped machine from reset to the payload's first instruction.

All CPUs are stepped in turn, an instruction each, through the boot code: that counts
instructions exactly and sees every register write. Then all run freely until the payload
has called every secondary out of the pen.
"""

from __future__ import annotations

import time
from typing import Protocol

from fwbuild.model.ports import BootPath
from fwbuild.model.verdict import AT_RESET, CpuEvidence, EntryEvidence, Write
from fwbuild.verify.arm_writes import write_of
from fwbuild.verify.gdbstub import StubError
from fwbuild.verify.names import STUB_NAMES

#: A CPU that has not arrived after this many instructions goes round in circles.
STEP_LIMIT = 20_000
#: The largest device tree that is read back, in bytes: Linux and Xen allow 2 MiB.
_TREE_LIMIT = 2 << 20
_TREE_MAGIC = 0xD00DFEED
#: Registers that PL1 may later see another value of, and what their value at reset is called.
_AT_RESET = ("MIDR",)


class Stopped(Protocol):
    """A stopped machine: what :class:`fwbuild.verify.gdbstub.GdbStub` says of QEMU's."""

    def start(self) -> None: ...

    def cpus(self) -> int: ...

    def has(self, name: str, number: int = 0, /) -> bool: ...

    def register(self, number: int, name: str, /) -> int: ...

    def memory(self, number: int, address: int, size: int, /) -> bytes: ...

    def step(self, number: int, /) -> None: ...

    def break_at(self, address: int, /) -> None: ...

    def run(self, timeout: float, /) -> int | None: ...


class _Cpu:
    """One CPU's way so far."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.instructions = 0
        self.shim_instructions = 0
        self.writes: list[Write] = []
        self.reached = ""
        self.pc = 0
        self.registers: dict[str, int] = {}

    def evidence(self) -> CpuEvidence:
        return CpuEvidence(
            cpu=self.number,
            reached=self.reached,
            pc=self.pc,
            instructions=self.instructions,
            registers=self.registers,
            writes=tuple(self.writes),
            shim_instructions=self.shim_instructions,
        )


def follow(stub: Stopped, path: BootPath, *, deadline: float) -> EntryEvidence:
    """What each CPU did on its way. ``deadline`` is a time of ``time.monotonic``.

    Never raises StubError: what went wrong is in the evidence.
    """
    cpus: list[_Cpu] = []
    tree = b""
    failure = ""
    try:
        stub.start()
        cpus = [_Cpu(number) for number in range(stub.cpus())]
        _step_all(stub, cpus, path, deadline)
        if cpus[0].reached == "payload":
            tree = device_tree_at(stub, cpus[0].registers.get("r2", 0))
            _release(stub, cpus, path, deadline)
    except StubError as error:
        failure = str(error)
    return EntryEvidence(cpus=tuple(cpu.evidence() for cpu in cpus), device_tree=tree, failure=failure)


def _step_all(stub: Stopped, cpus: list[_Cpu], path: BootPath, deadline: float) -> None:
    """Step all CPUs in turn until each is at the payload, in the pen, parked or lost.

    One instruction each: a secondary may wait for what the boot CPU chooses, and the
    boot CPU must not begin the payload while records are unwritten.
    """
    going = list(cpus)
    for cpu in going:
        cpu.registers = {
            AT_RESET + name: stub.register(cpu.number, name) for name in _AT_RESET if stub.has(name, cpu.number)
        }
    while going:
        for cpu in going:
            before, cpu.pc = cpu.pc, stub.register(cpu.number, "pc")
            cpu.reached = _where(cpu, path, deadline)
            if not cpu.reached:
                # A step may end before its instruction is executed, when the emulator has something
                # else to do for the CPU; it is then at the same place again.
                if cpu.pc != before:
                    _note_step(stub, cpu, path)
                stub.step(cpu.number)
            elif cpu.reached != "pen":
                cpu.registers |= _registers(stub, cpu.number, path)
        going = [cpu for cpu in going if not cpu.reached]


def _where(cpu: _Cpu, path: BootPath, deadline: float) -> str:
    """Where the way of ``cpu`` ends, if it does at its present instruction; else nothing."""
    # A secondary must wait for its call: at the payload's first instruction it has no business.
    payload = "nowhere: it began the payload uncalled" if cpu.number else "payload"
    ends = {path.payload: payload, path.symbols["pen"]: "pen", path.symbols["park"]: "parked"}
    dead = path.symbols["dead_vectors"]
    if cpu.pc in ends:
        return ends[cpu.pc]
    if dead <= cpu.pc < dead + 0x20:
        return "dead vectors"
    before, size = path.earlier_stage
    if before <= cpu.pc < before + size:
        return "" if time.monotonic() < deadline else "nowhere: it does not leave the earlier stage"
    if path.word(cpu.pc) is None:
        return "nowhere: it left the boot code"
    if cpu.instructions + cpu.shim_instructions >= STEP_LIMIT or time.monotonic() > deadline:
        return f"nowhere: it goes round in the {'boot code' if _in_boot_code(cpu, path) else 'shim'}"
    return ""


def _note_step(stub: Stopped, cpu: _Cpu, path: BootPath) -> None:
    """Count the instruction that ``cpu`` is about to execute, and what it writes; nothing in an earlier stage."""
    instruction = path.word(cpu.pc)
    if instruction is None:
        return
    _note_write(stub, cpu, instruction)
    if _in_boot_code(cpu, path):
        cpu.instructions += 1
    else:
        cpu.shim_instructions += 1


def _in_boot_code(cpu: _Cpu, path: BootPath) -> bool:
    return path.address <= cpu.pc < path.address + len(path.code)


def _note_write(stub: Stopped, cpu: _Cpu, instruction: int) -> None:
    # Cheap test before asking the stub for CPSR: coprocessor or store.
    if instruction >> 25 & 7 not in (2, 3, 6, 7):
        return
    cpsr = stub.register(cpu.number, "cpsr")
    write = write_of(instruction, cpu.pc, cpsr, lambda number: stub.register(cpu.number, _gpr(number)))
    if write is not None:
        cpu.writes.append(write)


def _gpr(number: int) -> str:
    return {13: "sp", 14: "lr", 15: "pc"}.get(number, f"r{number}")


def _registers(stub: Stopped, number: int, path: BootPath) -> dict[str, int]:
    """The registers that rules ask for; one that the emulator does not show is left out."""
    found: dict[str, int] = {}
    for name in path.registers:
        shown = STUB_NAMES.get(name, name)
        if stub.has(shown, number):
            found[name] = stub.register(number, shown)
    return found


def device_tree_at(stub: Stopped, address: int) -> bytes:
    """The blob at ``address``; empty if there is none."""
    head = stub.memory(0, address, 8)
    size = int.from_bytes(head[4:8], "big")
    if int.from_bytes(head[:4], "big") != _TREE_MAGIC or not 8 <= size <= _TREE_LIMIT:
        return b""
    return stub.memory(0, address, size)


def _release(stub: Stopped, cpus: list[_Cpu], path: BootPath, deadline: float) -> None:
    """Let the payload run until it has called ``path.secondaries`` CPUs out of the pen."""
    release = path.symbols["pen_release"]
    stub.break_at(release)
    released = 0
    while released < path.secondaries:
        left = deadline - time.monotonic()
        number = stub.run(left) if left > 0 else None
        if number is None:
            return
        if stub.register(number, "pc") != release:
            raise StubError(f"CPU {number} stopped at {stub.register(number, 'pc'):#x} for no reason")
        stub.step(number)
        cpu = cpus[number]
        cpu.pc = stub.register(number, "pc")
        if _in_boot_code(cpu, path):
            continue  # a conditional branch that was not taken: it waits on
        cpu.reached = "payload"
        cpu.registers |= _registers(stub, number, path)
        released += 1
