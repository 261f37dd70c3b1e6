# SPDX-License-Identifier: Apache-2.0
"""Operands of ARMv7-A instructions: how each is read, checked and written in normal form.

Ranges are those of the A1 encodings in the ARM Architecture Reference Manual, ARMv7-A
and ARMv7-R edition (DDI 0406C), chapter A8.8.
"""

from __future__ import annotations

from functools import partial

from fwbuild.asm import armv7_registers as registers
from fwbuild.asm.armv7_registers import REGISTERS, always, word
from fwbuild.asm.expression import Expression, parse, show, starts_expression
from fwbuild.asm.forms import Reader, Writer
from fwbuild.asm.symbols import Scope
from fwbuild.asm.tokens import Cursor

#: Shift -> by how many bits it can shift.
_SHIFTS = {"lsl": (0, 31), "lsr": (1, 32), "asr": (1, 32), "ror": (1, 31)}

#: Immediates with a `#`: the first and last value.
_IMMEDIATES = {
    "#half": (0, 0xFFFF),
    "#lsb": (0, 31),
    "#mode": (0, 31),
    "#offset12": (-4095, 4095),
    "#offset8": (-255, 255),
    "#sat": (1, 32),
    "#usat": (0, 31),
    "#width": (1, 32),
    **{f"#{name}_amount": amounts for name, amounts in _SHIFTS.items()},
}
#: Immediates whose `#` may be left out, as in `svc 1`; in the normal form they have it.
_NUMBERS = {"imm4": (0, 15), "imm16": (0, 0xFFFF), "imm24": (0, 0xFFFFFF)}
#: Coprocessor operations, which have no `#` in the normal form.
_OPERATIONS = {"opc3": (0, 7), "opc4": (0, 15)}


def is_modified(number: int) -> bool:
    """Whether a u32 is eight bits rotated right by an even number (DDI 0406C, A5.2.4)."""
    return any((number << turn | number >> (32 - turn)) & 0xFFFFFFFF < 256 for turn in range(0, 32, 2))


def _hashed(cursor: Cursor) -> Expression | None:
    """An expression behind a ``#``, but not one behind ``#:lower16:``."""
    if cursor.peek().text != "#" or cursor.peek(1).text == ":":
        return None
    cursor.take()
    return parse(cursor)


def _plain(cursor: Cursor) -> Expression | None:
    """An expression without a ``#``."""
    if not starts_expression(cursor.peek()) or word(cursor) in REGISTERS:
        return None
    return parse(cursor)


def _in_range(expression: Expression, scope: Scope, low: int, high: int) -> int:
    number = expression.number(scope, "an immediate")
    if not low <= number <= high:
        raise scope.place.refuse(f"{show(number)} is not from {low} to {high}", expression.column)
    return number


def _immediate(cursor: Cursor, low: int, high: int) -> Writer | None:
    expression = _hashed(cursor)
    if expression is None:
        return None

    def write(scope: Scope) -> str:
        number = _in_range(expression, scope, low, high)
        # An offset that is subtracted has another encoding than one that is added, also if it is 0.
        return "#-0" if number == 0 and low < 0 and expression.starts_with_minus else f"#{number}"

    return write


def _number(cursor: Cursor, low: int, high: int, sign: str) -> Writer | None:
    expression = _hashed(cursor) if cursor.peek().text == "#" else _plain(cursor)
    if expression is None:
        return None
    return lambda scope: f"{sign}{_in_range(expression, scope, low, high)}"


def _constant(cursor: Cursor) -> Writer | None:
    """A 32-bit constant; whether it can be encoded depends on the mnemonic."""
    expression = _hashed(cursor)
    if expression is None:
        return None

    def write(scope: Scope) -> str:
        expression.number(scope, "an immediate")
        return f"#{expression.bits(scope, 32)}"

    return write


def _half(cursor: Cursor, which: str) -> Writer | None:
    """Sixteen bits of a number or address: ``#:lower16:label``."""
    if [cursor.peek(ahead).text.lower() for ahead in range(4)] != ["#", ":", which, ":"]:
        return None
    cursor.position += 4
    expression = parse(cursor)

    def write(scope: Scope) -> str:
        number = expression.bits(scope, 32)
        return f"#{number >> 16 if which == 'upper16' else number & 0xFFFF}"

    return write


