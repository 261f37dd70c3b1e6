# SPDX-License-Identifier: Apache-2.0
"""The first pass: reads the sources in order and gives every piece its address."""

from __future__ import annotations

from fwbuild.asm import directives
from fwbuild.asm.architecture import Architecture
from fwbuild.asm.conditional import Conditionals
from fwbuild.asm.expression import Expression
from fwbuild.asm.section import Literal, Section
from fwbuild.asm.tokens import PREPROCESSOR, Cursor, Place, Token, statements
from fwbuild.model.problem import FwbuildError, Problem


class Layout:
    """Reads sources into a section and keeps the problems found on the way."""

    def __init__(self, section: Section, architecture: Architecture) -> None:
        self.problems: list[Problem] = []
        self._section = section
        self._architecture = architecture
        self._conditionals = Conditionals()

    def read(self, path: str, text: str) -> None:
        """Lay out one source; ``path`` is what messages call it."""
        self._conditionals = Conditionals()
        for cursor in statements(path, text):
            try:
                self._read(cursor)
            except FwbuildError as error:
                self.problems.extend(error.problems)
        self.problems.extend(self._conditionals.unfinished())

    def finish(self) -> None:
        """Lay out what is left when every source was read."""
        try:
            self._section.end_pool()
        except FwbuildError as error:
            self.problems.extend(error.problems)

    def _read(self, cursor: Cursor) -> None:
        self._read_labels(cursor)
        token = cursor.peek()
        directive = token.text.lower() if token.text.startswith(".") else ""
        if self._conditionals.concerns(directive):
            cursor.take()
            scope = self._section.scope(cursor.place, early=True)
            self._conditionals.read(token, directive, cursor, scope)
        elif not self._conditionals.active or token.kind == "end":
            return
        elif token.kind != "name":
            raise self._unreadable(cursor, token)
        elif cursor.peek(1).text == "=":
            cursor.position += 2
            directives.define_constant(self._section, token, cursor)
        elif directive:
            cursor.take()
            if not self._architecture.directive(directive, cursor):
                directives.run(self._section, token, cursor)
        else:
            cursor.take()
            self._read_instruction(token, cursor)

    def _read_labels(self, cursor: Cursor) -> None:
        """Read any number of labels, and define them if they count."""
        while cursor.peek(1).text == ":" and cursor.peek().kind in ("name", "number"):
            label = cursor.take()
            cursor.take()
            if not self._conditionals.active:
                continue
            if label.kind == "number":
                self._define_local(cursor, label)
            else:
                self._define_label(cursor, label)

    def _define_label(self, cursor: Cursor, label: Token) -> None:
        # A bad label must not hide what is wrong with the rest of its line.
        try:
            self._section.symbols.define_label(label.text, self._section.here, cursor.place, label.column)
        except FwbuildError as error:
            self.problems.extend(error.problems)

    def _define_local(self, cursor: Cursor, label: Token) -> None:
        if not label.text.isdecimal():
            raise cursor.refuse(f"a numeric label is a decimal number, not `{label.text}`", label)
        self._section.symbols.define_local(label.text, self._section.here)

    def _read_instruction(self, token: Token, cursor: Cursor) -> None:
        mnemonic = token.text.lower()
        literal = None
        expression = self._architecture.literal(mnemonic, cursor)
        if expression is not None:
            literal = self._want_literal(expression, cursor.place)
        self._section.add_instruction(mnemonic, token.column, cursor, literal)

    def _want_literal(self, expression: Expression, place: Place) -> Literal | None:
        """A word in the pool, unless the number is known by now and fits into an instruction."""
        scope = self._section.scope(place)
        number = None
        try:
            value = expression.evaluate(scope)
            number = None if value.addresses else value.number
        except FwbuildError:
            pass  # defined later, or not at all: the second pass will tell
        if number is not None and self._architecture.fits_without_literal(number):
            return None
        return self._section.want_literal(expression, scope, number)

    def _unreadable(self, cursor: Cursor, token: Token) -> FwbuildError:
        following = cursor.peek(1).text
        if token.text == "#" and following in PREPROCESSOR:
            return cursor.refuse(
                f"`#{following}` is for a C preprocessor, and there is none",
                token,
                "use .equ for constants and .if, .ifdef, .else, .endif for conditions",
            )
        return cursor.refuse(f"expected a label, a directive or an instruction but found {cursor.found()}", token)
