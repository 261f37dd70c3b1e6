# SPDX-License-Identifier: Apache-2.0
"""Expressions, with the operators, precedence and arithmetic of GNU as.

Numbers are signed 64-bit and wrap, as in GNU as on a 64-bit host; where one is used, it
has to fit there. The precedence is not C's: ``* / % << >>`` bind tightest, then
``| & ^``, then ``+ -``, then the comparisons, then ``&&``, then ``||``
(Using as, "Infix Operators"; ``+`` over ``==`` was measured on binutils 2.40).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from fwbuild.asm.tokens import Cursor, Place, Token

_LEVEL = {
    **dict.fromkeys(("*", "/", "%", "<<", ">>"), 6),
    **dict.fromkeys(("|", "&", "^"), 5),
    **dict.fromkeys(("+", "-"), 4),
    **dict.fromkeys(("==", "!=", "<>", "<", "<=", ">", ">="), 3),
    "&&": 2,
    "||": 1,
}
_PREFIX_LEVEL = 7
_PREFIXES = ("-", "+", "~", "!")
_COMPARISONS = frozenset(sign for sign, level in _LEVEL.items() if level == 3)

#: The escapes of a character constant; strings have the numeric ones in addition.
ESCAPES = {"b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "\\": 92, "'": 39, '"': 34}


class Value(NamedTuple):
    """A number, and how many times the address of the program is counted in it.

    A label has ``addresses`` 1, the difference of two labels 0. What counts it
    otherwise (half a label, the sum of two) has no meaning.
    """

    number: int
    addresses: int = 0


class Scope(Protocol):
    """What an expression is evaluated in."""

    @property
    def place(self) -> Place:
        """Where the expression stands."""
        ...

    def look_up(self, name: str, column: int) -> Value:
        """The value of a symbol, of ``.`` or of a numeric label such as ``1b``.

        Raises FwbuildError ``assembly`` when there is none.
        """
        ...


class _Step(NamedTuple):
    """One step of an expression in postfix order; ``kind`` is number, name, prefix or infix."""

    kind: str
    text: str
    number: int
    column: int


class Expression:
    """A parsed expression: steps in postfix order, so that nothing here recurses."""

    __slots__ = ("_steps", "column", "starts_with_minus")

    def __init__(self, steps: list[_Step], first: Token) -> None:
        self._steps = steps
        self.column = first.column
        #: GNU as tells an offset of -0 from one of 0 by the sign that was written.
        self.starts_with_minus = first.text == "-"

    def meaning(self, identify: Callable[[str], str]) -> tuple[tuple[str, str, int], ...]:
        """Equal for expressions that mean the same; ``identify`` tells names of one place from those of another."""
        return tuple(
            (step.kind, identify(step.text) if step.kind == "name" else step.text, step.number) for step in self._steps
        )

    def evaluate(self, scope: Scope) -> Value:
        """The value. Raises FwbuildError ``assembly``."""
        stack: list[Value] = []
        for step in self._steps:
            if step.kind == "number":
                stack.append(Value(step.number))
            elif step.kind == "name":
                stack.append(scope.look_up(step.text, step.column))
            elif step.kind == "prefix":
                stack.append(_prefixed(step, stack.pop(), scope.place))
            else:
                right = stack.pop()
                stack.append(_combined(step, stack.pop(), right, scope.place))
        return stack.pop()

    def number(self, scope: Scope, what: str) -> int:
        """The value of an expression that must not be an address."""
        value = self.evaluate(scope)
        if value.addresses:
            raise scope.place.refuse(f"{what} must be a number, and this is an address", self.column)
        return value.number

    def address(self, scope: Scope) -> int:
        """The value of an expression that may be an address, as GNU as and a linker make it."""
        value = self.evaluate(scope)
        if value.addresses not in (0, 1):
            raise scope.place.refuse("this combination of addresses has no meaning", self.column)
        return value.number

    def bits(self, scope: Scope, width: int) -> int:
        """The value as an unsigned number of ``width`` bits.

        Negative numbers are taken down to -(2**width), so that ``~0xff000000`` is
        0x00ffffff.
        """
        number = self.address(scope)
        if not -(1 << width) <= number < 1 << width:
            raise scope.place.refuse(f"{show(number)} does not fit into {width} bits", self.column)
        return number & ((1 << width) - 1)


def show(number: int) -> str:
    """A number for a message."""
    return str(number) if -10 < number < 10 else f"{number} ({number:#x})"


def starts_expression(token: Token) -> bool:
    """Whether an expression can begin with this token."""
    return token.kind in ("name", "number", "local", "character") or token.text in ("(", *_PREFIXES)


def parse(cursor: Cursor) -> Expression:
    """Read an expression, as far as it goes. Raises FwbuildError ``assembly``."""
    first = cursor.peek()
    output: list[_Step] = []
    waiting: list[tuple[int, _Step]] = []  # operators that bind less than what is still to come
    depth = 0
    while True:
        token = cursor.peek()
        if token.kind == "mark" and token.text in _PREFIXES:
            waiting.append((_PREFIX_LEVEL, _Step("prefix", token.text, 0, token.column)))
            cursor.take()
            continue
        if cursor.accept("("):
            waiting.append((0, _Step("open", "(", 0, token.column)))
            depth += 1
            continue
        output.append(_operand(cursor))
        while depth and cursor.accept(")"):
            while waiting[-1][0]:
                output.append(waiting.pop()[1])
            waiting.pop()
            depth -= 1
        token = cursor.peek()
        level = _LEVEL.get(token.text, 0) if token.kind == "mark" else 0
        if not level:
            break
        while waiting and waiting[-1][0] >= level:
            output.append(waiting.pop()[1])
        waiting.append((level, _Step("infix", token.text, 0, token.column)))
        cursor.take()
    if depth:
        raise cursor.refuse(f"expected `)` but found {cursor.found()}")
    output.extend(step for _, step in reversed(waiting))
    return Expression(output, first)


def _operand(cursor: Cursor) -> _Step:
    token = cursor.peek()
    if token.kind in ("name", "local"):
        cursor.take()
        return _Step("name", token.text, 0, token.column)
    if token.kind == "number":
        number = _number(cursor.take().text)
        if number is None:
            raise cursor.place.refuse(f"`{token.text}` is not an octal number", token.column)
        if number >= 1 << 64:
            raise cursor.place.refuse("the number does not fit into 64 bits", token.column)
        return _Step("number", "", _wrapped(number), token.column)
    if token.kind == "character":
        cursor.take()
        return _Step("number", "", _character(cursor, token), token.column)
    raise cursor.refuse(f"expected a number, a symbol or `(` but found {cursor.found()}")


def _number(text: str) -> int | None:
    if text[:2] in ("0x", "0X", "0b", "0B"):
        return int(text, 0)
    if text[0] == "0":
        return int(text, 8) if not set(text) & {"8", "9"} else None
    # Python limits how long a decimal number may be; one of 20 digits is too large already.
    return int(text) if len(text) <= 20 else 1 << 64


def _character(cursor: Cursor, token: Token) -> int:
    text = token.text[1:]
    if not text.isascii():
        raise cursor.place.refuse("a character constant must be ASCII", token.column)
    if text[0] != "\\":
        return ord(text[0])
    if text[1] in ESCAPES:
        return ESCAPES[text[1]]
    raise cursor.place.refuse(
        f"`\\{text[1]}` is not an escape", token.column, "the escapes are " + " ".join(f"\\{key}" for key in ESCAPES)
    )


def _wrapped(number: int) -> int:
    return (number + (1 << 63)) % (1 << 64) - (1 << 63)


def _prefixed(step: _Step, value: Value, place: Place) -> Value:
    if step.text == "+":
        return value
    if step.text == "-":
        return Value(_wrapped(-value.number), -value.addresses)
    if value.addresses:
        raise place.refuse(f"`{step.text}` needs a number, and this is an address", step.column)
    return Value(~value.number if step.text == "~" else int(not value.number))


def _combined(step: _Step, left: Value, right: Value, place: Place) -> Value:
    sign, a, b = step.text, left.number, right.number
    if sign == "+":
        return Value(_wrapped(a + b), left.addresses + right.addresses)
    if sign == "-":
        return Value(_wrapped(a - b), left.addresses - right.addresses)
    if sign in _COMPARISONS and left.addresses == right.addresses:
        return Value(-_compared(sign, a, b))
    if left.addresses or right.addresses:
        raise place.refuse(f"`{sign}` needs numbers, and one side is an address", step.column)
    if sign in ("/", "%") and b == 0:
        raise place.refuse("division by zero", step.column)
    if sign in ("<<", ">>") and not 0 <= b <= 63:
        raise place.refuse(f"a shift by {b} is not between 0 and 63", step.column)
    return Value(_wrapped(_computed(sign, a, b)))


def _compared(sign: str, a: int, b: int) -> bool:
    match sign:
        case "==":
            return a == b
        case "!=" | "<>":
            return a != b
        case "<":
            return a < b
        case "<=":
            return a <= b
        case ">":
            return a > b
        case _:
            return a >= b


def _computed(sign: str, a: int, b: int) -> int:
    match sign:
        case "*":
            return a * b
        case "/" | "%":
            # Towards zero, as in C; the remainder has the sign of the dividend.
            quotient = abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
            return quotient if sign == "/" else a - quotient * b
        case "<<":
            return a << b
        case ">>":
            return a % (1 << 64) >> b
        case "&":
            return a & b
        case "|":
            return a | b
        case "^":
            return a ^ b
        case "&&":
            return int(bool(a) and bool(b))
        case _:
            return int(bool(a) or bool(b))
