# SPDX-License-Identifier: Apache-2.0
"""What names stand for: labels, constants, numeric labels and symbols from outside."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fwbuild.asm.expression import Expression, Value, show
from fwbuild.asm.tokens import Place
from fwbuild.model.problem import FwbuildError, Problem, closest, fail

_NAME = re.compile(r"[A-Za-z_.][\w.$]*", re.ASCII)

#: How many constants may be defined by one another before it is taken for a circle.
_DEEPEST = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Where an expression stands: what ``.``, ``1b`` and ``1f`` mean in it."""

    symbols: Symbols
    place: Place
    here: int
    #: how many numeric labels, of any number, come before
    passed: int
    #: whether the first pass needs the value, so that only what comes before can be used
    early: bool = False

    def look_up(self, name: str, column: int) -> Value:
        """The value of a symbol, of ``.`` or of a numeric label.

        Raises FwbuildError ``assembly`` when there is none.
        """
        if name == ".":
            return Value(self.here, 1)
        if name[0].isdigit():
            return self.symbols.local(name, column, self)
        return self.symbols.value(name, column, self)

    def identify(self, name: str) -> str:
        """A text that is equal for names, here and elsewhere, that stand for the same."""
        if name == ".":
            return f"{self.here:#x}"
        return self.symbols.identify_local(name, self.passed) if name[0].isdigit() else name


@dataclass(frozen=True, slots=True, kw_only=True)
class _Constant:
    expression: Expression
    scope: Scope
    column: int


