# SPDX-License-Identifier: Apache-2.0
"""Registers of ARMv7-A as operands, and what else is said in words: barriers, modes' registers.

Source: the ARM Architecture Reference Manual, ARMv7-A and ARMv7-R edition (DDI 0406C);
status register fields are in B9.3, banked registers in B9.2.
"""

from __future__ import annotations

from fwbuild.asm.forms import Writer
from fwbuild.asm.symbols import Scope
from fwbuild.asm.tokens import Cursor, Token

#: Every name of a core register, and the one that the normal form has for it. The names
#: a1 to a4 and v1 to v8 of GNU as are left out: they are too good for symbols.
REGISTERS: dict[str, str] = {
    **{f"r{number}": f"r{number}" for number in range(13)},
    **dict.fromkeys(("sp", "r13"), "sp"),
    **dict.fromkeys(("lr", "r14"), "lr"),
    **dict.fromkeys(("pc", "r15"), "pc"),
    "sb": "r9",
    "sl": "r10",
    "fp": "r11",
    "ip": "r12",
}
NUMBERS: dict[str, int] = {**{f"r{number}": number for number in range(13)}, "sp": 13, "lr": 14, "pc": 15}
_BY_NUMBER = {number: name for name, number in NUMBERS.items()}

BARRIERS = ("sy", "st", "ish", "ishst", "nsh", "nshst", "osh", "oshst")
BANKED = (
    *(f"r{number}_{mode}" for number in range(8, 13) for mode in ("usr", "fiq")),
    *("sp_usr", "lr_usr", "elr_hyp", "sp_hyp", "spsr_hyp"),
    *(f"{name}_{mode}" for name in ("sp", "lr", "spsr") for mode in ("fiq", "irq", "svc", "abt", "und", "mon")),
)

#: What the normal form calls the flags of the cpsr alone, and the other way round.
_FLAGS = {"cpsr_f": "apsr_nzcvq", "cpsr_s": "apsr_g", "cpsr_fs": "apsr_nzcvqg"}
_FLAGS_BY_NAME = {name: fields for fields, name in _FLAGS.items()}


def word(cursor: Cursor) -> str:
    """The next token in lower case if it is a name, else an empty string."""
    token = cursor.peek()
    return token.text.lower() if token.kind == "name" else ""


def always(text: str) -> Writer:
    """Writes an operand that has no value to look at."""
    return lambda _: text


def read_register(cursor: Cursor, *, pc: bool = True) -> Writer | None:
    """A core register; without ``pc`` the program counter has the shape but is refused."""
    name = REGISTERS.get(word(cursor), "")
    if not name:
        return None
    token = cursor.take()
    if pc or name != "pc":
        return always(name)

    def refuse(scope: Scope) -> str:
        raise scope.place.refuse(f"`{token.text}` cannot be used here", token.column)

    return refuse


def read_index(cursor: Cursor) -> Writer | None:
    """A register that is added to an address, or subtracted."""
    start = cursor.position
    sign = "-" if cursor.accept("-") else ""
    if not sign:
        cursor.accept("+")
    register = read_register(cursor, pc=False)
    if register is None:
        cursor.position = start
        return None
    return lambda scope: sign + register(scope)


def read_numbered(cursor: Cursor, letter: str, numbers: range) -> Writer | None:
    """A coprocessor ``p15`` or one of its registers ``c0``."""
    name = word(cursor)
    if name[:1] != letter or not name[1:].isdecimal():
        return None
    token = cursor.take()
    known = [f"{letter}{number}" for number in numbers]

    def write(scope: Scope) -> str:
        if name not in known:
            message = f"`{token.text}` cannot be used here; it is one of {known[0]} to {known[-1]}"
            raise scope.place.refuse(message, token.column)
        return name

    return write


def read_one_of(cursor: Cursor, words: tuple[str, ...]) -> Writer | None:
    """One of some words that are what they are."""
    name = word(cursor)
    if name not in words:
        return None
    cursor.take()
    return always(name)


def read_status_fields(cursor: Cursor) -> Writer | None:
    """A status register with the fields that are written: ``cpsr_fsxc``, ``spsr_c``."""
    written = word(cursor)
    # Without fields GNU as means the flags and the control bits.
    full = {"cpsr": "cpsr_fc", "spsr": "spsr_fc", **_FLAGS_BY_NAME}.get(written, written)
    name, _, fields = full.partition("_")
    if name not in ("cpsr", "spsr") or not fields or not _each_once(fields, "fsxc"):
        return None
    cursor.take()
    text = name + "_" + "".join(field for field in "fsxc" if field in fields)
    return always(_FLAGS.get(text, text))


def read_status(cursor: Cursor) -> Writer | None:
    """A status register that is read. That of the current mode is apsr in the normal form."""
    name = word(cursor)
    if name not in ("cpsr", "spsr", "apsr"):
        return None
    cursor.take()
    return always("spsr" if name == "spsr" else "apsr")


def read_exceptions(cursor: Cursor) -> Writer | None:
    """The exceptions that ``cpsie`` and ``cpsid`` switch: any of a, i, f."""
    name = word(cursor)
    if not name or not _each_once(name, "aif"):
        return None
    cursor.take()
    return always("".join(letter for letter in "aif" if letter in name))


def _each_once(letters: str, allowed: str) -> bool:
    return not set(letters) - set(allowed) and len(set(letters)) == len(letters)


def read_list(cursor: Cursor) -> Writer | None:
    """A register list, in normal form in ascending order and without ranges."""
    if not cursor.accept("{"):
        return None
    members: set[int] = set()
    while True:
        first = _in_list(cursor)
        last = _in_list(cursor) if cursor.accept("-") else first
        if first is None or last is None:
            return None
        added = set(range(first[1], last[1] + 1))
        if not added:
            raise cursor.refuse("the range of registers runs backwards", last[0])
        if members & added:
            raise cursor.refuse("a register is in the list twice", last[0])
        members |= added
        if not cursor.accept(","):
            break
    if not cursor.accept("}"):
        return None
    return always("{" + ", ".join(_BY_NUMBER[number] for number in sorted(members)) + "}")


def _in_list(cursor: Cursor) -> tuple[Token, int] | None:
    name = REGISTERS.get(word(cursor), "")
    return (cursor.take(), NUMBERS[name]) if name else None
