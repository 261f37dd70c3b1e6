# SPDX-License-Identifier: Apache-2.0
"""What runs in the child process: CPUs of unicorn. The only module that imports it.

Reads one job as JSON from standard input (see unicorn.py) and writes the evidence as
JSON to standard output. It may crash or hang: whoever started it has a time limit and
says so.
"""

from __future__ import annotations

import ctypes
import json
import mmap
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import unicorn
from unicorn import arm_const as arm

from fwbuild.arm.cp15 import READ_ONLY_REGISTERS, REGISTERS, WIDE_REGISTERS
from fwbuild.model.board import Board, BoardCpu
from fwbuild.model.modes import ResetState
from fwbuild.model.ports import BootPath
from fwbuild.model.verdict import EntryEvidence
from fwbuild.verify.arm_writes import condition_holds
from fwbuild.verify.devices.bus import PAGE, Access, Bus
from fwbuild.verify.embedded import Devices, observe
from fwbuild.verify.evidence import to_json
from fwbuild.verify.exceptions import HYP, MON, USR, Kind
from fwbuild.verify.gdbstub import StubError

_MODELS = {
    "cortex-a7": arm.UC_CPU_ARM_CORTEX_A7,
    "cortex-a8": arm.UC_CPU_ARM_CORTEX_A8,
    "cortex-a9": arm.UC_CPU_ARM_CORTEX_A9,
    "cortex-a15": arm.UC_CPU_ARM_CORTEX_A15,
}

_GENERAL = {f"r{number}": arm.UC_ARM_REG_R0 + number for number in range(13)} | {
    "sp": arm.UC_ARM_REG_SP,
    "lr": arm.UC_ARM_REG_LR,
    "pc": arm.UC_ARM_REG_PC,
    "cpsr": arm.UC_ARM_REG_CPSR,
    "CPSR": arm.UC_ARM_REG_CPSR,
    "SPSR": arm.UC_ARM_REG_SPSR,
}

#: System registers as unicorn's CP_REG names them: coprocessor, 64 bits wide, CRn, CRm, opc1, opc2.
_SYSTEM = {
    name: (15, 0, crn, crm, opc1, opc2) for (opc1, crn, crm, opc2), name in (REGISTERS | READ_ONLY_REGISTERS).items()
} | {name: (15, 1, 0, crm, opc1, 0) for (opc1, crm), name in WIDE_REGISTERS.items()}
#: AArch64's ELR_EL2, which is the same register: unicorn packs op0, op1, CRn, CRm and op2
#: into the same fields, with bit 12 of the coprocessor as the mark (its cpregs encoding).
_SYSTEM["ELR_hyp"] = (0x1013, 1, 12, 4, 0, 1)

#: What reads as 0 whatever was written: unicorn has no timers, and its cores have no ACTLR.
_HIDDEN = {"CNTP_CTL", "CNTV_CTL", "CNTHP_CTL", "ACTLR"}

#: What reset leaves UNKNOWN (DDI 0406C, each register's description) holds a pattern, so
#: that boot code which relies on a zero is found. Secure code must set all of these.
_UNKNOWN = 0x5A5A5A40
_UNKNOWN_AT_RESET = ("VBAR", "MVBAR", "HVBAR", "CNTFRQ", "CNTVOFF", "VTTBR", "DACR", "CONTEXTIDR")

_SCR_NS, _SCR_FW, _SCR_AW, _SCR_HCE = 1 << 0, 1 << 4, 1 << 5, 1 << 8
_CPSR_AIF, _CPSR_T, _MODE = 0x1C0, 0x20, 0x1F
#: Mode and SCR at the first instruction. Outside secure state an earlier stage has let go.
_RESET = {
    ResetState.SECURE_SVC: (0x13, 0),
    ResetState.MONITOR: (MON, 0),
    ResetState.HYP: (HYP, _SCR_NS | _SCR_FW | _SCR_AW | _SCR_HCE),
    ResetState.SVC: (0x13, _SCR_NS | _SCR_FW | _SCR_AW),
}

#: unicorn's numbers in the interrupt hook (its target/arm/cpu.h, EXCP_*).
_INTERRUPTS = {
    1: Kind.UNDEFINED,
    2: Kind.SVC,
    3: Kind.PREFETCH_ABORT,
    4: Kind.DATA_ABORT,
    7: Kind.PREFETCH_ABORT,  # BKPT
    11: Kind.HVC,
    12: Kind.HYP_TRAP,
    13: Kind.SMC,
}
_ERRORS = {
    unicorn.UC_ERR_INSN_INVALID: Kind.UNDEFINED,
    unicorn.UC_ERR_READ_UNMAPPED: Kind.DATA_ABORT,
    unicorn.UC_ERR_WRITE_UNMAPPED: Kind.DATA_ABORT,
    unicorn.UC_ERR_FETCH_UNMAPPED: Kind.PREFETCH_ABORT,
}

