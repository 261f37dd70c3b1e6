# SPDX-License-Identifier: Apache-2.0
"""Judges the device tree as it lay in memory when the payload began."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fwbuild.devicetree.blob import read_blob
from fwbuild.devicetree.tree import Node, Tree
from fwbuild.model.modes import Mode, Ownership
from fwbuild.model.problem import FwbuildError
from fwbuild.model.region import Region
from fwbuild.model.verdict import Finding

#: Linux and Xen refuse larger trees (arch/arm/mm/mmu.c; docs/misc/arm/booting.txt).
_SIZE_LIMIT = 2 << 20
_SOURCE = "docs/reference/bindings.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What one CPU's node must say."""

    node: str
    mode: Mode
    secure: Ownership
    hyp: Ownership


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeRules:
    """Everything that the tree is judged by."""

    address: int
    records: tuple[Record, ...]
    #: memory that stays fwbuild's while the payload runs, by name
    resident: Mapping[str, Region]


def judge_tree(blob: bytes, rules: TreeRules) -> list[Finding]:
    """One finding for each rule about the tree."""
    if not blob:
        return [_finding("tree-there", False, "the payload gets a device tree", f"none at {rules.address:#x}")]
    try:
        tree = read_blob(blob, "the tree in memory")
    except FwbuildError as error:
        return [_finding("tree-there", False, "the payload gets a device tree", str(error))]
    size = f"{len(blob):,} bytes at {rules.address:#x}"
    fits = len(blob) <= _SIZE_LIMIT and rules.address % 8 == 0
    return [
        _finding("tree-there", True, "the payload gets a device tree", size),
        _finding("tree-fits", fits, "the tree is 8-byte aligned and at most 2 MiB large", size),
        _cpus(tree, rules.records),
        *(_resident(tree, name, region) for name, region in rules.resident.items()),
        *(_record(tree, record) for record in rules.records),
    ]


def _finding(rule: str, passed: bool, text: str, evidence: str) -> Finding:
    return Finding(rule=rule, passed=passed, text=text, evidence=evidence, source=_SOURCE)


def _cpus(tree: Tree, records: Sequence[Record]) -> Finding:
    """The tree names the CPUs of the image and no others: a payload waits for those that never come."""
    cpus = tree.find("/cpus")
    names = [] if cpus is None else [f"/cpus/{name}" for name in cpus.children if name.startswith("cpu@")]
    good = sorted(names) == sorted(record.node for record in records)
    return _finding("tree-cpus", good, "the tree names the CPUs of the image and no others", ", ".join(names) or "none")


def _resident(tree: Tree, name: str, region: Region) -> Finding:
    """``region`` is taken away from the payload: a no-map node of /reserved-memory."""
    text = f"the device tree reserves the memory of the {name}"
    reserved = tree.find("/reserved-memory")
    found = [] if reserved is None else [(child, _region(reserved, node)) for child, node in reserved.children.items()]
    for child, place in found:
        if place is not None and place.contains(region):
            assert reserved is not None
            no_map = "no-map" in reserved.children[child].properties
            evidence = f"{child} {place}{'' if no_map else ' without no-map'}"
            return _finding("resident-reserved", no_map, text, evidence)
    return _finding("resident-reserved", False, text, f"nothing in /reserved-memory covers {region}")


def _region(parent: Node, node: Node) -> Region | None:
    value = node.properties.get("reg")
    widths = parent.cell("#address-cells", 2), parent.cell("#size-cells", 1)
    if value is None or len(value) < 4 * sum(widths):
        return None
    split = 4 * widths[0]
    return Region(int.from_bytes(value[:split], "big"), int.from_bytes(value[split : split + 4 * widths[1]], "big"))


def _record(tree: Tree, record: Record) -> Finding:
    """The boot code has written what it found, and it is what was planned."""
    node = tree.find(record.node)
    wanted = (int(record.mode), int(record.secure), int(record.hyp))
    names = ("fwbuild,entry-mode", "fwbuild,secure-state", "fwbuild,hyp-state")
    found: Sequence[int | None] = [None if node is None else node.cell_or_none(name) for name in names]
    evidence = ", ".join(f"{name} {value}" for name, value in zip(names, found, strict=True))
    text = f"{record.node} says what the CPU owns"
    if tuple(found) != wanted:
        evidence += f"; planned were {', '.join(map(str, wanted))}"
    return _finding("record", tuple(found) == wanted, text, evidence)
