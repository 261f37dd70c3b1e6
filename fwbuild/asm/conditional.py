# SPDX-License-Identifier: Apache-2.0
"""Which statements count: .if, .ifdef, .ifndef, .elseif, .else and .endif."""

from __future__ import annotations

from dataclasses import dataclass

from fwbuild.asm.expression import parse
from fwbuild.asm.symbols import Scope
from fwbuild.asm.tokens import Cursor, Place, Token
from fwbuild.model.problem import Problem

_OPENING = (".if", ".ifdef", ".ifndef")
_DIRECTIVES = (*_OPENING, ".elseif", ".else", ".endif")


@dataclass(slots=True, kw_only=True)
class _Block:
    place: Place
    column: int
    #: whether the part being read counts; false in all parts of a block that is skipped
    active: bool
    #: whether no later part can count, because an earlier one did or the block is skipped
    settled: bool
    last: bool = False  # after .else


class Conditionals:
    """The open .if blocks of one source."""

    def __init__(self) -> None:
        self._blocks: list[_Block] = []

    @property
    def active(self) -> bool:
        """Whether the statement at hand counts."""
        return not self._blocks or self._blocks[-1].active

    def concerns(self, directive: str) -> bool:
        """Whether this is one of the directives of a condition."""
        return directive in _DIRECTIVES

    def read(self, directive: Token, name: str, cursor: Cursor, scope: Scope) -> None:
        """Act on a directive, of which ``cursor`` reads what follows.

        Raises FwbuildError ``assembly``; the block is then skipped in all its parts.
        """
        if name in _OPENING:
            skipped = not self.active
            block = _Block(place=cursor.place, column=directive.column, active=False, settled=True)
            self._blocks.append(block)
            if not skipped:
                block.active = _condition(name, cursor, scope)
                block.settled = block.active
            return
        if not self._blocks:
            raise cursor.refuse(f"`{name}` without `.if`", directive)
        block = self._blocks[-1]
        if name == ".endif":
            self._blocks.pop()
            cursor.expect_end()
            return
        if block.last:
            raise cursor.refuse(f"`{name}` after `.else`", directive, f"the `.if` is at line {block.place.line}")
        block.active = False
        settled, block.settled = block.settled, True
        if name == ".else":
            block.last = True
            block.active = not settled
            cursor.expect_end()
        elif not settled:
            block.active = _condition(name, cursor, scope)
            block.settled = block.active

    def unfinished(self) -> list[Problem]:
        """A problem for each block without an end."""
        return [
            problem
            for block in self._blocks
            for problem in block.place.refuse("this condition has no `.endif`", block.column).problems
        ]


def _condition(name: str, cursor: Cursor, scope: Scope) -> bool:
    if name in (".if", ".elseif"):
        value = parse(cursor).number(scope, "a condition") != 0
    else:
        symbol = cursor.expect_name("a symbol")
        value = scope.symbols.is_defined(symbol.text) == (name == ".ifdef")
    cursor.expect_end()
    return value
