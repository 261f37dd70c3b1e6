# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fwbuild.model.contribution import Part
from fwbuild.model.devicetree import AddressOf
from fwbuild.model.plan import Layout
from fwbuild.model.platform import Memory
from fwbuild.model.problem import FwbuildError
from fwbuild.model.region import Region
from fwbuild.model.setting import no_origins
from fwbuild.planning.layout import lay_out, overlaps

RAM = 0x80000000


def bank(start: int = RAM, size: int = 0x100000) -> Memory:
    return Memory(start=start, size=size, source="test")


def part(name: str, size: int = 0x1000, **more: object) -> Part:
    return Part(name=name, text=f"the {name}", size=size, memory_size=size, **more)  # type: ignore[arg-type]  # test


def starts(layout: Layout) -> dict[str, int]:
    return {placed.part.name: placed.region.start for placed in layout.placed}


def codes(*parts: Part, fixed: dict[str, int] | None = None, memory: list[Memory] | None = None) -> list[str]:
    with pytest.raises(FwbuildError) as caught:
        lay_out(parts, memory or [bank()], fixed or {}, no_origins())
    return [f"{problem.code}: {problem.message}" for problem in caught.value.problems]


def test_lowest_first_highest_on_demand_fixed_before_all() -> None:
    layout = lay_out(
        [part("a"), part("b", alignment=0x10000), part("top", high=True), part("fixed", fixed=RAM)],
        [bank()],
        {},
        no_origins(),
    )
    assert starts(layout) == {"fixed": RAM, "a": RAM + 0x1000, "b": RAM + 0x10000, "top": RAM + 0xFF000}
    assert [placed.part.name for placed in layout.placed] == ["fixed", "a", "b", "top"]


def test_a_gap_is_filled_and_a_window_kept() -> None:
    layout = lay_out(
        [part("a", alignment=0x8000, fixed=RAM + 0x8000), part("b"), part("c", window=Region(RAM + 0x8800, 0x3000))],
        [bank()],
        {},
        no_origins(),
    )
    assert starts(layout) == {"b": RAM, "a": RAM + 0x8000, "c": RAM + 0x9000}


def test_the_recipe_decides_last() -> None:
    layout = lay_out([part("a", fixed=RAM)], [bank()], {"a": RAM + 0x5000}, no_origins())
    assert starts(layout) == {"a": RAM + 0x5000}


def test_the_second_bank_is_used_too() -> None:
    banks = [bank(), bank(RAM + 0x40000000)]
    assert starts(lay_out([part("big", size=0x100000), part("a")], banks, {}, no_origins()))["a"] == RAM + 0x40000000


def test_addresses_of_parts() -> None:
    layout = lay_out([part("a", size=0x123)], [bank()], {}, no_origins())
    assert layout.resolve(AddressOf("a")) == RAM
    assert layout.resolve(AddressOf("a", "end")) == RAM + 0x123
    assert layout.resolve(AddressOf("a", "size")) == 0x123
    assert layout.resolve(7) == 7
    with pytest.raises(FwbuildError, match="the image has no part `b`"):
        layout.resolve(AddressOf("b"))


def test_every_fixed_part_that_cannot_be_is_reported() -> None:
    assert codes(
        part("a"),
        part("b"),
        part("c"),
        part("d", window=Region(RAM, 0x1000)),
        fixed={"a": RAM, "b": RAM + 0x800, "c": 0x1000, "d": RAM + 0x4000, "e": RAM},
    ) == [
        "unknown-name: the image has no part `e` to lay out",
        "layout-rule: b (the b) at 0x80000800-0x800017ff is not aligned to 0x1000",
        "layout-no-room: c (the c) at 0x00001000-0x00001fff is not in RAM, which is 0x80000000-0x800fffff",
        "layout-rule: d (the d) at 0x80004000-0x80004fff must lie in 0x80000000-0x80000fff",
    ]


def test_fixed_parts_that_overlap() -> None:
    assert codes(part("a", size=0x2000), part("b"), fixed={"a": RAM, "b": RAM + 0x1000}) == [
        "layout-overlap: b (the b) at 0x80001000-0x80001fff overlaps a (the a) at 0x80000000-0x80001fff"
    ]


def test_a_part_that_is_too_large() -> None:
    (message,) = codes(part("a"), part("b", size=0x100000))
    assert message == ("layout-no-room: no room for b (the b): 1,048,576 bytes; taken are\n  0x80000000-0x80000fff a")


@given(
    st.lists(
        st.tuples(
            st.integers(0, 0x30000),
            st.sampled_from([1, 4, 0x1000, 0x10000]),
            st.booleans(),
            st.none() | st.integers(0, 0x100).map(lambda page: RAM + page * 0x1000),
        ),
        max_size=12,
    )
)
def test_no_layout_breaks_a_rule(wanted: list[tuple[int, int, bool, int | None]]) -> None:
    parts = [
        part(f"p{index}", size=size, alignment=alignment, high=high, fixed=fixed)
        for index, (size, alignment, high, fixed) in enumerate(wanted)
    ]
    banks = [bank(size=0x80000), bank(RAM + 0x90000, 0x70000)]
    try:
        layout = lay_out(parts, banks, {}, no_origins())
    except FwbuildError:
        return
    assert overlaps(layout.placed) == []
    assert len(layout.placed) == len(parts)
    for placed in layout.placed:
        assert placed.region.start % placed.part.alignment == 0
        assert any(Region(b.start, b.size).contains(placed.region) for b in banks)
        assert placed.part.fixed in (None, placed.region.start)
