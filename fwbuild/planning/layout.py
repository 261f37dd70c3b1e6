# SPDX-License-Identifier: Apache-2.0
"""Gives every part of an image its place in memory, in one pass.

Parts with a fixed address come first, then the others in the order in which they were
contributed, each at the lowest (or highest) place that its rules allow. Nothing is
moved afterwards: a part whose bytes depend on the layout reserves what it may need.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fwbuild.model.contribution import Part
from fwbuild.model.plan import Layout, Placed
from fwbuild.model.platform import Memory
from fwbuild.model.problem import FwbuildError, Origin, Problem, did_you_mean
from fwbuild.model.region import Region, align_down, align_up, gaps
from fwbuild.model.setting import Origins


def lay_out(parts: Sequence[Part], memory: Sequence[Memory], fixed: Mapping[str, int], origins: Origins) -> Layout:
    """Place ``parts`` in ``memory``.

    ``fixed`` gives addresses by part name, as the recipe's [layout] does; ``origins``
    says where those stand. Raises FwbuildError with every part that has no place.
    """
    banks = [Region(bank.start, bank.size) for bank in memory]
    problems = _unknown(fixed, parts, origins)
    wanted = [(part, fixed.get(part.name, part.fixed)) for part in parts]
    placed: list[Placed] = []
    for part, address in wanted:
        if address is not None:
            problem = _place_fixed(part, address, banks, placed, _origin(part, fixed, origins))
            problems.extend([problem] if problem else [])
    if not problems:
        for part, address in wanted:
            if address is None:
                problem = _place_free(part, banks, placed, part.origin or origins.of())
                problems.extend([problem] if problem else [])
    if problems:
        raise FwbuildError(problems)
    return Layout(tuple(sorted(placed, key=lambda item: item.region)))


def _unknown(fixed: Mapping[str, int], parts: Sequence[Part], origins: Origins) -> list[Problem]:
    names = {part.name for part in parts}
    return [
        Problem(
            code="unknown-name",
            message=f"the image has no part `{name}` to lay out",
            origin=origins.of("layout", name),
            hint=did_you_mean(name, names),
        )
        for name in fixed
        if name not in names
    ]


def _origin(part: Part, fixed: Mapping[str, int], origins: Origins) -> Origin:
    return origins.of("layout", part.name) if part.name in fixed else part.origin or origins.of()


def _place_fixed(
    part: Part, address: int, banks: Sequence[Region], placed: list[Placed], origin: Origin
) -> Problem | None:
    region = Region(address, part.memory_size)
    what = f"{part.name} ({part.text}) at {region}"
    if address % part.alignment:
        return Problem(
            code="layout-rule",
            message=f"{what} is not aligned to {part.alignment:#x}",
            origin=origin,
            hint=f"the next aligned address is {align_up(address, part.alignment):#x}",
        )
    if not any(bank.contains(region) for bank in banks):
        where = ", ".join(str(bank) for bank in banks)
        return Problem(
            code="layout-no-room",
            message=f"{what} is not in RAM, which is {where}",
            origin=origin,
            hint="the platform's [[memory]] says what there is; an ELF file must be linked for it",
        )
    if part.window is not None and not part.window.contains(region):
        return Problem(code="layout-rule", message=f"{what} must lie in {part.window}", origin=origin)
    for other in placed:
        if other.region.overlaps(region):
            message = f"{what} overlaps {other.part.name} ({other.part.text}) at {other.region}"
            return Problem(code="layout-overlap", message=message, origin=origin)
    placed.append(Placed(part=part, region=region))
    return None


def _place_free(part: Part, banks: Sequence[Region], placed: list[Placed], origin: Origin) -> Problem | None:
    taken = [other.region for other in placed]
    best: Region | None = None
    for bank in banks:
        for gap in gaps(bank, taken):
            region = _fit(part, gap)
            if region is None:
                continue
            if best is None or (region.start > best.start if part.high else region.start < best.start):
                best = region
    if best is None:
        window = f" within {part.window}" if part.window else ""
        used = "\n".join(f"  {other.region} {other.part.name}" for other in sorted(placed, key=lambda p: p.region))
        return Problem(
            code="layout-no-room",
            message=f"no room for {part.name} ({part.text}): {part.memory_size:,} bytes{window}; taken are\n{used}",
            origin=origin,
            hint="the platform's [[memory]] says how much there is; [layout] in the recipe moves parts",
        )
    placed.append(Placed(part=part, region=best))
    return None


def _fit(part: Part, gap: Region) -> Region | None:
    """Where ``part`` can lie in ``gap``, at its lowest or highest."""
    start, end = gap.start, gap.end
    if part.window is not None:
        start, end = max(start, part.window.start), min(end, part.window.end)
    address = align_down(end - part.memory_size, part.alignment) if part.high else align_up(start, part.alignment)
    return Region(address, part.memory_size) if start <= address and address + part.memory_size <= end else None


def overlaps(placed: Sequence[Placed]) -> list[tuple[Placed, Placed]]:
    """Every two parts that share a byte: the proof that a layout has none."""
    ordered = sorted(placed, key=lambda item: item.region)
    return [
        (one, other)
        for index, one in enumerate(ordered)
        for other in ordered[index + 1 :]
        if one.region.overlaps(other.region)
    ]
