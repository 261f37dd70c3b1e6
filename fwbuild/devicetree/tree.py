# SPDX-License-Identifier: Apache-2.0
"""A device tree in memory: nodes, their properties as bytes, and ways to find them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from fwbuild.model.problem import did_you_mean, fail

#: How far below the root a node may lie: Linux passes over what is deeper
#: (FDT_MAX_DEPTH - 2; unflatten_dt_nodes in drivers/of/fdt.c).
MAX_DEPTH = 62

#: The largest phandle: 0 and 0xffffffff mean that there is none.
MAX_PHANDLE = 0xFFFFFFFE

# Devicetree Specification v0.4, 2.2.1 and 2.2.4.1, and `*`, which dtc lets through. The
# limit of 31 characters in there is not kept: trees that Linux ships break it.
_NODE_NAME = re.compile(r"[0-9A-Za-z,._+-]+(@[0-9A-Za-z,._+-]+)?")
_PROPERTY_NAME = re.compile(r"[0-9A-Za-z,._+*?#-]+")

_SYMBOLS = "__symbols__"


def is_node_name(name: str) -> bool:
    """Whether a node other than the root may be called ``name``."""
    return _NODE_NAME.fullmatch(name) is not None


def is_property_name(name: str) -> bool:
    """Whether a property may be called ``name``."""
    return _PROPERTY_NAME.fullmatch(name) is not None


def names_in(path: str) -> tuple[str, ...]:
    """The names on the way from the root to ``path``; none for ``/``.

    Raises FwbuildError ``bad-device-tree`` for what cannot be a path.
    """
    names = tuple(path[1:].split("/")) if path != "/" else ()
    if not path.startswith("/") or not all(map(is_node_name, names)):
        raise fail(
            "bad-device-tree",
            f"`{path}` is not the path of a node",
            hint="a path is written like `/cpus/cpu@0`: from the root, each name with its unit address",
        )
    if len(names) > MAX_DEPTH:
        raise fail("bad-device-tree", f"a path of {len(names)} names is too long: nodes lie at most {MAX_DEPTH} deep")
    return names


def below(path: str, name: str) -> str:
    """The path of the node ``name`` in the node at ``path``."""
    return f"/{name}" if path == "/" else f"{path}/{name}"


@dataclass(slots=True)
class Node:
    """A node. Properties and children keep their order; the root's name is empty."""

    name: str
    properties: dict[str, bytes] = field(default_factory=dict)
    children: dict[str, Node] = field(default_factory=dict)

    def cell(self, name: str, default: int | None = None) -> int:
        """The property ``name``, which is one u32; ``default`` if the node has none.

        Raises FwbuildError ``bad-device-tree`` if it is not four bytes wide, or missing
        without a default.
        """
        value = self.properties.get(name)
        if value is None and default is not None:
            return default
        if value is None or len(value) != 4:
            wrong = f"no `{name}`" if value is None else f"a `{name}` of {len(value)} bytes, not the 4 of a cell"
            raise fail("bad-device-tree", f"the node `{self.name or '/'}` has {wrong}")
        return int.from_bytes(value, "big")

    def cell_or_none(self, name: str) -> int | None:
        """The property ``name`` as one u32; None if it is anything else, or missing."""
        value = self.properties.get(name, b"")
        return int.from_bytes(value, "big") if len(value) == 4 else None

    @property
    def phandle(self) -> int | None:
        """The number by which other nodes refer to this one, if it has one."""
        # linux,phandle is the name from before ePAPR; old trees have only that.
        number = self.cell_or_none("phandle") or self.cell_or_none("linux,phandle") or 0
        return number if 0 < number <= MAX_PHANDLE else None

    def child(self, name: str) -> Node:
        """The child ``name``, made if there is none."""
        return self.children.setdefault(name, Node(name))

    def walk(self, path: str = "/") -> Iterator[tuple[str, Node]]:
        """This node, which is at ``path``, and all below it with their paths, parents first."""
        yield path, self
        for name, node in self.children.items():
            yield from node.walk(below(path, name))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """A stretch of memory that the payload must leave alone."""

    address: int
    size: int


@dataclass(slots=True, kw_only=True)
class Tree:
    """A whole device tree.

    ``boot_cpu`` is the header's boot_cpuid_phys. ``labels`` leads from each label to the
    path of its node; /__symbols__, if the tree has that node, says the same.
    """

    root: Node = field(default_factory=lambda: Node(""))
    reservations: list[Reservation] = field(default_factory=list)
    boot_cpu: int = 0
    labels: dict[str, str] = field(default_factory=dict, compare=False)

    def walk(self) -> Iterator[tuple[str, Node]]:
        """Every node with its path, parents first."""
        return self.root.walk()

    def find(self, path: str) -> Node | None:
        """The node at ``path``, if there is one. Raises FwbuildError ``bad-device-tree``."""
        node = self.root
        for name in names_in(path):
            if name not in node.children:
                return None
            node = node.children[name]
        return node

    def node(self, path: str) -> Node:
        """The node at ``path``. Raises FwbuildError ``bad-device-tree`` if there is none."""
        node, at = self.root, "/"
        for name in names_in(path):
            if name not in node.children:
                message = f"there is no node `{path}`: `{at}` has no `{name}`"
                raise fail("bad-device-tree", message, hint=did_you_mean(name, node.children))
            node, at = node.children[name], below(at, name)
        return node

    def make(self, path: str) -> Node:
        """The node at ``path``, made if need be, with all on the way to it."""
        node = self.root
        for name in names_in(path):
            node = node.child(name)
        return node

    def delete(self, path: str) -> bool:
        """Take the node at ``path`` out, with all below it and their labels; whether it was there.

        Raises FwbuildError ``bad-device-tree`` for the root.
        """
        names = names_in(path)
        if not names:
            raise fail("bad-device-tree", "the root of a device tree cannot be deleted")
        parent = self.find(path[: path.rindex("/")] or "/")
        if parent is None or parent.children.pop(names[-1], None) is None:
            return False
        for label, target in list(self.labels.items()):
            if f"{target}/".startswith(f"{path}/"):
                del self.labels[label]
                if self.symbols is not None:
                    self.symbols.properties.pop(label, None)
        return True

    @property
    def symbols(self) -> Node | None:
        """The node with the labels, which is in trees made to be extended (``dtc -@``)."""
        return self.root.children.get(_SYMBOLS)

    def read_labels(self) -> None:
        """Take over what /__symbols__ says, as far as it leads to nodes."""
        if self.symbols is None:
            return
        paths = {path for path, _ in self.walk()}
        for label, value in self.symbols.properties.items():
            path = value.removesuffix(b"\0").decode(errors="replace")
            if path in paths:
                self.labels[label] = path

    def find_phandle(self, phandle: int) -> str | None:
        """The path of the first node with ``phandle``, if there is one."""
        return next((path for path, node in self.walk() if node.phandle == phandle), None)

    def phandle_of(self, node: Node) -> int:
        """The node's phandle. One that has none gets the number after the highest.

        Raises FwbuildError ``bad-device-tree`` if there is no higher number.
        """
        if node.phandle is not None:
            return node.phandle
        phandle = max((other.phandle or 0 for _, other in self.walk()), default=0) + 1
        if phandle > MAX_PHANDLE:
            raise fail("bad-device-tree", f"no phandle is left for `{node.name}`: {MAX_PHANDLE:#x} is taken")
        node.properties["phandle"] = phandle.to_bytes(4, "big")
        return phandle
