# SPDX-License-Identifier: Apache-2.0
"""Forms of instructions: which operands a mnemonic takes, written as a manual writes them.

A form such as ``reg, [reg, #offset12]!`` is a row of element names and punctuation. An
element reads its operand by shape alone (a register, a ``#`` with an expression), so
that at most one form of a mnemonic fits; only then are values looked at, and what is
wrong with one is said of that operand.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from fwbuild.asm.symbols import Scope
from fwbuild.asm.tokens import Cursor

#: Gives an operand in normal form. Raises FwbuildError ``assembly`` for a bad value.
Writer = Callable[[Scope], str]
#: Reads an operand, or returns None where there is none of its shape.
Reader = Callable[[Cursor], Writer | None]

_ELEMENT = re.compile(r"(#?[a-z][a-z0-9_]*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Operand:
    """An operand in normal form, and which element of the form it is."""

    element: str
    text: str
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """The operands of an instruction, fitted into one of its forms."""

    form: str
    operands: tuple[Operand, ...]

    @property
    def text(self) -> str:
        """The operands in normal form, as one text."""
        parts = _parts(self.form)
        texts = iter(self.operands)
        return "".join(part if index % 2 == 0 else next(texts).text for index, part in enumerate(parts))

    def find(self, element: str) -> Operand | None:
        """The first operand of a kind."""
        return next((operand for operand in self.operands if operand.element == element), None)


@cache
def _parts(form: str) -> tuple[str, ...]:
    """Punctuation and element names in turn, punctuation first."""
    return tuple(_ELEMENT.split(form))


def match(mnemonic: str, forms: Sequence[str], elements: Mapping[str, Reader], cursor: Cursor, scope: Scope) -> Matched:
    """Fit what ``cursor`` reads into one of the forms.

    Raises FwbuildError ``assembly``.
    """
    start = furthest = cursor.position
    for form in forms:
        cursor.position = start
        writers = _read(form, elements, cursor)
        if writers is not None:
            operands = (
                Operand(element=element, text=write(scope), column=column) for element, write, column in writers
            )
            return Matched(form=form, operands=tuple(operands))
        furthest = max(furthest, cursor.position)
    cursor.position = furthest
    raise cursor.refuse(
        f"`{mnemonic}` does not take these operands: {cursor.found()} does not fit",
        hint="it takes " + "; ".join(form or "none" for form in forms),
    )


def _read(form: str, elements: Mapping[str, Reader], cursor: Cursor) -> list[tuple[str, Writer, int]] | None:
    writers = []
    for index, part in enumerate(_parts(form)):
        if index % 2 == 0:
            if not all(cursor.accept(mark) for mark in part if mark != " "):
                return None
            continue
        column = cursor.peek().column
        writer = elements[part](cursor)
        if writer is None:
            return None
        writers.append((part, writer, column))
    return writers if cursor.peek().kind == "end" else None
