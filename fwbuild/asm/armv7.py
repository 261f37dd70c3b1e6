# SPDX-License-Identifier: Apache-2.0
"""ARMv7-A in ARM state.

Everything that belongs to this instruction set alone is here and in the modules
armv7_*.py; the rest of the front end does not know it.
"""

from __future__ import annotations

from functools import cache

from fwbuild.asm.armv7_forms import CPUS, TABLE, Row
from fwbuild.asm.armv7_normal import normal_form
from fwbuild.asm.armv7_operands import ELEMENTS, is_modified
from fwbuild.asm.armv7_registers import REGISTERS
from fwbuild.asm.armv7_rules import RULES
from fwbuild.asm.encoder import Statement
from fwbuild.asm.expression import Expression, parse
from fwbuild.asm.forms import match
from fwbuild.asm.section import Instruction
from fwbuild.asm.tokens import Cursor
from fwbuild.model.problem import FwbuildError, closest, fail

_ROWS: dict[str, Row] = {mnemonic: row for row in TABLE for mnemonic in row.mnemonics.split()}

#: Condition -> how the normal form writes it.
_CONDITIONS = {
    **{name: name for name in ("eq", "ne", "hs", "lo", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le")},
    "cs": "hs",
    "cc": "lo",
    "al": "",
    "": "",
}

_EXTENSIONS = ("sec", "virt", "idiv", "mp")


class Armv7:
    """ARMv7-A as one CPU has it. Raises FwbuildError ``assembly`` for an unknown CPU."""

    padding = bytes.fromhex("00f020e3")  # nop

    def __init__(self, cpu: str) -> None:
        if cpu not in CPUS:
            raise fail("assembly", f"unknown cpu `{cpu}` for armv7-a", hint="known: " + ", ".join(CPUS))
        self._cpu = cpu

    def is_register(self, name: str) -> bool:
        """Whether a name means a core register."""
        return name.lower() in REGISTERS

    def directive(self, name: str, cursor: Cursor) -> bool:
        """Check that a directive asks for what the program is anyway; False if it is another."""
        expected = {
            ".arm": ("",),
            ".syntax": ("unified",),
            ".cpu": (self._cpu,),
            ".arch": ("armv7-a",),
            ".arch_extension": _EXTENSIONS,
        }.get(name)
        if expected is None:
            return False
        first = cursor.peek()
        words = []
        while cursor.peek().kind != "end":
            words.append(cursor.take().text.lower())
        if "".join(words) not in expected:
            known = " or ".join(f"`{name} {word}`".replace(" `", "`") for word in expected)
            raise cursor.refuse(
                f"this program is assembled for {self._cpu}, ARM state, unified syntax", first, f"write {known}"
            )
        return True

    def literal(self, mnemonic: str, cursor: Cursor) -> Expression | None:
        """The expression of ``ldr reg, =expression``, or None."""
        row, _, _ = _split(mnemonic)
        if row is None or "reg, =literal" not in row.forms:
            return None
        start = cursor.position
        try:
            register, comma, equals = cursor.peek(), cursor.peek(1), cursor.peek(2)
            if not self.is_register(register.text) or (comma.text, equals.text) != (",", "="):
                return None
            cursor.position += 3
            return parse(cursor)
        finally:
            cursor.position = start

    def fits_without_literal(self, number: int) -> bool:
        """Whether mov or mvn can hold the number, as GNU as asks before it makes a literal."""
        return is_modified(number & 0xFFFFFFFF) or is_modified(~number & 0xFFFFFFFF)

    def normalise(self, instruction: Instruction) -> Statement:
        """The instruction in normal form. Raises FwbuildError ``assembly``."""
        mnemonic, place = instruction.mnemonic, instruction.place
        row, base, suffix = _split(mnemonic)
        if row is None:
            name = closest(mnemonic, _ROWS)
            hint = f"did you mean `{name}`?" if name else "see docs/reference/assembler.md for those there are"
            raise place.refuse(f"unknown instruction `{mnemonic}`", instruction.column, hint)
        if row.feature and row.feature not in CPUS[self._cpu]:
            raise self._lacking(row.feature, instruction)
        matched = match(mnemonic, row.forms, ELEMENTS, instruction.operands, instruction.scope)
        if matched.find("banked") and "virtualization" not in CPUS[self._cpu]:
            raise self._lacking("virtualization", instruction)
        if row.rule and (refusal := RULES[row.rule](matched)):
            message, operand = refusal
            raise place.refuse(f"`{mnemonic}`: {message}", operand.column)
        return normal_form(instruction, row, base, suffix, matched)

    def _lacking(self, feature: str, instruction: Instruction) -> FwbuildError:
        return instruction.place.refuse(
            f"`{instruction.mnemonic}` in this form needs {feature}, which a {self._cpu} does not have",
            instruction.column,
        )


@cache
def _split(mnemonic: str) -> tuple[Row | None, str, str]:
    """A mnemonic's row, its name there, and the rest of it in normal form.

    The longest name that leaves a valid rest is meant: ``bleq`` is ``bl`` with ``eq``,
    ``bls`` is ``b`` with ``ls``.
    """
    for length in range(len(mnemonic), 0, -1):
        row = _ROWS.get(mnemonic[:length])
        if row is None:
            continue
        rest = mnemonic[length:]
        flags = "s" if row.flags and rest.startswith("s") and rest not in _CONDITIONS else ""
        condition = _CONDITIONS.get(rest[len(flags) :])
        if condition is not None and (row.conditional or not rest):
            return row, mnemonic[:length], flags + condition
    return None, "", ""
