# SPDX-License-Identifier: Apache-2.0
"""Reads a tar stream from front to back, and believes nothing that it says.

It knows what dpkg knows: the formats of Unix V7, ustar and GNU with long names. Python's
own reader knows more, such as sparse files and extended headers, by which a stream can
make it use any amount of memory or time. The formats are described in tar(5).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Literal

Kind = Literal["file", "directory", "symbolic link", "hard link", "special file"]

_BLOCK = 512
_COPY = 1 << 20
_LONGEST_NAME = 8192  # bytes; Linux has paths of up to 4096
_LONG_NAME, _LONG_TARGET = b"L", b"K"
_KINDS: dict[bytes, Kind] = {
    b"\0": "file",
    b"0": "file",
    b"1": "hard link",
    b"2": "symbolic link",
    b"3": "special file",  # a character device
    b"4": "special file",  # a block device
    b"5": "directory",
    b"6": "special file",  # a FIFO
}


class UnsoundError(Exception):
    """The stream is not one that dpkg would unpack."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry. ``target`` is where a link leads, ``size`` a file's length in bytes."""

    name: str
    kind: Kind
    target: str = ""
    size: int = 0


class TarReader:
    """Goes through the entries of ``stream`` once.

    Raises UnsoundError for what is no tar stream, and what reading ``stream`` raises.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        #: bytes of the entry at hand that were not read so far, and its padding
        self._left = 0
        self._padding = 0

    def __iter__(self) -> Iterator[Entry]:
        long: dict[bytes, bytes] = {}
        while True:
            self._skip()
            header = self._stream.read(_BLOCK)
            if not header.strip(b"\0"):
                return  # a block of zeros, or nothing more
            kind, size = _checked(header)
            if kind in (_LONG_NAME, _LONG_TARGET):
                if size > _LONGEST_NAME:
                    raise UnsoundError(f"a name of {size} bytes")
                long[kind] = self._exactly(size + -size % _BLOCK)[:size]
                continue
            if kind not in _KINDS:
                raise UnsoundError(f"an entry of a kind that dpkg does not know ({kind.decode('latin-1')!r})")
            entry = _entry(header, _KINDS[kind], size, long)
            long.clear()
            if entry.kind == "file":
                self._left, self._padding = size, -size % _BLOCK
            yield entry

    def copy(self, target: IO[bytes]) -> None:
        """Write the data of the file that was reached last to ``target``."""
        while self._left:
            chunk = self._exactly(min(self._left, _COPY))
            self._left -= len(chunk)
            target.write(chunk)

    def _skip(self) -> None:
        rest = self._left + self._padding
        self._left = self._padding = 0
        while rest:
            rest -= len(self._exactly(min(rest, _COPY)))

    def _exactly(self, size: int) -> bytes:
        data = self._stream.read(size)
        if len(data) < size:
            raise UnsoundError("it ends in the middle of an entry")
        return data


def _checked(header: bytes) -> tuple[bytes, int]:
    """The kind and the size of an entry."""
    if len(header) < _BLOCK:
        raise UnsoundError("it ends in the middle of an entry")
    # The sum is made with spaces in the place of the sum itself.
    if _number(header[148:156]) != sum(header[:148]) + 8 * ord(" ") + sum(header[156:]):
        raise UnsoundError("a broken header")
    return header[156:157], _number(header[124:136])


def _entry(header: bytes, kind: Kind, size: int, long: dict[bytes, bytes]) -> Entry:
    short = header[:100]
    if header[257:263] == b"ustar\0" and header[345] != 0:  # GNU's `ustar ` has other things there
        short = _text(header[345:500]) + b"/" + _text(short)
    name = _text(long.get(_LONG_NAME, short))
    if kind == "file" and name.endswith(b"/"):
        kind = "directory"  # as in Unix V7
    is_link = kind in ("symbolic link", "hard link")
    target = _text(long.get(_LONG_TARGET, header[157:257])) if is_link else b""
    return Entry(name=_readable(name), kind=kind, target=_readable(target), size=size if kind == "file" else 0)


def _text(field: bytes) -> bytes:
    return field.partition(b"\0")[0]


def _readable(name: bytes) -> str:
    return name.decode(errors="backslashreplace")


def _number(field: bytes) -> int:
    """Octal digits; or, for what is too large for them, binary after a byte 0x80."""
    if field[0] == 0x80:
        return int.from_bytes(field[1:], "big")
    digits = field.strip(b" \0")
    if digits.strip(b"01234567"):
        raise UnsoundError(f"a number that is none ({field!r})")
    return int(digits or b"0", 8)
