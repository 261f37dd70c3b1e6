# SPDX-License-Identifier: Apache-2.0
"""Writes the archive of an initial RAM disk: cpio in the format `newc`.

The format is in the kernel's Documentation/driver-api/early-userspace/buffer-format.rst.
An entry is a header, a name that ends with a zero byte, and the data; after the name and
after the data come zero bytes up to a multiple of four. The header has a magic number
and 13 fields of 8 hex digits. An entry called ``TRAILER!!!`` ends the archive.
"""

from __future__ import annotations

import stat
from collections.abc import Iterable
from dataclasses import dataclass

_MAGIC = b"070701"
_TRAILER = "TRAILER!!!"
_MAX = 0xFFFF_FFFF
#: What the kernel's own gen_init_cpio pads an archive to, in bytes.
_BLOCK = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing in the archive. ``mode`` has the type of file in it, as in stat.S_IFREG.

    ``name`` is the path without a slash in front; folders come before what is in them.
    ``data`` is a file's content or a symbolic link's target, ``device`` a device's major
    and minor number.
    """

    name: str
    mode: int
    data: bytes = b""
    device: tuple[int, int] = (0, 0)


def folder(name: str, permissions: int = 0o755) -> Entry:
    """A folder."""
    return Entry(name=name, mode=stat.S_IFDIR | permissions)


def file(name: str, data: bytes, permissions: int = 0o644) -> Entry:
    """A regular file."""
    return Entry(name=name, mode=stat.S_IFREG | permissions, data=data)


def link(name: str, target: str) -> Entry:
    """A symbolic link."""
    return Entry(name=name, mode=stat.S_IFLNK | 0o777, data=target.encode())


def character_device(name: str, major: int, minor: int, permissions: int = 0o600) -> Entry:
    """A character device with these numbers (the kernel's devices.txt lists them)."""
    return Entry(name=name, mode=stat.S_IFCHR | permissions, device=(major, minor))


def archive(entries: Iterable[Entry], *, mtime: int = 0) -> bytes:
    """The archive of ``entries``, all owned by root and changed at ``mtime`` (in seconds).

    Inode numbers count from 1: two entries never look like links to one file.
    """
    parts = [_entry(entry, number, mtime) for number, entry in enumerate(entries, 1)]
    parts.append(_entry(Entry(name=_TRAILER, mode=0), 0, 0))
    whole = b"".join(parts)
    return whole + bytes(-len(whole) % _BLOCK)


def _entry(entry: Entry, inode: int, mtime: int) -> bytes:
    name = entry.name.encode() + b"\0"
    major, minor = entry.device
    fields = (
        inode,
        entry.mode,
        0,  # uid
        0,  # gid
        2 if stat.S_ISDIR(entry.mode) else 1,  # links
        mtime,
        len(entry.data),
        0,  # major and minor number of the device that the file is on
        0,
        major,
        minor,
        len(name),
        0,  # checksum, which this variant of the format does not use
    )
    if max(fields) > _MAX or min(fields) < 0:
        raise ValueError(f"{entry.name}: a field does not fit into 32 bits")
    header = _MAGIC + b"".join(b"%08X" % value for value in fields)
    return _padded(header + name) + _padded(entry.data)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