#: No instruction is here: emulation ends by its count.
_NOWHERE = 0xFFFFFFFE


@dataclass(frozen=True, slots=True)
class Bank:
    """RAM that all CPUs share."""

    start: int
    bytes: mmap.mmap

    @classmethod
    def of(cls, start: int, size: int) -> Bank:
        """Zeros; pages are taken from the host when they are touched."""
        flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | getattr(mmap, "MAP_NORESERVE", 0)
        return cls(start, mmap.mmap(-1, size, flags=flags))


class UnicornCore:
    """One CPU."""

    def __init__(self, number: int, cpu: BoardCpu, reset: ResetState, banks: Sequence[Bank], bus: Bus) -> None:
        if cpu.core not in _MODELS:
            raise StubError(f"unicorn has no model of the core {cpu.core}")
        self._number = number
        self._mpidr = 1 << 31 | cpu.mpidr
        self._bus = bus
        self._happened: Kind | None = None
        self._uc = unicorn.Uc(unicorn.UC_ARCH_ARM, unicorn.UC_MODE_ARM)
        self._uc.ctl_set_cpu_model(_MODELS[cpu.core])
        for bank in banks:
            place = ctypes.addressof(ctypes.c_char.from_buffer(bank.bytes))
            self._uc.mem_map_ptr(bank.start, len(bank.bytes), unicorn.UC_PROT_ALL, place)
        for page in bus.pages():
            self._uc.mmio_map(page, PAGE, self._load, page, self._store, page)
        self._uc.hook_add(unicorn.UC_HOOK_INTR, self._interrupt)
        features = self.get("ID_PFR1")
        self._virtualization, self._timer = bool(features & 0xF000), bool(features & 0xF0000)
        self._reset(reset)

    def _reset(self, state: ResetState) -> None:
        mode, scr = _RESET[state]
        if mode == HYP and not self._virtualization:
            raise StubError("a CPU without hyp mode cannot start in it")
        self.put("SCR", scr)
        self.put("CPSR", _CPSR_AIF | mode)
        for name in _GENERAL:
            if name not in ("cpsr", "CPSR", "SPSR", "pc"):
                self.put(name, _UNKNOWN)
        if not scr & _SCR_NS:
            for name in _UNKNOWN_AT_RESET:
                if self.has(name):
                    self.put(name, _UNKNOWN)
        if self._virtualization:
            self.put("VMPIDR", self._mpidr)

    def has(self, name: str) -> bool:
        """Whether unicorn shows ``name`` and the core has it, as ID_PFR1 tells."""
        if name in _GENERAL:
            return True
        plain = name.removesuffix("_S")
        if not shows(plain):
            return False
        crn, opc1 = _SYSTEM[plain][2], _SYSTEM[plain][4]
        if crn == 14 or plain == "CNTVOFF":
            return self._timer and (self._virtualization or opc1 != 4)
        return self._virtualization or (opc1 != 4 and plain != "VTTBR")

    def get(self, name: str) -> int:
        """What a register holds."""
        if name in _GENERAL:
            return int(self._uc.reg_read(_GENERAL[name]))
        if name == "MPIDR":
            return self._mpidr  # unicorn's own is the same on every CPU
        return int(self._uc.reg_read(arm.UC_ARM_REG_CP_REG, _place(name)))

    def put(self, name: str, value: int) -> None:
        """Set a register."""
        if name in ("CPSR", "cpsr"):
            # Straight into hyp or monitor mode is refused; from user mode it is not.
            self._uc.reg_write(arm.UC_ARM_REG_CPSR, value & ~_MODE | USR)
            self._uc.reg_write(arm.UC_ARM_REG_CPSR, value)
        elif name in _GENERAL:
            self._uc.reg_write(_GENERAL[name], value & 0xFFFFFFFF)
        else:
            self._uc.reg_write(arm.UC_ARM_REG_CP_REG, (*_place(name), value))

    def fetch(self, address: int, size: int) -> bytes:
        """Bytes of RAM; empty where there is none."""
        try:
            return bytes(self._uc.mem_read(address, size))
        except unicorn.UcError:
            return b""

    def store(self, address: int, data: bytes) -> None:
        """Write RAM."""
        self._uc.mem_write(address, data)

    def forget(self) -> None:
        """Translate anew: another CPU may have written code."""
        self._uc.ctl_flush_tb()

    def execute(self) -> Kind | None:
        """One instruction."""
        pc, cpsr = self.get("pc"), self.get("CPSR")
        if self._reads_mpidr(pc, cpsr):
            return None
        self._happened = None
        try:
            self._uc.emu_start(pc | (cpsr & _CPSR_T) >> 5, _NOWHERE, count=1)
        except unicorn.UcError as error:
            self._happened = self._happened or _ERRORS.get(error.errno)
            if self._happened is None:
                raise StubError(f"unicorn gave up at {pc:#x}: {error}") from error
        return self._happened

    def _reads_mpidr(self, pc: int, cpsr: int) -> bool:
        """Execute ``mrc p15, 0, Rt, c0, c0, 5``, if that is next and VMPIDR does not answer it."""
        word = int.from_bytes(self.fetch(pc, 4), "little")
        if word & 0x0FFF0FFF != 0x0E100FB0 or cpsr & _CPSR_T:
            return False
        if self._virtualization and not self._is_secure() and cpsr & _MODE != HYP:
            return False
        if condition_holds(word >> 28, cpsr):
            self.put(f"r{word >> 12 & 15}", self._mpidr)
        self.put("pc", pc + 4)
        return True

    def _is_secure(self) -> bool:
        return self.get("CPSR") & _MODE == MON or not self.get("SCR") & _SCR_NS

    def _interrupt(self, uc: Any, number: int, data: object) -> None:
        self._happened = _INTERRUPTS.get(number)
        uc.emu_stop()

    def _load(self, uc: Any, offset: int, size: int, page: int) -> int:
        address = page + offset
        value = self._bus.read(Access(self._number, self._is_secure()), address & ~3)
        return value >> 8 * (address & 3) & (1 << 8 * size) - 1

    def _store(self, uc: Any, offset: int, size: int, value: int, page: int) -> None:
        address = page + offset
        self._bus.write(Access(self._number, self._is_secure()), address & ~3, value << 8 * (address & 3))


