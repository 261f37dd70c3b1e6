# SPDX-License-Identifier: Apache-2.0
"""The directives that lay out data and name things."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from fwbuild.asm.expression import ESCAPES, parse, show
from fwbuild.asm.section import Section
from fwbuild.asm.tokens import Cursor, Token
from fwbuild.model.problem import FwbuildError, closest

_SIZES = {
    ".byte": 1,
    ".hword": 2,
    ".short": 2,
    ".2byte": 2,
    ".word": 4,
    ".long": 4,
    ".4byte": 4,
    ".quad": 8,
    ".8byte": 8,
}

_ESCAPE = re.compile(r"\\([0-7]{1,3}|x[0-9a-fA-F]+|.)", re.DOTALL)

#: The largest alignment, as a power of two: what a whole program may be long.
_LARGEST_POWER = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class _Use:
    """A directive where it is used: ``cursor`` reads what follows it."""

    section: Section
    cursor: Cursor
    token: Token

    @property
    def name(self) -> str:
        return self.token.text.lower()

    def known_now(self, what: str) -> tuple[int, int]:
        """A number that the first pass needs, and its column."""
        expression = parse(self.cursor)
        return expression.number(self.section.scope(self.cursor.place, early=True), what), expression.column

    def commas(self) -> Iterator[None]:
        """Once for each of the operands between commas, of which there is at least one."""
        yield
        while self.cursor.accept(","):
            yield
        self.cursor.expect_end()


def _numbers(use: _Use) -> None:
    for _ in use.commas():
        scope = use.section.scope(use.cursor.place)
        use.section.add_datum(_SIZES[use.name], parse(use.cursor), scope)


def _strings(use: _Use) -> None:
    end = b"" if use.name == ".ascii" else b"\0"
    for _ in use.commas():
        token = use.cursor.peek()
        if token.kind != "string":
            raise use.cursor.refuse(f"expected a string in double quotes but found {use.cursor.found()}")
        use.section.add_bytes(_string(use.cursor) + end, use.cursor.place, token.column)


def _string(cursor: Cursor) -> bytes:
    """The bytes of a string: UTF-8, and the escapes of GNU as."""
    token = cursor.take()
    text = token.text[1:-1]
    content = bytearray()
    position = 0
    for escape in _ESCAPE.finditer(text):
        content += text[position : escape.start()].encode(errors="replace")
        position = escape.end()
        code = _escaped(escape[1])
        if code is None:
            raise cursor.place.refuse(
                f"`{escape[0]}` is not an escape of one byte",
                token.column + 1 + escape.start(),
                "the escapes are " + " ".join(f"\\{key}" for key in ESCAPES) + " \\NNN (octal) and \\xNN",
            )
        content.append(code)
    return bytes(content + text[position:].encode(errors="replace"))


def _escaped(text: str) -> int | None:
    if text[0] in "01234567":
        return int(text, 8) if int(text, 8) < 256 else None
    if text[0] == "x":
        return int(text[1:], 16) if 2 <= len(text) <= 3 else None
    return ESCAPES.get(text)


def _size(use: _Use) -> int:
    size, column = use.known_now("a size")
    if size < 0:
        raise use.cursor.place.refuse(f"the size is {show(size)}, and must not be negative", column)
    return size


def _fill(use: _Use) -> int:
    fill, column = use.known_now("a fill byte")
    if not -128 <= fill <= 255:
        raise use.cursor.place.refuse(f"{show(fill)} does not fit into a byte", column)
    return fill & 0xFF


def _space(use: _Use) -> None:
    size = _size(use)
    fill = _fill(use) if use.cursor.accept(",") else 0
    use.cursor.expect_end()
    use.section.add_space(size, fill, use.cursor.place, use.token.column)


def _align(use: _Use) -> None:
    boundary = _boundary(use)
    fill = at_most = None
    if use.cursor.accept(","):
        if use.cursor.peek().text != ",":
            fill = _fill(use)
        if use.cursor.accept(","):
            at_most = _size(use)
    use.cursor.expect_end()
    use.section.align(boundary, fill, at_most, use.cursor.place, use.token.column)


def _boundary(use: _Use) -> int:
    """The alignment in bytes. `.balign` counts in bytes, the others in powers of two."""
    if use.name == ".align" and use.cursor.peek().kind == "end":
        return 4
    number, column = use.known_now("an alignment")
    if use.name == ".balign":
        if not 1 <= number <= 1 << _LARGEST_POWER or number & (number - 1):
            raise use.cursor.place.refuse(f"the alignment {show(number)} is not a power of two", column)
        return number
    if not 0 <= number <= _LARGEST_POWER:
        message = f"the power of two is {number}, and must be from 0 to {_LARGEST_POWER}"
        raise use.cursor.place.refuse(message, column, "`.balign` counts in bytes")
    # GNU as on ARM takes `.align 0` for `.align 2`; `.p2align 0` it takes as it stands.
    return 4 if use.name == ".align" and number == 0 else 1 << number


def _constant(use: _Use) -> None:
    name = use.cursor.expect_name("a symbol")
    use.cursor.expect(",")
    define_constant(use.section, name, use.cursor)


def define_constant(section: Section, name: Token, cursor: Cursor) -> None:
    """Read the value of a constant and define it."""
    scope = section.scope(cursor.place)
    expression = parse(cursor)
    cursor.expect_end()
    section.symbols.define_constant(name.text, expression, scope, name.column)


def _global(use: _Use) -> None:
    for _ in use.commas():
        name = use.cursor.expect_name("a symbol")
        use.section.symbols.mention(name.text, use.section.scope(use.cursor.place), name.column)


def _pool(use: _Use) -> None:
    use.cursor.expect_end()
    use.section.end_pool()


def _error(use: _Use) -> None:
    text = "`.error`"
    if use.cursor.peek().kind == "string":
        text = _string(use.cursor).decode(errors="replace")
    use.cursor.expect_end()
    raise use.cursor.place.refuse(text, use.token.column)


def _nothing(use: _Use) -> None:
    use.cursor.expect_end()


_DIRECTIVES: dict[str, Callable[[_Use], None]] = {
    **dict.fromkeys(_SIZES, _numbers),
    **dict.fromkeys((".ascii", ".asciz", ".string"), _strings),
    **dict.fromkeys((".space", ".skip", ".zero"), _space),
    **dict.fromkeys((".align", ".balign", ".p2align"), _align),
    **dict.fromkeys((".equ", ".set"), _constant),
    **dict.fromkeys((".global", ".globl"), _global),
    **dict.fromkeys((".ltorg", ".pool"), _pool),
    ".error": _error,
    ".text": _nothing,
}

_ONE_SECTION = "a program is one section; order the sources or statements instead"
_NO_MACROS = "there are no macros; write the statements out"
_USE_IF = "use `.if` with a comparison, `.ifdef` or `.ifndef`"
_NOT_NEEDED = "remove the line: it describes object files, and none is made"

#: Directives of GNU as that are not taken, and what to do instead.
_REFUSED = {
    ".incbin": "it would read a file that the build does not know of; write the data out",
    ".include": "it would read a file that the build does not know of; list the file as a source instead",
    ".inst": "write the instruction, or `.word` with its encoding",
    ".org": "use `.space` or `.balign`",
    ".fill": "use `.space SIZE, FILL`",
    ".equiv": "use `.equ`: no constant can be changed",
    ".end": "end the file instead",
    ".thumb": "instructions are in ARM state only",
    ".thumb_func": "instructions are in ARM state only",
    ".code": "write `.arm`; instructions are in ARM state only",
    ".req": "use the register's own name",
    **dict.fromkeys(
        (".section", ".data", ".bss", ".rodata", ".pushsection", ".popsection", ".subsection"), _ONE_SECTION
    ),
    **dict.fromkeys((".macro", ".endm", ".rept", ".irp", ".irpc", ".endr", ".altmacro"), _NO_MACROS),
    **dict.fromkeys((".ifeq", ".ifne", ".ifge", ".ifgt", ".ifle", ".iflt", ".ifb", ".ifnb", ".ifc", ".ifnc"), _USE_IF),
    **dict.fromkeys(
        (".type", ".size", ".func", ".endfunc", ".file", ".ident", ".loc", ".weak", ".hidden"), _NOT_NEEDED
    ),
    **dict.fromkeys((".extern", ".fnstart", ".fnend", ".cantunwind", ".fpu", ".eabi_attribute"), _NOT_NEEDED),
}


def run(section: Section, directive: Token, cursor: Cursor) -> None:
    """Act on a directive, of which ``cursor`` reads what follows.

    Raises FwbuildError ``assembly``.
    """
    name = directive.text.lower()
    if name not in _DIRECTIVES:
        raise unknown(directive, cursor)
    _DIRECTIVES[name](_Use(section=section, cursor=cursor, token=directive))


def unknown(directive: Token, cursor: Cursor) -> FwbuildError:
    """The error for a directive that is not one of ours."""
    name = directive.text.lower()
    if name in _REFUSED:
        return cursor.refuse(f"the directive `{name}` is not taken", directive, _REFUSED[name])
    match = closest(name, [*_DIRECTIVES, ".if", ".ifdef", ".ifndef", ".else", ".elseif", ".endif"])
    hint = f"did you mean `{match}`?" if match else "see docs/reference/assembler.md for those there are"
    return cursor.refuse(f"unknown directive `{directive.text}`", directive, hint)
