# SPDX-License-Identifier: Apache-2.0
"""The reader against Python's own; what it refuses is tested by way of packages in test_deb."""

from __future__ import annotations

import io
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fwbuild.sources.tar import Entry, TarReader, UnsoundError
from tests.unit.sources.archive import entry

_KINDS = {
    tarfile.REGTYPE: "file",
    tarfile.DIRTYPE: "directory",
    tarfile.SYMTYPE: "symbolic link",
    tarfile.LNKTYPE: "hard link",
    tarfile.CHRTYPE: "special file",
    tarfile.FIFOTYPE: "special file",
}
_PART = st.text(st.characters(codec="utf-8", exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1)
_NAMES = st.lists(_PART, min_size=1, max_size=40).map("/".join).filter(lambda name: len(name.encode()) < 1000)


def read_all(data: bytes) -> list[tuple[Entry, bytes]]:
    found = []
    reader = TarReader(io.BytesIO(data))
    for item in reader:
        content = io.BytesIO()
        reader.copy(content)
        found.append((item, content.getvalue()))
    return found


@given(
    st.lists(st.tuples(_NAMES, st.sampled_from(sorted(_KINDS)), _NAMES, st.binary(max_size=1500)), max_size=5),
    st.sampled_from([tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT]),
)
def test_it_reads_what_python_writes(items: list[tuple[str, bytes, str, bytes]], form: int) -> None:
    out = io.BytesIO()
    expected = []
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for name, kind, target, data in items:
            content = data if kind == tarfile.REGTYPE else b""
            is_link = kind in (tarfile.SYMTYPE, tarfile.LNKTYPE)
            info, _ = entry(name, content, kind, target if is_link else "")
            try:
                archive.addfile(info, io.BytesIO(content))
            except ValueError:  # ustar has no room for such a name
                continue
            expected.append((name, _KINDS[kind], info.linkname, content))
    found = [(item.name.removesuffix("/"), item.kind, item.target, data) for item, data in read_all(out.getvalue())]
    assert found == [(name.removesuffix("/"), *rest) for name, *rest in expected]


def test_data_that_is_not_asked_for_is_skipped() -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name in ("a", "b"):
            info, data = entry(name, name.encode() * 700)
            archive.addfile(info, io.BytesIO(data))
    assert [item.name for item in TarReader(io.BytesIO(out.getvalue()))] == ["a", "b"]


def test_the_end_may_be_missing_between_entries_only() -> None:
    info, data = entry("a", b"data")
    whole = info.tobuf(tarfile.GNU_FORMAT) + data.ljust(512, b"\0")
    assert read_all(b"") == []
    assert [content for _, content in read_all(whole)] == [b"data"]
    for length in (1, 511, 512, 515, 1023):
        with pytest.raises(UnsoundError, match="it ends in the middle of an entry"):
            read_all(whole[:length])


def test_large_sizes_are_binary() -> None:
    info, _ = entry("a")
    info.size = 1 << 40
    reader = TarReader(io.BytesIO(info.tobuf(tarfile.GNU_FORMAT)))
    assert next(iter(reader)).size == 1 << 40


def test_a_file_of_unix_v7_whose_name_ends_with_a_slash_is_a_folder() -> None:
    info, _ = entry("a/", kind=tarfile.AREGTYPE)
    ((item, _),) = read_all(info.tobuf(tarfile.GNU_FORMAT))
    assert item.kind == "directory"


def with_sum(header: bytearray) -> bytes:
    header[148:156] = b"%06o\0 " % (sum(header[:148]) + 8 * 32 + sum(header[156:512]))
    return bytes(header)


def test_gnus_times_are_no_part_of_the_name() -> None:
    """Where ustar has the front of a long name, GNU's tar has times."""
    info, _ = entry("a")
    header = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    header[345:357] = b"14000000000\0"
    ((item, _),) = read_all(with_sum(header))
    assert item.name == "a"


def test_a_link_has_no_data_whatever_size_it_tells() -> None:
    """Some programs write the size of the file that a hard link leads to."""
    info, _ = entry("a", kind=tarfile.LNKTYPE, target="b")
    info.size = 700
    last, data = entry("c", b"data")
    whole = info.tobuf(tarfile.GNU_FORMAT) + last.tobuf(tarfile.GNU_FORMAT) + data.ljust(512, b"\0")
    assert [(item.name, item.size) for item, _ in read_all(whole)] == [("a", 0), ("c", 4)]


@given(st.binary(max_size=4096))
def test_noise_is_refused_or_empty(data: bytes) -> None:
    try:
        found = read_all(data)
    except UnsoundError:
        return
    assert found == []
