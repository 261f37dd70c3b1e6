# SPDX-License-Identifier: Apache-2.0
"""Where devices are: `reg` of a node, translated to the addresses that a CPU uses.

Devicetree Specification v0.4, 2.3.6 and 2.3.8.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwbuild.devicetree.tree import Node, Tree, names_in
from fwbuild.model.region import Region


def regions_of(tree: Tree, path: str) -> tuple[Region, ...]:
    """The stretches of `reg` of the node at ``path``, as a CPU sees them.

    Empty if the node is not there, has no whole `reg`, or stands on a bus that no CPU
    can address. Raises FwbuildError ``bad-device-tree`` for what cannot be a path.
    """
    way = [tree.root]
    for name in names_in(path):
        if name not in way[-1].children:
            return ()
        way.append(way[-1].children[name])
    if len(way) < 2:
        return ()
    parent = way[-2]
    found = [
        _translated(address, way[1:-1], tree.root)
        for address in _entries(way[-1], "reg", (_address_cells(parent), _size_cells(parent)))
    ]
    return tuple(Region(address, size) for address, size in found if address is not None)


def _translated(entry: tuple[int, ...], buses: list[Node], root: Node) -> tuple[int | None, int]:
    """``entry``, an address on the last of ``buses``, as an address of the root, and its size."""
    address, size = entry
    for index in range(len(buses) - 1, -1, -1):
        bus, above = buses[index], buses[index - 1] if index else root
        if "ranges" not in bus.properties:
            return None, size
        if not bus.properties["ranges"]:
            continue  # the same addresses
        widths = (_address_cells(bus), _address_cells(above), _size_cells(bus))
        for child, parent, length in _entries(bus, "ranges", widths):
            if child <= address < child + length:
                address = parent + address - child
                break
        else:
            return None, size
    return address, size


def _address_cells(node: Node) -> int:
    return node.cell_or_none("#address-cells") or 0 if "#address-cells" in node.properties else 2


def _size_cells(node: Node) -> int:
    return node.cell_or_none("#size-cells") or 0 if "#size-cells" in node.properties else 1


def _entries(node: Node, name: str, widths: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """The entries of the property ``name``: numbers of so many cells each. Nothing if they do not come out even."""
    value = node.properties.get(name, b"")
    step = 4 * sum(widths)
    if not step or len(value) % step:
        return
    for start in range(0, len(value), step):
        numbers, at = [], start
        for width in widths:
            numbers.append(int.from_bytes(value[at : at + 4 * width], "big"))
            at += 4 * width
        yield tuple(numbers)
