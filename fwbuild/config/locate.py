# SPDX-License-Identifier: Apache-2.0
"""Finds the line and column of every key in a TOML text that is known to be valid.

tomli says where a syntax error is, but not where a value stands; messages about a
wrong value need that too. This scanner only follows structure: what the values mean
is tomli's business, and it must have accepted the text before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

#: A path to a value: table keys, and indices for elements of arrays.
KeyPath = tuple[str | int, ...]

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_BLANK = re.compile(r"[ \t]*")
_BLANK_LINES = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SCALAR = re.compile(r"[^,\]}#\r\n]+")
_STRINGS = {
    '"""': re.compile(r'"""(?:\\.|[^\\])*?"{3,5}', re.DOTALL),
    "'''": re.compile(r"'''.*?'{3,5}", re.DOTALL),
    '"': re.compile(r'"(?:\\.|[^"\\])*"'),
    "'": re.compile(r"'[^']*'"),
}


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.places: dict[KeyPath, int] = {}
        #: how many elements each array of tables has so far
        self.elements: dict[KeyPath, int] = {}

    def skip(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text, self.at)
        if match is None:
            raise ValueError(f"not TOML at offset {self.at}")
        self.at = match.end()
        return match.group()

    def looking_at(self, token: str) -> bool:
        return self.text.startswith(token, self.at)

    def string(self) -> str:
        for quote, pattern in _STRINGS.items():
            if self.looking_at(quote):
                return self.skip(pattern)
        raise ValueError(f"not a TOML string at offset {self.at}")

    def key(self) -> Iterator[tuple[str, int]]:
        """The parts of a dotted key with their offsets."""
        while True:
            self.skip(_BLANK)
            start = self.at
            if self.text[start] in "\"'":
                yield _unquoted(self.string()), start
            else:
                yield self.skip(_BARE_KEY), start
            self.skip(_BLANK)
            if not self.looking_at("."):
                return
            self.at += 1

    def document(self) -> None:
        table: KeyPath = ()
        while True:
            self.skip(_BLANK_LINES)
            if self.at >= len(self.text):
                return
            if self.looking_at("["):
                table = self.header()
            else:
                self.pair(table)

    def header(self) -> KeyPath:
        is_element = self.looking_at("[[")
        start = self.at
        self.at += 2 if is_element else 1
        parts = [part for part, _ in self.key()]
        self.at += 2 if is_element else 1
        path: KeyPath = ()
        for part in parts[:-1]:
            path = self.inside((*path, part))
        path = (*path, parts[-1])
        if is_element:
            self.elements[path] = self.elements.get(path, -1) + 1
            self.places.setdefault(path, start)
            path = (*path, self.elements[path])
        self.places[path] = start
        return path

    def inside(self, path: KeyPath) -> KeyPath:
        """A header below an array of tables means that array's last element."""
        return (*path, self.elements[path]) if path in self.elements else path

    def pair(self, table: KeyPath) -> None:
        path = table
        for part, start in self.key():
            path = (*path, part)
            self.places.setdefault(path, start)
        self.at += 1  # the equals sign
        self.skip(_BLANK)
        self.value(path)

    def value(self, path: KeyPath) -> None:
        if self.looking_at("["):
            self.at += 1
            self.array(path)
        elif self.looking_at("{"):
            self.at += 1
            self.inline_table(path)
        elif self.text[self.at] in "\"'":
            self.string()
        else:
            self.skip(_SCALAR)

    def array(self, path: KeyPath) -> None:
        index = 0
        while True:
            self.skip(_BLANK_LINES)
            if self.looking_at("]"):
                self.at += 1
                return
            element = (*path, index)
            self.places[element] = self.at
            self.value(element)
            index += 1
            self.skip(_BLANK_LINES)
            if self.looking_at(","):
                self.at += 1

    def inline_table(self, path: KeyPath) -> None:
        while True:
            self.skip(_BLANK_LINES)
            if self.looking_at("}"):
                self.at += 1
                return
            self.pair(path)
            self.skip(_BLANK_LINES)
            if self.looking_at(","):
                self.at += 1


def _unquoted(token: str) -> str:
    if token[0] == "'":
        return token[1:-1]
    import tomli  # a quoted key is rare; its escapes are TOML's

    (key,) = tomli.loads(f"{token} = 0")
    return key


def locate(text: str) -> dict[KeyPath, tuple[int, int]]:
    """The line and column, both from 1, of every key and array element of ``text``.

    ``text`` must be valid TOML (``tomli.loads`` accepts it).
    """
    scanner = _Scanner(text)
    scanner.document()
    places: dict[KeyPath, tuple[int, int]] = {}
    line, line_start = 1, 0
    for path, offset in sorted(scanner.places.items(), key=lambda item: item[1]):
        line += text.count("\n", line_start, offset)
        line_start = max(line_start, text.rfind("\n", 0, offset) + 1)
        places[path] = (line, offset - line_start + 1)
    return places
