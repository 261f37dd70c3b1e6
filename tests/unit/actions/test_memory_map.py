# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from fwbuild.actions.memory_map import MapAction, Row, draw
from fwbuild.model.region import Region
from tests.unit.actions.stage import perform


def row(name: str, start: int, size: int, used: int = 0) -> Row:
    return Row(name=name, text=f"the {name}", region=Region(start, size), used=used)


def test_parts_and_gaps_of_every_bank() -> None:
    banks = [Region(0x0, 0x10000), Region(0x80000000, 0x100000)]
    rows = [row("last", 0x800FF000, 0x1000, 12), row("first", 0x80000000, 0x2000), row("low", 0x1000, 0x1000, 4096)]
    assert draw("a title", banks, rows).splitlines() == [
        "a title",
        "",
        "  RAM 0x00000000-0x0000ffff, 64 KiB",
        "  +------------+-------+",
        "  | 0x00000000 |       | free, 4 KiB",
        "  +------------+-------+",
        "  | 0x00001000 | low   | the low: 4,096 bytes, takes 4 KiB",
        "  +------------+-------+",
        "  | 0x00002000 |       | free, 56 KiB",
        "  +------------+-------+",
        "  RAM 0x80000000-0x800fffff, 1 MiB",
        "  +------------+-------+",
        "  | 0x80000000 | first | the first: takes 8 KiB",
        "  +------------+-------+",
        "  | 0x80002000 |       | free, 1012 KiB",
        "  +------------+-------+",
        "  | 0x800ff000 | last  | the last: 12 bytes, takes 4 KiB",
        "  +------------+-------+",
    ]


def test_an_empty_bank_and_no_parts() -> None:
    assert draw("t", [Region(0x80000000, 0x1000)], []).splitlines()[2:] == [
        "  RAM 0x80000000-0x80000fff, 4 KiB",
        "  +------------+--+",
        "  | 0x80000000 |  | free, 4 KiB",
        "  +------------+--+",
    ]


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (1, "1 bytes"),
        (1023, "1023 bytes"),
        (1024, "1 KiB"),
        (1536, "1.5 KiB"),
        (3 << 20, "3 MiB"),
        (1 << 30, "1 GiB"),
        ((1 << 30) - 4096, "1024.0 MiB"),
        (3 << 29, "1.5 GiB"),
    ],
)
def test_sizes(size: int, text: str) -> None:
    assert f"| free, {text}\n" in draw("t", [Region(0, size)], [])


def test_a_row_may_take_the_size_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "code").write_bytes(bytes(1234))
    shown = {"text": "t", "start": 0x1000, "size": 0x1000, "used": 7}
    params = {
        "title": "a title",
        "banks": [[0, 0x4000]],
        "rows": [{"name": "a", **shown, "input": "code"}, {"name": "b", **shown, "start": 0x2000, "input": ""}],
    }
    made = perform(MapAction(), tmp_path / "step", params=params, inputs={"code": tmp_path / "code"}, outputs=("map",))
    text = made["map"].read_text()
    assert "| a | t: 1,234 bytes, takes 4 KiB\n" in text
    assert "| b | t: 7 bytes, takes 4 KiB\n" in text
