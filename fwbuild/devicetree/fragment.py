# SPDX-License-Identifier: Apache-2.0
"""Reads the source of an overlay (.dtso) into statements.

dtlib, the parser of the ``devicetree`` package, reads tokens, values and expressions.
The grammar around them is ours, for dtlib knows no overlays: it refuses ``/plugin/``,
applies deletions to the tree that it builds, and looks every target up in it. What we
use of dtlib is not its public interface; all of it is in :func:`_reader` and
:class:`_Parser`, and the tests compare the outcome with dtc's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

from fwbuild.devicetree.tree import MAX_DEPTH, is_node_name, is_property_name
from fwbuild.model.problem import FwbuildError, Origin, Problem, fail


@dataclass(frozen=True, slots=True)
class Reference:
    """``&label`` or ``&{/path}``; ``name`` starts with `/` if it is a path."""

    name: str
    origin: Origin

    def __str__(self) -> str:
        return f"&{{{self.name}}}" if self.name.startswith("/") else f"&{self.name}"


@dataclass(frozen=True, slots=True)
class Inserted:
    """A reference inside a value, at ``offset`` of the bytes given.

    As a ``phandle`` it replaces the four zeros there; else it is inserted as the path
    of its node, with a NUL.
    """

    offset: int
    phandle: bool
    reference: Reference


@dataclass(frozen=True, slots=True)
class Assign:
    """``name = value;`` or ``name;``."""

    name: str
    value: bytes
    inserted: tuple[Inserted, ...]
    origin: Origin


@dataclass(frozen=True, slots=True)
class Child:
    """``label: name { ... };`` in a node."""

    name: str
    labels: tuple[str, ...]
    body: Body
    origin: Origin


@dataclass(frozen=True, slots=True)
class DropProperty:
    """``/delete-property/ name;``."""

    name: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class DropChild:
    """``/delete-node/ name;`` in a node."""

    name: str
    origin: Origin


InNode = Assign | Child | DropProperty | DropChild
Body = tuple[InNode, ...]


@dataclass(frozen=True, slots=True)
class Extend:
    """``label: &target { ... };``."""

    target: Reference
    labels: tuple[str, ...]
    body: Body


@dataclass(frozen=True, slots=True)
class Drop:
    """``/delete-node/ &target;``."""

    target: Reference


@dataclass(frozen=True, slots=True)
class Overlay:
    """``/ { fragment@0 { target = <&label>; __overlay__ { ... }; }; };``."""

    body: Body


Statement = Extend | Drop | Overlay


def parse_fragment(text: str, name: str) -> tuple[Statement, ...]:
    """The statements of the overlay source ``text``; ``name`` is what messages call it.

    Raises FwbuildError ``bad-device-tree`` with line and column.
    """
    problems = list(_other_files(text, name))
    if problems:
        raise FwbuildError(problems)
    return _Parser(text, name).fragment()


def parse_source(text: str, name: str) -> tuple[Statement, ...]:
    """The statements of the source ``text`` of a whole tree, `/ { ... };` as an extension of the root.

    Raises FwbuildError ``bad-device-tree`` with line and column.
    """
    problems = list(_other_files(text, name))
    if problems:
        raise FwbuildError(problems)
    return _Parser(text, name, whole=True).fragment()


# What holds no code: strings, characters, comments.
_SILENT = re.compile(r'"(?:[^\\"]|\\.)*"|\'(?:[^\\\'\n]|\\.)*\'|/\*.*?\*/|//[^\n]*', re.DOTALL)
_WORD = re.compile(r"[A-Za-z_]\w*")
_OTHER_FILE = re.compile(r"/(?:include|incbin)/")
# Properties have names like `#size-cells`: what follows tells them apart.
_CPP = re.compile(
    r"^[ \t]*(#[ \t]*(?:include|define|undef|if|ifn?def|elif|else|endif|error|warning|pragma|line|\d+))(?![\w,.+*?#-])",
    re.MULTILINE,
)


def _other_files(text: str, name: str) -> Iterator[Problem]:
    """Find what would bring in other files: a fragment must be all that its step depends on."""
    code = _SILENT.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)
    for found in _OTHER_FILE.finditer(code):
        yield Problem(
            code="bad-device-tree",
            message=f"{found[0]} is refused: a fragment must hold all that it says",
            origin=_origin(text, name, found.start()),
            hint="write the contents here, or name a second fragment before this one",
        )
    for found in _CPP.finditer(code):
        yield Problem(
            code="bad-device-tree",
            message=f"`{found[1]}` is for cpp, the C preprocessor, which is not run on fragments",
            origin=_origin(text, name, found.start(1)),
            hint="write the numbers out",
        )


def _origin(text: str, name: str, offset: int) -> Origin:
    line = text.count("\n", 0, offset) + 1
    return Origin(path=name, line=line, column=offset - text.rfind("\n", 0, offset))


def _reader(text: str, error: Callable[[str], FwbuildError]) -> Any:
    """dtlib's lexer and its parser of values, at the start of ``text``."""
    from devicetree import dtlib

    class Reader(dtlib.DT):  # type: ignore[misc]  # dtlib has no types
        kinds = dtlib._T

        def __init__(self) -> None:
            # dtlib's own would open a file and go on to parse a whole tree.
            self._file_contents = text
            self._tok_i = self._tok_end_i = 0
            self._filestack: list[Any] = []
            self._lexer_state = dtlib._DEFAULT
            self._saved_token = None
            self._lineno = 1

        def _parse_error(self, message: object) -> NoReturn:
            raise error(str(message))

    return Reader()


