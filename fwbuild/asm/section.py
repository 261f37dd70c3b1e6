# SPDX-License-Identifier: Apache-2.0
"""The program as the first pass lays it out: every piece has its address and its size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fwbuild.asm.expression import Expression
from fwbuild.asm.symbols import Scope, Symbols
from fwbuild.asm.tokens import Cursor, Place

#: Bytes. Boot code is small; a slip such as `.space 0x70000000` must not eat the memory.
LARGEST = 1 << 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """Bytes that the first pass knows. Padding and tables have no place: no line holds them."""

    address: int
    content: bytes
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Datum:
    """A number of ``size`` bytes, little-endian."""

    address: int
    size: int
    expression: Expression
    scope: Scope

    @property
    def place(self) -> Place:
        """The line that it stands on."""
        return self.scope.place


@dataclass(slots=True, kw_only=True)
class Literal:
    """A word in a literal pool; it gets its address when the pool is laid out."""

    expression: Expression
    scope: Scope
    address: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """A statement that is one instruction; ``operands`` stands before the first operand."""

    address: int
    mnemonic: str
    column: int
    operands: Cursor
    scope: Scope
    literal: Literal | None = None

    @property
    def place(self) -> Place:
        """The line that it stands on."""
        return self.scope.place


Piece = Filling | Datum | Instruction


class Section:
    """What is laid out so far."""

    def __init__(self, address: int, symbols: Symbols, padding: bytes) -> None:
        self.start = address
        self.here = address
        self.symbols = symbols
        self.pieces: list[Piece] = []
        self._padding = padding  # an instruction that does nothing
        self._literals: dict[object, Literal] = {}

    def scope(self, place: Place, *, early: bool = False) -> Scope:
        """What an expression at this point of the program is evaluated in."""
        return Scope(symbols=self.symbols, place=place, here=self.here, passed=self.symbols.passed, early=early)

    def _advance(self, size: int, place: Place, column: int) -> None:
        after = self.here + size
        if after - self.start > LARGEST or after > 1 << 32:
            limit = f"{LARGEST >> 20} MiB" if after - self.start > LARGEST else "the end of the address space"
            raise place.refuse(f"the program goes beyond {limit}", column)
        self.here = after

    def add_bytes(self, content: bytes, place: Place, column: int) -> None:
        """Lay out bytes that are known."""
        address = self.here
        self._advance(len(content), place, column)
        self.pieces.append(Filling(address=address, content=content, place=place))

    def add_table(self, name: str, words: Sequence[int]) -> None:
        """Lay out u32 words that no source holds, with a label, at a multiple of 4."""
        self.here += -self.here % 4
        self.symbols.define_table(name, self.here)
        content = b"".join(word.to_bytes(4, "little") for word in words)
        self.pieces.append(Filling(address=self.here, content=content))
        self.here += len(content)

    def add_space(self, size: int, fill: int, place: Place, column: int) -> None:
        """Lay out ``size`` equal bytes."""
        address = self.here
        self._advance(size, place, column)
        self.pieces.append(Filling(address=address, content=bytes([fill]) * size, place=place))

    def add_datum(self, size: int, expression: Expression, scope: Scope) -> None:
        """Lay out a number of ``size`` bytes."""
        address = self.here
        self._advance(size, scope.place, expression.column)
        self.pieces.append(Datum(address=address, size=size, expression=expression, scope=scope))

    def add_instruction(self, mnemonic: str, column: int, operands: Cursor, literal: Literal | None) -> None:
        """Lay out an instruction. All are four bytes long."""
        place = operands.place
        if self.here % 4:
            raise place.refuse("an instruction must be at a multiple of 4", column, "put a `.balign 4` before it")
        scope = self.scope(place)
        self._advance(4, place, column)
        self.pieces.append(
            Instruction(
                address=scope.here, mnemonic=mnemonic, column=column, operands=operands, scope=scope, literal=literal
            )
        )

    def align(self, boundary: int, fill: int | None, at_most: int | None, place: Place, column: int) -> None:
        """Pad up to a multiple of ``boundary``, unless that takes more than ``at_most`` bytes.

        Without ``fill`` the padding is what can be run through: instructions that do
        nothing, after zeros up to the first multiple of 4.
        """
        size = -self.here % boundary
        if at_most is not None and size > at_most:
            return
        address = self.here
        self._advance(size, place, column)
        if fill is None:
            odd = min(size, -address % 4)
            padding = bytes(odd) + (self._padding * (size // 4 + 1))[: size - odd]
        else:
            padding = bytes([fill]) * size
        self.pieces.append(Filling(address=address, content=padding))

    def want_literal(self, expression: Expression, scope: Scope, number: int | None) -> Literal:
        """A place for a word in the next pool, shared with equal ones.

        ``number`` is its value where that is known already: GNU as compares numbers if
        it can and expressions otherwise, and the pools come out the same.
        """
        key: object = expression.meaning(scope.identify) if number is None else number
        return self._literals.setdefault(key, Literal(expression=expression, scope=scope))

    def end_pool(self) -> None:
        """Lay out the words that are wanted so far, at a multiple of 4."""
        literals = list(self._literals.values())
        self._literals.clear()
        if literals:
            self.align(4, 0, None, literals[0].scope.place, literals[0].expression.column)
        for literal in literals:
            literal.address = self.here
            self.add_datum(4, literal.expression, literal.scope)
