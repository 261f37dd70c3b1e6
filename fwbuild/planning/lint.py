# SPDX-License-Identifier: Apache-2.0
"""Holds a platform's numbers against its own device tree: a wrong one boots nothing, or worse.

The boot code takes its numbers from platform.toml, the payload from the tree. Where both
name the same device they must agree; the console above all, for a secure UART in place
of the payload's prints nothing, and a GIC of another board leaves interrupts secure.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwbuild.devicetree.addresses import regions_of
from fwbuild.devicetree.tree import Tree
from fwbuild.model.contribution import Target
from fwbuild.model.platform import Platform
from fwbuild.model.problem import Origin, Problem

#: `compatible` of the GICs up to version 2: Linux
#: Documentation/devicetree/bindings/interrupt-controller/arm,gic.yaml.
_GICS = {
    b"arm,arm11mp-gic",
    b"arm,cortex-a15-gic",
    b"arm,cortex-a7-gic",
    b"arm,cortex-a5-gic",
    b"arm,cortex-a9-gic",
    b"arm,gic-400",
    b"arm,pl390",
}
_TIMER = b"arm,armv7-timer"


def mismatches(target: Target, tree: Tree) -> list[Problem]:
    """What ``target``'s platform and its base tree contradict each other in."""
    platform = target.platform
    found = [*_console(platform, tree), *_gic(platform, tree), *_timer(platform, tree)]
    return [_mismatch(target, what, ours, theirs, origin) for what, ours, theirs, origin in found]


_Found = tuple[str, int, int, Origin]


def _console(platform: Platform, tree: Tree) -> Iterator[_Found]:
    console = platform.console
    regions = regions_of(tree, console.path)
    if regions and regions[0].start != console.address:
        yield f"the console {console.path}", console.address, regions[0].start, console.origins.of("address")


def _gic(platform: Platform, tree: Tree) -> Iterator[_Found]:
    gic = platform.gic
    for path, node in tree.walk():
        names = set(node.properties.get("compatible", b"").split(b"\0"))
        regions = regions_of(tree, path)
        if names & _GICS and len(regions) >= 2:
            if regions[0].start != gic.distributor:
                yield "the GIC's distributor", gic.distributor, regions[0].start, gic.origins.of("distributor")
            if regions[1].start != gic.cpu_interface:
                yield "the GIC's CPU interface", gic.cpu_interface, regions[1].start, gic.origins.of("cpu-interface")
            return


def _timer(platform: Platform, tree: Tree) -> Iterator[_Found]:
    """A tree that gives the counter's frequency makes Linux believe it before CNTFRQ."""
    if platform.timer is None:
        return
    for _, node in tree.walk():
        if _TIMER in node.properties.get("compatible", b"").split(b"\0"):
            frequency = node.cell_or_none("clock-frequency")
            if frequency is not None and frequency != platform.timer.frequency:
                yield "the counter", platform.timer.frequency, frequency, platform.timer.origins.of("frequency")


def _mismatch(target: Target, what: str, ours: int, theirs: int, origin: Origin) -> Problem:
    base = target.platform.device_tree.base
    shown = f"{ours:,} Hz, but at {theirs:,} Hz" if what == "the counter" else f"{ours:#x}, but at {theirs:#x}"
    verb = "runs at" if what == "the counter" else "is at"
    return Problem(
        code="platform-mismatch",
        message=f"{what} {verb} {shown} in its device tree ({base})",
        origin=origin,
        hint="the payload believes the tree: correct the number here, or the tree by a fragment of the platform",
    )
