# SPDX-License-Identifier: Apache-2.0
"""Draws memory as text: what lies where, and what is free."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from fwbuild.engine.action import Context
from fwbuild.engine.graph import Json
from fwbuild.model.region import Region, gaps


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One part on the map. ``used`` counts the bytes that the image really carries."""

    name: str
    text: str
    region: Region
    used: int


def draw(title: str, banks: Sequence[Region], rows: Sequence[Row]) -> str:
    """A picture of memory, low addresses first, with a line for each gap."""
    width = max((len(row.name) for row in rows), default=0)
    lines = [title, ""]
    for bank in banks:
        lines.append(f"  RAM {bank}, {_size(bank.size)}")
        inside = sorted((row for row in rows if bank.contains(row.region)), key=lambda row: row.region)
        items: list[tuple[Region, Row | None]] = [(row.region, row) for row in inside]
        items += [(gap, None) for gap in gaps(bank, [row.region for row in inside])]
        lines += _box(sorted(items, key=lambda item: item[0]), width)
    return "\n".join(lines) + "\n"


def _box(items: Sequence[tuple[Region, Row | None]], width: int) -> Iterator[str]:
    rule = "  +" + "-" * 12 + "+" + "-" * (width + 2) + "+"
    for region, row in items:
        yield rule
        if row is None:
            yield f"  | {region.start:#010x} | {'':{width}} | free, {_size(region.size)}"
        else:
            yield f"  | {region.start:#010x} | {row.name:{width}} | {row.text}: {_use(row)}"
    yield rule


def _use(row: Row) -> str:
    taken = f"takes {_size(row.region.size)}"
    return f"{row.used:,} bytes, {taken}" if row.used else taken


def _size(size: int) -> str:
    """``size`` bytes in the largest unit that makes a whole number, or rounded."""
    for unit, shift in (("GiB", 30), ("MiB", 20), ("KiB", 10)):
        if size >= 1 << shift:
            value = size / (1 << shift)
            return f"{value:.0f} {unit}" if value == int(value) else f"{value:.1f} {unit}"
    return f"{size} bytes"


@dataclass(frozen=True, slots=True)
class MapAction:
    """Step `map`: the layout as text.

    Params: ``title``, ``banks`` and ``rows``; a row may name an input whose size is then
    what the part uses. Output ``map``.
    """

    name: str = "map"
    version: int = 1

    def tools(self, params: Mapping[str, Json]) -> Mapping[str, str]:
        """No tool."""
        return {}

    def run(self, context: Context) -> None:
        """Write the map."""
        params = context.params
        rows = [
            Row(
                name=row["name"],
                text=row["text"],
                region=Region(row["start"], row["size"]),
                used=context.inputs[row["input"]].stat().st_size if row["input"] else row["used"],
            )
            for row in params["rows"]
        ]
        banks = [Region(start, size) for start, size in params["banks"]]
        context.outputs["map"].write_text(draw(params["title"], banks, rows), "utf-8")
