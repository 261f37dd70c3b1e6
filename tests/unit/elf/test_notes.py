# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fwbuild.elf.notes import (
    ENTRY_MODES,
    ENTRY_POINT,
    PAYLOAD_DIGEST,
    SECONDARIES,
    Note,
    Statement,
    understand,
)
from fwbuild.model.modes import Mode, StartMethod
from fwbuild.model.problem import FwbuildError


def words(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}I", *values)


def test_bytes_of_a_note_are_as_specified() -> None:
    note = Note(ENTRY_MODES, words(1, 1, 2, 3))
    assert note.encode() == bytes.fromhex(
        "08000000 10000000 00010000" + b"fwbuild\0".hex() + "01000000 01000000 02000000 03000000"
    )
    assert note.section == ".note.fwbuild.entry-modes"


def test_a_descriptor_is_padded_but_counted_without_padding() -> None:
    data = Note(0x200, b"abcde").encode()
    assert struct.unpack_from("<III", data) == (8, 5, 0x200)
    assert data[20:] == b"abcde\0\0\0"
    assert Note(0x200, b"").section == ".note.fwbuild.0x200"


@given(
    st.builds(
        Statement,
        modes=st.permutations(list(Mode)).flatmap(lambda m: st.integers(1, 4).map(lambda n: tuple(m[:n]))),
        uniform=st.booleans(),
        entry_point=st.none() | st.integers(0, 2**64 - 1),
        secondaries=st.permutations(list(StartMethod)).map(tuple),
        payload_digest=st.just(b"") | st.binary(min_size=32, max_size=32),
    )
)
def test_what_was_said_is_understood(statement: Statement) -> None:
    assert understand(statement.notes(), path="x") == statement


@pytest.mark.parametrize(
    ("note_type", "descriptor", "what"),
    [
        (ENTRY_MODES, words(1, 0), "names no mode"),
        (ENTRY_MODES, words(2, 0, 2), "has version 2; this fwbuild knows 1"),
        (ENTRY_MODES, words(1, 2, 2), "has unknown flags 0x2"),
        (ENTRY_MODES, words(1, 0, 2, 2), "names a mode twice"),
        (ENTRY_MODES, words(1, 0, 5), "names the unknown mode 5"),
        (ENTRY_MODES, words(1, 0, 2) + b"\0", "has 13 bytes, which are no whole words"),
        (ENTRY_POINT, words(1), "has 4 bytes, not 8"),
        (SECONDARIES, words(9), "names the unknown start method 9"),
        (PAYLOAD_DIGEST, b"short", "has 5 bytes, not 32"),
    ],
)
def test_bad_notes(note_type: int, descriptor: bytes, what: str) -> None:
    with pytest.raises(FwbuildError) as caught:
        understand([Note(note_type, descriptor)], path="vmlinux")
    (problem,) = caught.value.problems
    assert problem.code == "bad-note"
    assert problem.message.startswith("vmlinux: the ")
    assert problem.message.endswith(what)


def test_a_note_that_stands_twice() -> None:
    note = Note(ENTRY_POINT, bytes(8))
    with pytest.raises(FwbuildError, match="the ENTRY_POINT note stands twice"):
        understand([note, note], path="x")


def test_newer_notes_are_left_aside() -> None:
    assert understand([Note(0x1FF, b"?")], path="x") == Statement()
