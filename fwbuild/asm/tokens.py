# SPDX-License-Identifier: Apache-2.0
"""From a source's text to statements, each a row of tokens that know their columns."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from fwbuild.model.problem import FwbuildError, Origin, fail


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A line of a source; ``line`` counts from 1, and 0 is the source as a whole."""

    path: str
    line: int

    def refuse(self, message: str, column: int = 1, hint: str = "") -> FwbuildError:
        """An error at a column of this line."""
        origin = Origin(path=self.path, line=self.line, column=column)
        return fail("assembly", message, origin=origin, hint=hint)


class Token(NamedTuple):
    """A word of the language.

    ``kind`` is ``name``, ``number``, ``local`` (as in ``1b``), ``character``,
    ``string``, ``mark``, ``end`` or ``bad``. A bad token only matters where it is read,
    so what a false ``.if`` skips may contain anything.
    """

    kind: str
    text: str
    column: int


#: What a C preprocessor would act on. Taken as a comment, it would change the meaning.
PREPROCESSOR = ("define", "elif", "else", "endif", "if", "ifdef", "ifndef", "include", "undef")

# What hides comment signs, then the comments. `#` starts one only at the start of a line.
_COMMENT = re.compile(
    rf"""
    "(?:[^"\\\n]|\\.)*"
    | '(?:\\.|[^\\\n])'?
    | (?P<comment>
        /\*.*?\*/ | //[^\n]* | @[^\n]*
        | ^[ \t]*\#(?![ \t]*(?:{"|".join(PREPROCESSOR)})\b)[^\n]*
      )
    """,
    re.VERBOSE | re.MULTILINE | re.DOTALL,
)

_TOKEN = re.compile(
    r"""
    (?P<number> (?: 0[xX][0-9a-fA-F]+ | 0[bB][01]+ | [0-9]+ ) (?![\w.$]) )
    | (?P<local> [0-9]+[bf] (?![\w.$]) )
    | (?P<name> [A-Za-z_.][\w.$]* )
    | (?P<string> "(?:[^"\\]|\\.)*" )
    | (?P<character> '(?:\\.|[^\\])'? )
    | (?P<mark> << | >> | && | \|\| | [=!<>]= | <> | /(?!\*) | [-+*%&|^~!<>()=,\#:\[\]{};] )
    | (?P<space> [ \t\r]+ )
    | (?P<bad> [0-9][\w.$]* | . )
    """,
    re.VERBOSE | re.ASCII | re.DOTALL,
)


def statements(path: str, text: str) -> Iterator[Cursor]:
    """Every statement of a source, in order. A line may hold several, with ``;`` between."""
    for number, line in enumerate(_without_comments(text).split("\n"), 1):
        place = Place(path=path, line=number)
        row: list[Token] = []
        for token in _scan(line):
            if token.text == ";":
                yield Cursor(place, row, token.column)
                row = []
            else:
                row.append(token)
        if row:
            yield Cursor(place, row, len(line) + 1)


def _without_comments(text: str) -> str:
    """The text with comments blanked, so that every column stays where it was."""

    def blank(found: re.Match[str]) -> str:
        if found["comment"] is None:
            return found[0]
        return re.sub(r"[^\n]", " ", found[0])

    return _COMMENT.sub(blank, text)


def _scan(line: str) -> Iterator[Token]:
    for found in _TOKEN.finditer(line):
        kind = found.lastgroup or "bad"
        if kind != "space":
            yield Token(kind, found[0], found.start() + 1)


class Cursor:
    """Reads one statement token by token."""

    __slots__ = ("_next", "_tokens", "place")

    def __init__(self, place: Place, tokens: list[Token], end: int) -> None:
        self.place = place
        self._tokens = [*tokens, Token("end", "", end)]
        self._next = 0

    @property
    def position(self) -> int:
        """How many tokens were read; setting it goes back or forth."""
        return self._next

    @position.setter
    def position(self, position: int) -> None:
        self._next = position

    def peek(self, ahead: int = 0) -> Token:
        """A token that is still to be read; the end repeats for ever."""
        return self._tokens[min(self._next + ahead, len(self._tokens) - 1)]

    def take(self) -> Token:
        """Read the next token."""
        token = self.peek()
        if token.kind == "bad":
            raise self._refuse_bad(token)
        if token.kind != "end":
            self._next += 1
        return token

    def accept(self, mark: str) -> bool:
        """Read the next token if it is this mark."""
        token = self.peek()
        if token.kind == "mark" and token.text == mark:
            self._next += 1
            return True
        return False

    def expect(self, mark: str) -> None:
        """Read this mark or refuse the statement."""
        if not self.accept(mark):
            raise self.refuse(f"expected `{mark}` but found {self.found()}")

    def expect_name(self, what: str) -> Token:
        """Read a name or refuse the statement."""
        if self.peek().kind != "name":
            raise self.refuse(f"expected {what} but found {self.found()}")
        return self.take()

    def expect_end(self) -> None:
        """Refuse the statement if anything is left of it."""
        if self.peek().kind != "end":
            raise self.refuse(f"expected the end of the statement but found {self.found()}")

    def found(self) -> str:
        """The next token, in words for a message."""
        token = self.peek()
        return "the end of the statement" if token.kind == "end" else f"`{token.text}`"

    def refuse(self, message: str, token: Token | None = None, hint: str = "") -> FwbuildError:
        """An error at ``token``, or at the one to be read next."""
        at = self.peek() if token is None else token
        if at.kind == "bad":
            return self._refuse_bad(at)
        return self.place.refuse(message, at.column, hint)

    def _refuse_bad(self, token: Token) -> FwbuildError:
        text, hint = token.text, ""
        if text == '"':
            message = "the string has no end on this line"
        elif text == "/":
            message = "the comment has no end"
        elif text[0].isdigit():
            message = f"`{text}` is not a number"
            hint = "numbers are 10, 0xa, 012 or 0b1010; 1b and 1f are the nearest label 1"
        else:
            message = f"the character {text!r} has no meaning here"
        return self.place.refuse(message, token.column, hint)