class _Value:
    """A value while it is read, in the form in which dtlib fills it in."""

    def __init__(self, reference: Callable[[str], Reference]) -> None:
        self.value = b""
        self.inserted: list[Inserted] = []
        self._reference = reference
        self._markers: list[Any] = []  # dtlib clears it

    def _add_marker(self, kind: Any, target: str | None = None) -> None:
        # Other kinds mark labels of data, which no blob has, and how numbers were written.
        if target is not None and kind.name in ("PATH", "PHANDLE"):
            phandle = kind.name == "PHANDLE"
            self.inserted.append(Inserted(len(self.value), phandle, self._reference(target)))
            self.value += bytes(4 if phandle else 0)


class _Parser:
    """The grammar of overlays, over dtlib's tokens."""

    def __init__(self, text: str, name: str, *, whole: bool = False) -> None:
        self._text = text
        self._name = name
        self._whole = whole
        self._reader = _reader(text, self._error)
        self._kinds = self._reader.kinds

    def fragment(self) -> tuple[Statement, ...]:
        try:
            self._start()
            return tuple(self._statements())
        except (ArithmeticError, ValueError, MemoryError, RecursionError) as error:
            # What Python says to `08`, `1 << -1` and a thousand parentheses.
            raise self._error(f"this cannot be evaluated: {error}", offset=self._reader._tok_end_i) from error

    def _error(self, message: str, *, offset: int | None = None, hint: str = "") -> FwbuildError:
        offset = self._reader._tok_i if offset is None else offset
        word = _WORD.match(self._text, offset)
        if message.startswith("expected number") and word:
            hint = f"if `{word[0]}` is a macro: cpp is not run on fragments, write the number out"
        return fail("bad-device-tree", message, origin=_origin(self._text, self._name, offset), hint=hint)

    def _here(self) -> Origin:
        return _origin(self._text, self._name, self._reader._tok_i)

    def _next(self) -> Any:
        return self._reader._next_token()

    def _expect(self, symbol: str) -> None:
        token = self._next()
        if not self._is_symbol(token, symbol):
            raise self._unexpected(token, f"`{symbol}`")

    def _is_symbol(self, token: Any, symbol: str) -> bool:
        """Unlike dtlib's own test this one knows a symbol from a string that holds one."""
        return bool(token.id == self._kinds.MISC and token.val == symbol)

    def _comes(self, symbol: str) -> bool:
        return self._is_symbol(self._reader._peek_token(), symbol)

    def _start(self) -> None:
        words = ((self._kinds.DTS_V1, "/dts-v1/"), (self._kinds.PLUGIN, "/plugin/"))
        hint = "" if self._whole else "an overlay starts with `/dts-v1/;` and `/plugin/;`"
        for kind, word in words[: 1 if self._whole else 2]:
            if self._next().id != kind:
                raise self._error(f"expected `{word};`", hint=hint)
            self._expect(";")

    def _statements(self) -> Iterator[Statement]:
        while True:
            labels = self._labels()
            token = self._next()
            if token.id == self._kinds.REF:
                target = self._reference(token.val)
                yield Extend(target, labels, self._body(1))
            elif labels:
                raise self._error("expected the `&label` or `&{/path}` of a node after a label")
            elif token.id == self._kinds.EOF:
                return
            elif self._is_symbol(token, "/"):
                body = self._body(1)
                yield Extend(Reference("/", self._here()), (), body) if self._whole else Overlay(body)
            elif token.id == self._kinds.DEL_NODE:
                token = self._next()
                if token.id != self._kinds.REF:
                    raise self._error("expected the `&label` or `&{/path}` of the node to delete")
                target = self._reference(token.val)
                self._expect(";")
                yield Drop(target)
            else:
                raise self._unexpected(token, "`&label {`, `&{/path} {`, `/delete-node/` or `/ {`")

    def _unexpected(self, token: Any, expected: str) -> FwbuildError:
        hints = {
            self._kinds.MEMRESERVE: "memory is reserved by a node in /reserved-memory",
            self._kinds.OMIT_IF_NO_REF: "a fragment says what there is; leave the node out or put it in",
        }
        return self._error(f"expected {expected}, not `{token.val}`", hint=hints.get(token.id, ""))

    def _reference(self, target: str) -> Reference:
        name = target.strip("{}")
        if target.startswith("{") and not name.startswith("/"):
            raise self._error(f"the path in `&{target}` does not start with /")
        return Reference(name, self._here())

    def _labels(self) -> tuple[str, ...]:
        labels = []
        while self._reader._peek_token().id == self._kinds.LABEL:
            labels.append(self._next().val)
        return tuple(labels)

    def _body(self, depth: int) -> Body:
        """What is between the braces of a node, ``depth`` braces deep."""
        self._expect("{")
        if depth > MAX_DEPTH:
            raise self._error(f"nodes lie at most {MAX_DEPTH} deep")
        body: list[InNode] = []
        while True:
            labels = self._labels()
            token = self._next()
            if self._is_symbol(token, "}") and not labels:
                self._expect(";")
                return tuple(body)
            statement = self._in_node(token, labels, depth)
            # dtc takes it for a mistake too; what we read, it should read.
            if body and isinstance(statement, Assign | DropProperty) and isinstance(body[-1], Child | DropChild):
                message = f"the property `{statement.name}` comes after a child node: properties come first"
                raise FwbuildError(Problem(code="bad-device-tree", message=message, origin=statement.origin))
            body.append(statement)

    def _in_node(self, token: Any, labels: tuple[str, ...], depth: int) -> InNode:
        origin = self._here()
        if token.id == self._kinds.DEL_PROP:
            return DropProperty(self._dropped("property"), origin)
        if token.id == self._kinds.DEL_NODE:
            return DropChild(self._dropped("node"), origin)
        if token.id != self._kinds.PROPNODENAME:
            raise self._unexpected(token, "the name of a property or node, or `}`")
        name: str = token.val
        is_node = self._comes("{")
        if not (is_node_name if is_node else is_property_name)(name):
            message = f"a {'node' if is_node else 'property'} cannot be called `{name}`"
            raise FwbuildError(Problem(code="bad-device-tree", message=message, origin=origin))
        if is_node:
            return Child(name, labels, self._body(depth + 1), origin)
        value = _Value(self._reference)
        if self._comes("="):
            self._next()
            self._reader._parse_assignment(value)
        else:
            self._expect(";")
        return Assign(name, value.value, tuple(value.inserted), origin)

    def _dropped(self, what: str) -> str:
        token = self._next()
        if token.id != self._kinds.PROPNODENAME:
            raise self._error(f"expected the name of the {what} to delete")
        self._expect(";")
        name: str = token.val
        return name
