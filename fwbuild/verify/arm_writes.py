# SPDX-License-Identifier: Apache-2.0
"""Recognises instructions that write system or device registers, and what they write.

Enough of the ARM instruction set for boot code that is about to be single-stepped:
MCR and MCRR to CP15, and STR of a word. Encodings: DDI 0406C, chapter A5.
"""

from __future__ import annotations

from collections.abc import Callable

from fwbuild.arm.cp15 import name_of, wide_name_of
from fwbuild.model.verdict import Write

#: Reads a general-purpose register by number.
ReadRegister = Callable[[int], int]

_WORD = 0xFFFFFFFF


def write_of(instruction: int, pc: int, cpsr: int, read: ReadRegister) -> Write | None:
    """The write that ``instruction`` at ``pc`` is about to make; None if it makes none."""
    if not condition_holds(instruction >> 28, cpsr):
        return None
    if instruction & 0x0F100F10 == 0x0E000F10:  # MCR p15
        name = name_of(instruction >> 21 & 7, instruction >> 16 & 15, instruction & 15, instruction >> 5 & 7)
        return Write(target=name, value=read(instruction >> 12 & 15), pc=pc)
    if instruction & 0x0FF00F00 == 0x0C400F00:  # MCRR p15
        value = read(instruction >> 12 & 15) | read(instruction >> 16 & 15) << 32
        return Write(target=wide_name_of(instruction >> 4 & 15, instruction & 15), value=value, pc=pc)
    if instruction & 0x0C500000 == 0x04000000 and instruction & 0x02000010 != 0x02000010:  # STR
        return Write(target=_address(instruction, pc, read), value=read(instruction >> 12 & 15), pc=pc)
    return None


def _address(instruction: int, pc: int, read: ReadRegister) -> int:
    number = instruction >> 16 & 15
    base = pc + 8 if number == 15 else read(number)
    if not instruction >> 24 & 1:  # post-indexed: the offset comes after the write
        return base & _WORD
    offset = instruction & 0xFFF
    if instruction >> 25 & 1:
        kind, amount = instruction >> 5 & 3, instruction >> 7 & 31
        if kind:
            raise ValueError(f"store at {pc:#x} has an offset that is not shifted left")
        offset = read(instruction & 15) << amount
    return (base + offset if instruction >> 23 & 1 else base - offset) & _WORD


def condition_holds(condition: int, cpsr: int) -> bool:
    """Whether an instruction with ``condition`` is executed (DDI 0406C, table A8-1)."""
    n, z, c, v = (cpsr >> bit & 1 for bit in (31, 30, 29, 28))
    base = (z, c, n, v, c and not z, n == v, n == v and not z, True)[condition >> 1]
    if condition == 15:
        return False  # the unconditional space holds no register write
    return bool(base) != bool(condition & 1) if condition < 14 else True