class Symbols:
    """Every name of a program. A name means one thing in the whole program."""

    def __init__(self, outside: Mapping[str, int], reserved: Callable[[str], bool]) -> None:
        self._outside = dict(outside)
        self._reserved = reserved
        self._labels: dict[str, tuple[int, Place | None]] = {}
        self._constants: dict[str, list[_Constant]] = {}
        self._values: dict[str, Value] = {}
        self._locals: dict[str, list[tuple[int, int]]] = {}
        self._mentioned: list[tuple[str, Scope, int]] = []
        self._nesting = 0
        #: how many numeric labels were defined so far
        self.passed = 0

    @property
    def labels(self) -> dict[str, int]:
        """Label -> absolute address."""
        return {name: address for name, (address, _) in self._labels.items()}

    def refusal(self, name: str) -> str:
        """Why ``name`` cannot be defined, or an empty string."""
        if not _NAME.fullmatch(name) or name == ".":
            return f"`{name}` is not a name"
        if self._reserved(name):
            return f"`{name}` is the name of a register"
        return ""

    def is_defined(self, name: str) -> bool:
        """Whether the name has been given a meaning so far, as ``.ifdef`` asks."""
        return name in self._outside or name in self._labels or name in self._constants

    def define_table(self, name: str, address: int) -> None:
        """Give a label that no source holds its address."""
        refusal = self.refusal(name)
        if not refusal and name in self._outside:
            refusal = f"`{name}` is both a table and a symbol from outside"
        if refusal:
            raise fail("assembly", refusal)
        self._labels[name] = (address, None)

    def define_label(self, name: str, address: int, place: Place, column: int) -> None:
        """Give a label its address."""
        if refusal := self.refusal(name) or self._defined_already(name):
            raise place.refuse(refusal, column)
        self._labels[name] = (address, place)

    def define_local(self, number: str, address: int) -> None:
        """Note one more numeric label."""
        self.passed += 1
        self._locals.setdefault(number, []).append((self.passed, address))

    def define_constant(self, name: str, expression: Expression, scope: Scope, column: int) -> None:
        """Give a constant its value; that of a second definition must be the same."""
        refusal = self.refusal(name)
        if not refusal and name in self._labels:
            refusal = self._defined_already(name)
        if refusal:
            raise scope.place.refuse(refusal, column)
        constant = _Constant(expression=expression, scope=scope, column=column)
        self._constants.setdefault(name, []).append(constant)

    def mention(self, name: str, scope: Scope, column: int) -> None:
        """Note a name that has to be defined somewhere in the program."""
        self._mentioned.append((name, scope, column))

    def _defined_already(self, name: str) -> str:
        if name in self._outside:
            return f"`{name}` is defined already, outside of the sources"
        if name in self._constants:
            return f"`{name}` is defined already, as a constant{_at(self._constants[name][0].scope.place)}"
        if name in self._labels:
            return f"`{name}` is defined already{_at(self._labels[name][1])}"
        return ""

    def value(self, name: str, column: int, scope: Scope) -> Value:
        """What ``name`` stands for. Raises FwbuildError ``assembly``."""
        if name in self._outside:
            return Value(self._outside[name])
        if name in self._labels:
            return Value(self._labels[name][0], 1)
        if name not in self._constants:
            raise scope.place.refuse(*self._undefined(name, column, scope))
        if name not in self._values:
            self._values[name] = self._constant(name, column, scope)
        return self._values[name]

    def _constant(self, name: str, column: int, scope: Scope) -> Value:
        if self._nesting >= _DEEPEST:
            raise scope.place.refuse(f"`{name}` is defined by itself, or by too many others", column)
        constant = self._constants[name][0]
        self._nesting += 1
        try:
            return constant.expression.evaluate(constant.scope)
        finally:
            self._nesting -= 1

    def _undefined(self, name: str, column: int, scope: Scope) -> tuple[str, int, str]:
        if self._reserved(name):
            return f"`{name}` is a register, and a number or symbol is needed", column, ""
        match = closest(name, [*self._outside, *self._labels, *self._constants])
        hint = f"did you mean `{match}`?" if match else ""
        if scope.early and not match:
            hint = "its value is needed here, so it must be defined on an earlier line"
        return f"undefined symbol `{name}`", column, hint

    def local(self, name: str, column: int, scope: Scope) -> Value:
        """The nearest numeric label before (``1b``) or after (``1f``) a place."""
        number, index = self._locate(name, scope.passed)
        known = self._locals.get(number, [])
        if not 0 <= index < len(known):
            where = "before" if name.endswith("b") else "after"
            raise scope.place.refuse(f"there is no label `{number}:` {where} this line", column)
        return Value(known[index][1], 1)

    def identify_local(self, name: str, passed: int) -> str:
        """Which of the numeric labels is meant, also if it comes later."""
        number, index = self._locate(name, passed)
        return f"{number}:{index}"

    def _locate(self, name: str, passed: int) -> tuple[str, int]:
        """The number of a numeric label and which of those labels it is, counted from 0."""
        number, direction = name[:-1], name[-1]
        after = bisect_right(self._locals.get(number, []), passed, key=lambda entry: entry[0])
        return number, after - 1 if direction == "b" else after

    def problems(self) -> list[Problem]:
        """What is wrong with names, whether they are used or not."""
        found: list[Problem] = []
        for name, scope, column in self._mentioned:
            if not self.is_defined(name):
                found.extend(scope.place.refuse(*self._undefined(name, column, scope)).problems)
        for name, constants in self._constants.items():
            for constant in constants:
                try:
                    value = constant.expression.evaluate(constant.scope)
                    self._require_equal(name, value, constant)
                except FwbuildError as error:
                    found.extend(error.problems)
        return found

    def _require_equal(self, name: str, value: Value, constant: _Constant) -> None:
        if name in self._outside:
            first, where = Value(self._outside[name]), ", outside of the sources"
        else:
            origin = self._constants[name][0]
            first, where = origin.expression.evaluate(origin.scope), _at(origin.scope.place)
        if value != first:
            raise constant.scope.place.refuse(
                f"`{name}` is defined already{where}, as {show(first.number)}",
                constant.column,
                "a constant has one value in the whole program",
            )


def _at(place: Place | None) -> str:
    return "" if place is None else f" at {place.path}:{place.line}"
