# SPDX-License-Identifier: Apache-2.0
"""Ranges of physical addresses."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Region:
    """``size`` bytes of physical address space from ``start`` on."""

    start: int
    size: int

    def __post_init__(self) -> None:
        if self.start < 0 or self.size < 0:
            raise ValueError(f"a region cannot be negative: {self.start}, {self.size}")

    @property
    def end(self) -> int:
        """The first address behind the region."""
        return self.start + self.size

    def overlaps(self, other: Region) -> bool:
        """Whether any byte belongs to both; an empty region overlaps nothing."""
        return self.start < other.end and other.start < self.end and min(self.size, other.size) > 0

    def contains(self, other: Region) -> bool:
        """Whether every byte of ``other`` lies in this region."""
        return self.start <= other.start and other.end <= self.end

    def __str__(self) -> str:
        return f"{self.start:#010x}-{self.end - 1:#010x}" if self.size else f"{self.start:#010x} (empty)"


def align_up(value: int, alignment: int) -> int:
    """The next multiple of ``alignment`` (a power of two) at or after ``value``."""
    return (value + alignment - 1) & -alignment


def align_down(value: int, alignment: int) -> int:
    """The last multiple of ``alignment`` (a power of two) at or before ``value``."""
    return value & -alignment


def gaps(within: Region, taken: Iterable[Region]) -> list[Region]:
    """What is left of ``within`` when ``taken`` is taken out, in ascending order."""
    free: list[Region] = []
    start = within.start
    for region in sorted(taken):
        if region.end <= start or region.size == 0:
            continue
        if region.start >= within.end:
            break
        if region.start > start:
            free.append(Region(start, region.start - start))
        start = region.end
    if start < within.end:
        free.append(Region(start, within.end - start))
    return free
