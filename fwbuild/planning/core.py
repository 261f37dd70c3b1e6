# SPDX-License-Identifier: Apache-2.0
"""What fwbuild itself adds to every image: parts, and edits of the device tree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fwbuild.devicetree.tree import Node, Tree
from fwbuild.model.contribution import Part, Target
from fwbuild.model.devicetree import AddressOf, Cells, DeleteNode, Edit, Flag, SetProperty, Strings
from fwbuild.model.modes import StartMethod
from fwbuild.model.plan import BOOT_CODE, DEVICE_TREE, EARLIER_STAGE
from fwbuild.model.problem import fail
from fwbuild.model.region import Region, align_up
from fwbuild.planning.bootcode import BOOT_CODE_RESERVE, release_offset

#: What the device tree may grow by, in bytes, over its base and twice its fragments:
#: what the edits add is a few hundred bytes for each CPU, module and bank of memory.
_TREE_GROWTH = 0x4000

#: The three cells of a CPU's record, in the order in which the boot code writes them.
RECORD = ("fwbuild,entry-mode", "fwbuild,secure-state", "fwbuild,hyp-state")

#: What the cells hold until their CPU has written them: neither a mode nor a state. A CPU
#: that never came is so told from one that came, and a record left unwritten is no truth.
_UNWRITTEN = 0xFFFFFFFF


def tree_reserve(base: int, fragments: int) -> int:
    """What the device tree may take, for a base and fragments of so many bytes."""
    return align_up(base + 2 * fragments + _TREE_GROWTH, 0x1000)


def core_parts(reserve: int, window: Region | None, *, staged: bool) -> tuple[Part, ...]:
    """The parts of every image that are fwbuild's own.

    ``reserve`` is what the device tree may take and ``window`` where it must lie;
    ``staged`` says that the proof needs an earlier stage. The
    boot code goes to the top of memory: kernels take the bottom for granted, and Linux
    cannot boot when the first page of RAM is reserved with no-map.
    """
    parts = [
        Part(name=DEVICE_TREE, text="device tree", size=reserve, memory_size=reserve, window=window),
        Part(
            name=BOOT_CODE,
            text="boot code and pen",
            size=BOOT_CODE_RESERVE,
            memory_size=BOOT_CODE_RESERVE,
            high=True,
            resident=True,
        ),
    ]
    if staged:
        text = "the proof's earlier stage, not in the image"
        size = BOOT_CODE_RESERVE
        parts.append(Part(name=EARLIER_STAGE, text=text, size=size, memory_size=size, high=True))
    return tuple(parts)


def cpu_nodes(target: Target, tree: Tree) -> tuple[str, ...]:
    """The device-tree path of each CPU of ``target``, boot CPU first."""
    known = {node.cell("reg"): path for path, node in _cpus(tree)}
    return tuple(known.get(cpu.mpidr, f"/cpus/cpu@{cpu.mpidr:x}") for cpu in target.cpus)


def core_edits(target: Target, tree: Tree, parts: Sequence[Part]) -> tuple[Edit, ...]:
    """What every image's device tree says: memory, CPUs and their records, what is reserved, the console."""
    return (
        *_memory(target, tree),
        *_cpu_edits(target, tree),
        *_spin_table(target, tree),
        *_reserved(tree, parts),
        SetProperty("/chosen", "stdout-path", Strings((_console(target, tree),))),
    )


def _memory(target: Target, tree: Tree) -> Iterator[Edit]:
    for name in tree.root.children:
        if name == "memory" or name.startswith("memory@"):
            yield DeleteNode(f"/{name}")
    for bank in target.platform.memory:
        node = f"/memory@{bank.start:x}"
        yield SetProperty(node, "device_type", Strings(("memory",)))
        yield SetProperty(node, "reg", _reg(tree, bank.start, bank.size))


def _cpus(tree: Tree) -> Iterator[tuple[str, Node]]:
    cpus = tree.root.children.get("cpus")
    if cpus is not None:
        for name, node in cpus.children.items():
            if name.startswith("cpu@"):
                yield f"/cpus/{name}", node


def _cpu_edits(target: Target, tree: Tree) -> Iterator[Edit]:
    paths = cpu_nodes(target, tree)
    present = [path for path, _ in _cpus(tree)]
    if not present:
        yield SetProperty("/cpus", "#address-cells", Cells((1,)))
        yield SetProperty("/cpus", "#size-cells", Cells((0,)))
    for path in present:
        if path not in paths:
            yield DeleteNode(path)
    for path, cpu in zip(paths, target.cpus, strict=True):
        if path not in present:
            yield SetProperty(path, "device_type", Strings(("cpu",)))
            yield SetProperty(path, "compatible", Strings((f"arm,{cpu.core}",)))
            yield SetProperty(path, "reg", Cells((cpu.mpidr,)))
        # Each CPU overwrites its own with what it found.
        for name in RECORD:
            yield SetProperty(path, name, Cells((_UNWRITTEN,)))


def _spin_table(target: Target, tree: Tree) -> Iterator[Edit]:
    """Where the payload writes a secondary's entry point (Devicetree Specification 3.8.1)."""
    if target.platform.secondaries.method is not StartMethod.SPIN_TABLE:
        return
    for path, cpu in list(zip(cpu_nodes(target, tree), target.cpus, strict=True))[1:]:
        word = AddressOf(BOOT_CODE, offset=release_offset(target, cpu.mpidr))
        yield SetProperty(path, "enable-method", Strings(("spin-table",)))
        yield SetProperty(path, "cpu-release-addr", Cells((word,), width=2))


def _reserved(tree: Tree, parts: Sequence[Part]) -> Iterator[Edit]:
    parent = "/reserved-memory"
    if "reserved-memory" not in tree.root.children:
        address, size = _widths(tree)
        yield SetProperty(parent, "#address-cells", Cells((address,)))
        yield SetProperty(parent, "#size-cells", Cells((size,)))
        yield SetProperty(parent, "ranges", Flag())
    for part in parts:
        if part.resident:
            node, start = f"{parent}/{part.name}", AddressOf(part.name)
            yield SetProperty(node, "reg", _reg(tree, start, part.memory_size), unit=start)
            yield SetProperty(node, "no-map", Flag(), unit=start)


def _reg(tree: Tree, start: int | AddressOf, size: int) -> Cells:
    """A ``reg`` below the root."""
    return Cells((start, size), width=_widths(tree))


def _widths(tree: Tree) -> tuple[int, int]:
    """The root's #address-cells and #size-cells, with the defaults of the specification (2.3.5)."""
    return tree.root.cell("#address-cells", 2), tree.root.cell("#size-cells", 1)


def _console(target: Target, tree: Tree) -> str:
    console = target.platform.console
    if tree.find(console.path) is None:
        raise fail(
            "bad-device-tree",
            f"the base tree has no console node {console.path}",
            origin=target.platform.origins.of("console", "path"),
        )
    return f"{console.path}:{console.baud}n8"
