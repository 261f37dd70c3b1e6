# SPDX-License-Identifier: Apache-2.0
"""Delivers an exception to a CPU whose emulator only says that there is one.

After the pseudocode of the ARM Architecture Reference Manual, ARMv7-A (DDI 0406C),
B1.9 "Exception descriptions": where it goes, what it saves, what it masks.
"""

from __future__ import annotations

import enum
from typing import Protocol

USR, SVC, MON, ABT, HYP, UND = 0x10, 0x13, 0x16, 0x17, 0x1A, 0x1B
_MODE = 0x1F
_A, _I, _F, _T, _E = 0x100, 0x080, 0x040, 0x020, 0x200
#: IT and J, which every exception clears.
_CLEARED = 0x0700FC00 | _T | _E

_SCR_NS, _SCR_IRQ, _SCR_FIQ, _SCR_EA = 1, 2, 4, 8
_SCTLR_V, _SCTLR_EE, _SCTLR_TE = 1 << 13, 1 << 25, 1 << 30
_HIGH_VECTORS = 0xFFFF0000


class Kind(enum.Enum):
    """What happened."""

    UNDEFINED = "undefined instruction"
    SVC = "supervisor call"
    SMC = "secure monitor call"
    PREFETCH_ABORT = "prefetch abort"
    DATA_ABORT = "data abort"
    HVC = "hypervisor call"
    HYP_TRAP = "trap to hyp mode"


_VECTORS = {
    Kind.UNDEFINED: 0x04,
    Kind.SVC: 0x08,
    Kind.SMC: 0x08,
    Kind.PREFETCH_ABORT: 0x0C,
    Kind.DATA_ABORT: 0x10,
    Kind.HVC: 0x14,
    Kind.HYP_TRAP: 0x14,
}


class Registers(Protocol):
    """A CPU's registers by name.

    SPSR, sp and lr are those of the current mode; a system register's plain name means the
    non-secure copy, with ``_S`` the secure one.
    """

    def get(self, name: str) -> int: ...

    def put(self, name: str, value: int) -> None: ...


def deliver(cpu: Registers, kind: Kind, pc: int) -> None:
    """Take ``kind`` at the instruction ``pc``: mode, saved state, link and program counter."""
    cpsr = cpu.get("CPSR")
    after = pc + (2 if cpsr & _T else 4)
    mode = cpsr & _MODE
    if kind in (Kind.HVC, Kind.HYP_TRAP) or (mode == HYP and kind is not Kind.SMC):
        called = kind in (Kind.HVC, Kind.SVC)
        vector = 0x08 if mode == HYP and kind is Kind.HVC else _VECTORS[kind]
        _to_hyp(cpu, cpsr, after if called else pc, vector)
        return
    if kind is Kind.SMC:
        target, link = MON, after
    elif kind is Kind.UNDEFINED:
        target, link = UND, after
    elif kind is Kind.SVC:
        target, link = SVC, after
    else:
        target, link = ABT, pc + (4 if kind is Kind.PREFETCH_ABORT else 8)
    if mode == MON:
        cpu.put("SCR", cpu.get("SCR") & ~_SCR_NS)
    bank = "" if cpu.get("SCR") & _SCR_NS and target != MON else "_S"
    control = cpu.get(f"SCTLR{bank}")
    masked = _I | (_A | _F if target == MON else _A if target == ABT else 0)
    state = (cpsr & ~(_MODE | _CLEARED)) | target | masked | _entry_state(control)
    cpu.put("CPSR", state)
    cpu.put("SPSR", cpsr)
    cpu.put("lr", link)
    base = _HIGH_VECTORS if control & _SCTLR_V else cpu.get(f"VBAR{bank}")
    cpu.put("pc", (cpu.get("MVBAR") if target == MON else base) + _VECTORS[kind])


def _to_hyp(cpu: Registers, cpsr: int, back: int, vector: int) -> None:
    """Exceptions to hyp mode return by ELR_hyp, and mask what is not routed to monitor mode."""
    scr = cpu.get("SCR")
    masked = sum(bit for bit, routed in ((_A, _SCR_EA), (_I, _SCR_IRQ), (_F, _SCR_FIQ)) if not scr & routed)
    cpu.put("CPSR", (cpsr & ~(_MODE | _CLEARED)) | HYP | masked | _entry_state(cpu.get("HSCTLR")))
    cpu.put("SPSR", cpsr)
    cpu.put("ELR_hyp", back)
    cpu.put("pc", cpu.get("HVBAR") + vector)


def _entry_state(control: int) -> int:
    """Instruction set and endianness of handlers, which (H)SCTLR chooses."""
    return (_T if control & _SCTLR_TE else 0) | (_E if control & _SCTLR_EE else 0)