def _shift(cursor: Cursor) -> Writer | None:
    name = word(cursor)
    if name == "rrx":
        cursor.take()
        return always("rrx")
    if name not in _SHIFTS or cursor.peek(1).text != "#":
        return None
    cursor.take()
    amount = _immediate(cursor, *_SHIFTS[name])
    return None if amount is None else lambda scope: f"{name} {amount(scope)}"


def _shift_by_register(cursor: Cursor) -> Writer | None:
    name = word(cursor)
    if name not in _SHIFTS or cursor.peek(1).text.lower() not in REGISTERS:
        return None
    cursor.take()
    register = registers.read_register(cursor, pc=False)
    return None if register is None else lambda scope: f"{name} {register(scope)}"


def _rotation(cursor: Cursor) -> Writer | None:
    if word(cursor) != "ror":
        return None
    cursor.take()
    expression = _hashed(cursor)
    if expression is None:
        return None

    def write(scope: Scope) -> str:
        number = _in_range(expression, scope, 8, 24)
        if number % 8:
            raise scope.place.refuse("a rotation is by 8, 16 or 24", expression.column)
        return f"ror #{number}"

    return write


def _address(cursor: Cursor) -> Writer | None:
    """An address that is written as a number; what is made of it depends on the mnemonic."""
    expression = _plain(cursor)
    return None if expression is None else lambda scope: str(expression.address(scope))


def _label(cursor: Cursor, reach: int) -> Writer | None:
    """A label that is loaded from, as an offset from the program counter."""
    expression = _plain(cursor)
    if expression is None:
        return None

    def write(scope: Scope) -> str:
        distance = expression.address(scope) - scope.here - 8
        if not -reach <= distance <= reach:
            message = f"the address is {distance} bytes from the program counter, and a load reaches {reach}"
            raise scope.place.refuse(message, expression.column)
        return f"[pc, #{distance}]"

    return write


def _literal(cursor: Cursor) -> Writer | None:
    """What stands behind ``=``; the value matters only if it needs no literal pool."""
    expression = _plain(cursor)
    return None if expression is None else lambda scope: str(expression.bits(scope, 32))


#: Element name in a form -> how it is read.
ELEMENTS: dict[str, Reader] = {
    "reg": registers.read_register,
    "gpr": partial(registers.read_register, pc=False),
    "index": registers.read_index,
    "list": registers.read_list,
    # cp10 and cp11 are floating point, with mnemonics of their own; ARMv7-A has no others.
    "cp": partial(registers.read_numbered, letter="p", numbers=range(14, 16)),
    "creg": partial(registers.read_numbered, letter="c", numbers=range(16)),
    "flags": partial(registers.read_one_of, words=("apsr_nzcv",)),
    "psr": registers.read_status,
    "psr_fields": registers.read_status_fields,
    "banked": partial(registers.read_one_of, words=registers.BANKED),
    "barrier": partial(registers.read_one_of, words=registers.BARRIERS),
    "full": partial(registers.read_one_of, words=("sy",)),
    "endian": partial(registers.read_one_of, words=("be", "le")),
    "aif": registers.read_exceptions,
    "#const": _constant,
    "#lower16": partial(_half, which="lower16"),
    "#upper16": partial(_half, which="upper16"),
    "shift": _shift,
    "shift_gpr": _shift_by_register,
    "rotation": _rotation,
    "target": _address,
    "address": _address,
    "label": partial(_label, reach=4095),
    "near_label": partial(_label, reach=255),
    "literal": _literal,
    **{name: partial(_immediate, low=low, high=high) for name, (low, high) in _IMMEDIATES.items()},
    **{name: partial(_number, low=low, high=high, sign="#") for name, (low, high) in _NUMBERS.items()},
    **{name: partial(_number, low=low, high=high, sign="") for name, (low, high) in _OPERATIONS.items()},
}
