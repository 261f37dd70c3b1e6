# SPDX-License-Identifier: Apache-2.0
"""Whatever is in a file that starts like ELF, it is read or refused; see also planning/test_carriers.py."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fwbuild.elf.load import read_loadable
from fwbuild.elf.notes import Statement, understand
from fwbuild.elf.write import Segment, write_elf32
from fwbuild.model.contribution import ElfSegment
from fwbuild.model.modes import Mode
from fwbuild.model.problem import FwbuildError

STATEMENT = Statement(modes=(Mode.HYP, Mode.SVC), uniform=True, entry_point=0x80000004, payload_digest=bytes(32))


def sample() -> bytes:
    file = io.BytesIO()
    write_elf32(
        file,
        entry=0x80001004,
        segments=[
            Segment(name="late", address=0x80001000, content=b"code" * 2),
            Segment(name="early", address=0x80000000, content=b"data", memory_size=0x10),
        ],
        notes=STATEMENT.notes(),
    )
    return file.getvalue()


SAMPLE = sample()


def test_segments_in_the_order_of_their_addresses(tmp_path: Path) -> None:
    path = tmp_path / "k.elf"
    path.write_bytes(SAMPLE)
    found = read_loadable(path, "k")
    assert [(each.address, each.size, each.memory_size) for each in found.segments] == [
        (0x80000000, 4, 0x10),
        (0x80001000, 8, 8),
    ]
    assert isinstance(found.segments[0], ElfSegment)
    assert found.entry == 0x80001004
    assert SAMPLE[found.segments[1].offset :][:8] == b"code" * 2
    assert understand(found.notes, path="k") == STATEMENT


@settings(max_examples=400)
@given(st.lists(st.tuples(st.integers(0, 400) | st.integers(0, len(SAMPLE) - 1), st.integers(0, 255)), max_size=6))
def test_damage_is_a_problem_and_no_crash(
    tmp_path_factory: pytest.TempPathFactory, damage: list[tuple[int, int]]
) -> None:
    data = bytearray(SAMPLE)
    for place, value in damage:
        data[place] = value
    path = tmp_path_factory.mktemp("damage") / "k.elf"
    path.write_bytes(data)
    try:
        found = read_loadable(path, "k")
        understand(found.notes, path="k")
    except FwbuildError:
        return
    for segment in found.segments:
        assert segment.offset + segment.size <= len(data)
        assert segment.address + segment.memory_size <= 1 << 32
