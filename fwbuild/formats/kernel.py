# SPDX-License-Identifier: Apache-2.0
"""Reads the release of a Linux kernel out of its zImage.

The kernel proper is packed inside; it begins with its packer's magic number (Linux
lib/decompress.c) and holds the banner of init/version.c.
"""

from __future__ import annotations

import lzma
import re
import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

from fwbuild.model.contribution import Material

#: The banner's beginning; /proc/version has one without a number, which is not meant.
_BANNER = re.compile(rb"Linux version (\d+\.\d+[^\s\0]{0,64})[ \0]")

#: A kernel is not larger than this when unpacked, in bytes: others are not looked through.
_LIMIT = 96 << 20
_CHUNK = 1 << 20
#: A magic number may occur by chance; so many places are tried.
_TRIES = 8


class _Unpacker(Protocol):
    @property
    def eof(self) -> bool: ...

    def decompress(self, data: bytes, max_length: int = ...) -> bytes: ...


#: What the standard library can unpack: gzip, xz, and lzma of unknown length.
_PACKERS: tuple[tuple[re.Pattern[bytes], Callable[[], _Unpacker]], ...] = (
    (re.compile(rb"\x1f\x8b\x08"), lambda: zlib.decompressobj(wbits=31)),
    (re.compile(rb"\xfd7zXZ\0"), lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ)),
    (re.compile(rb"\x5d\0\0..\xff{8}", re.DOTALL), lambda: lzma.LZMADecompressor(lzma.FORMAT_ALONE)),
)


def linux_release(image: Material) -> str:
    """The release of the kernel in the zImage ``image``, such as ``6.1.0-50-armmp-lpae``.

    Empty if it cannot be found: in what LZ4, LZO or Zstandard packed, above all.
    """
    data = image.read()
    found = _BANNER.search(data)
    if found is not None:
        return found[1].decode(errors="replace")
    for magic, make in _PACKERS:
        for tries, place in enumerate(magic.finditer(data)):
            if tries == _TRIES:
                break
            release = _in(_unpacked(make(), memoryview(data)[place.start() :]))
            if release:
                return release
    return ""


def _unpacked(unpacker: _Unpacker, data: memoryview) -> Iterator[bytes]:
    """What ``unpacker`` makes of ``data``, piece by piece, until its end or until it is damaged."""
    made = 0
    for start in range(0, len(data), _CHUNK):
        try:
            piece = unpacker.decompress(bytes(data[start : start + _CHUNK]))
        except (zlib.error, lzma.LZMAError, EOFError):
            return
        yield piece
        made += len(piece)
        if made > _LIMIT or unpacker.eof:
            return


def _in(pieces: Iterator[bytes]) -> str:
    """The release in the first banner of ``pieces``, also if two of them share it."""
    rest = b""
    for piece in pieces:
        window = rest + piece
        found = _BANNER.search(window)
        if found is not None:
            return found[1].decode(errors="replace")
        rest = window[-128:]
    return ""
