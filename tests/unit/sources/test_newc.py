# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import stat
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fwbuild.sources import newc
from fwbuild.sources.newc import Entry, archive


@dataclass(frozen=True)
class Header:
    """The fields in their order in the kernel's buffer-format.rst."""

    ino: int
    mode: int
    uid: int
    gid: int
    nlink: int
    mtime: int
    filesize: int
    maj: int
    min: int
    rmaj: int
    rmin: int
    namesize: int
    chksum: int


def parse(data: bytes) -> Iterator[tuple[Header, str, bytes]]:
    """A reader of our own, written after buffer-format.rst and not after the writer."""
    at = 0
    while True:
        assert at % 4 == 0
        assert data[at : at + 6] == b"070701"
        header = Header(*(int(data[at + 6 + 8 * number : at + 14 + 8 * number], 16) for number in range(13)))
        name_end = at + 110 + header.namesize
        name = data[at + 110 : name_end]
        assert name[-1:] == b"\0"
        start = (name_end + 3) & ~3
        assert not any(data[name_end:start])
        content = data[start : start + header.filesize]
        at = (start + header.filesize + 3) & ~3
        assert not any(data[start + header.filesize : at])
        if name == b"TRAILER!!!\0":
            assert not any(data[at:])
            return
        yield header, name[:-1].decode(), content


ENTRIES = st.lists(
    st.builds(
        Entry,
        name=st.text("abc/ü", min_size=1, max_size=12),
        mode=st.integers(0, 0xFFFF),
        data=st.binary(max_size=9),
        device=st.tuples(st.integers(0, 255), st.integers(0, 255)),
    ),
    max_size=5,
)


@given(ENTRIES, st.integers(0, 0xFFFFFFFF))
def test_what_is_written_can_be_read(entries: list[Entry], mtime: int) -> None:
    data = archive(entries, mtime=mtime)
    assert len(data) % 512 == 0
    found = list(parse(data))
    assert [(name, header.mode, content) for header, name, content in found] == [
        (entry.name, entry.mode, entry.data) for entry in entries
    ]
    assert [(header.rmaj, header.rmin) for header, _, _ in found] == [entry.device for entry in entries]
    assert [header.ino for header, _, _ in found] == list(range(1, len(entries) + 1))
    assert {header.mtime for header, _, _ in found} <= {mtime}
    assert all((header.uid, header.gid, header.chksum, header.maj, header.min) == (0,) * 5 for header, _, _ in found)


def test_kinds_of_entries() -> None:
    entries = [
        newc.folder("d"),
        newc.folder("t", 0o1777),
        newc.file("f", b"x", 0o755),
        newc.link("l", "f"),
        newc.character_device("c", 5, 1),
    ]
    found = {name: (stat.filemode(header.mode), header.nlink) for header, name, _ in parse(archive(entries))}
    assert found == {
        "d": ("drwxr-xr-x", 2),
        "t": ("drwxrwxrwt", 2),
        "f": ("-rwxr-xr-x", 1),
        "l": ("lrwxrwxrwx", 1),
        "c": ("crw-------", 1),
    }


def test_an_archive_byte_for_byte() -> None:
    """The bytes that gen_init_cpio and GNU cpio write, but for the inode numbers."""
    assert archive([newc.file("ab", b"12345")], mtime=0x11).startswith(
        b"070701"
        b"00000001" b"000081A4" b"00000000" b"00000000" b"00000001" b"00000011" b"00000005"
        b"00000000" b"00000000" b"00000000" b"00000000" b"00000003" b"00000000"
        b"ab\0\0\0\0" b"12345\0\0\0"
        b"070701"
        b"00000000" b"00000000" b"00000000" b"00000000" b"00000001" b"00000000" b"00000000"
        b"00000000" b"00000000" b"00000000" b"00000000" b"0000000B" b"00000000"
        b"TRAILER!!!\0" b"\0\0\0"
    )  # fmt: skip


def test_numbers_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match="a: a field does not fit into 32 bits"):
        archive([newc.file("a", b"")], mtime=1 << 32)
    with pytest.raises(ValueError, match="a: a field does not fit into 32 bits"):
        archive([newc.file("a", b"")], mtime=-1)