def shows(name: str) -> bool:
    """Whether unicorn shows a register of this name on a core that has it."""
    return name in _GENERAL or (name in _SYSTEM and name not in _HIDDEN)


def _place(name: str) -> tuple[int, ...]:
    """A system register for unicorn: the non-secure copy, or with ``_S`` the secure one."""
    cp, wide, crn, crm, opc1, opc2 = _SYSTEM[name.removesuffix("_S")]
    return (cp, wide, int(name.endswith("_S") or name == "ELR_hyp"), crn, crm, opc1, opc2)


def load(image: str, segments: Sequence[Sequence[int]], banks: Sequence[Bank]) -> None:
    """Put the segments of an ELF file (address, offset, size) into RAM, as a loader does."""
    with Path(image).open("rb") as file:
        for address, offset, size in segments:
            bank = next((each for each in banks if each.start <= address < each.start + len(each.bytes)), None)
            if bank is None or address + size > bank.start + len(bank.bytes):
                raise StubError(f"the image has a segment at {address:#x}, and the board no RAM there")
            file.seek(offset)
            with memoryview(bank.bytes) as view, view[address - bank.start :][:size] as place:
                file.readinto(place)


def run(job: Mapping[str, Any]) -> EntryEvidence:
    """Do what ``job`` says. What goes wrong is in the evidence."""
    board = Board.from_json(job["board"])
    start, shim = job["path"]["shim"]
    code = bytes.fromhex(job["path"]["code"])
    path = BootPath(**{**job["path"], "code": code, "shim": (start, bytes.fromhex(shim))})
    try:
        banks = [Bank.of(start, size) for start, size in board.memory]
        load(job["image"], job["segments"], banks)
        devices = Devices(board)
        make = partial(UnicornCore, reset=board.reset, banks=banks, bus=devices.bus)
        cores = [make(number, cpu) for number, cpu in enumerate(board.cpus)]
        for core in cores:
            core.put("pc", job["entry"])
        hidden = tuple(name for name in path.registers if not shows(name))
        return observe(cores, devices, path, hidden=hidden, deadline=time.monotonic() + job["deadline"])
    except (StubError, unicorn.UcError, OSError) as error:
        return EntryEvidence(cpus=(), device_tree=b"", failure=f"unicorn: {error}")


def main() -> None:
    """One job."""
    json.dump(to_json(run(json.load(sys.stdin))), sys.stdout)
