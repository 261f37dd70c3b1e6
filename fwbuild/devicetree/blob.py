# SPDX-License-Identifier: Apache-2.0
"""Reads and writes flattened device trees: Devicetree Specification v0.4, chapter 5.

Reading is strict. A tree comes out only if every byte of it is accounted for: a damaged
blob must not become an image that stops without a word.
"""

from __future__ import annotations

import itertools
import struct
from dataclasses import dataclass

from fwbuild.devicetree.tree import MAX_DEPTH, Node, Reservation, Tree, below, is_node_name, is_property_name
from fwbuild.model.problem import FwbuildError, Origin, fail

MAGIC = 0xD00DFEED

#: What is written, and the oldest version whose readers can read it.
VERSION = 17
LAST_COMPATIBLE_VERSION = 16

# The header's fields (5.2): magic, totalsize, off_dt_struct, off_dt_strings,
# off_mem_rsvmap, version, last_comp_version, boot_cpuid_phys, size_dt_strings,
# size_dt_struct.
_HEADER = struct.Struct(">10I")
_RESERVATION = struct.Struct(">QQ")
_PROPERTY = struct.Struct(">II")

# Tokens of the structure block (5.4.1).
_BEGIN_NODE = 1
_END_NODE = 2
_PROP = 3
_NOP = 4
_END = 9

#: Path of a node -> name of a property -> where in the blob its value starts.
Offsets = dict[str, dict[str, int]]


def read_blob(data: bytes, name: str = "device tree") -> Tree:
    """The tree in ``data``; ``name`` is what messages call it.

    Raises FwbuildError ``bad-device-tree``.
    """
    return _Reader(data, name).tree()


def write_blob(tree: Tree) -> bytes:
    """``tree`` as a version 17 blob; equal trees give equal bytes.

    Raises FwbuildError ``bad-device-tree`` if it is deeper than :data:`MAX_DEPTH`.
    """
    return write_located_blob(tree)[0]


def write_located_blob(tree: Tree) -> tuple[bytes, Offsets]:
    """:func:`write_blob`, and where in it the value of each property starts."""
    writer = _Writer(tree)
    return writer.blob(), writer.offsets


@dataclass(frozen=True, slots=True)
class _Block:
    """One of the four parts of a blob."""

    name: str
    start: int
    end: int


class _Reader:
    """Reads one blob, of which it believes nothing."""

    def __init__(self, data: bytes, name: str) -> None:
        self._data = data
        self._origin = Origin(path=name)
        self._names: dict[int, str] = {}

    def tree(self) -> Tree:
        self._check_start()
        header = _HEADER.unpack_from(self._data)
        _, size, structure, strings, reservations, version, compatible, boot_cpu, strings_size, structure_size = header
        self._check_version(version, compatible)
        self._check_size(size)
        self._structure = self._block("structure block", structure, structure_size, 4)
        self._strings = self._block("strings block", strings, strings_size, 1)
        tree = Tree(boot_cpu=boot_cpu)
        reserved = self._reservations(reservations, tree)
        self._check_overlap(_Block("header", 0, _HEADER.size), reserved, self._structure, self._strings)
        tree.root = self._nodes()
        tree.read_labels()
        return tree

    def _bad(self, message: str, offset: int, hint: str = "") -> FwbuildError:
        return fail("bad-device-tree", f"{message} (at offset {offset:#x})", origin=self._origin, hint=hint)

    def _check_start(self) -> None:
        data = self._data
        if data[:4] == MAGIC.to_bytes(4, "big"):
            if len(data) < _HEADER.size:
                raise self._bad(f"the blob ends inside its header of {_HEADER.size} bytes", len(data), _CUT_SHORT)
            return
        if not data:
            raise fail("bad-device-tree", "not a flattened device tree: the file is empty", origin=self._origin)
        raise fail(
            "bad-device-tree",
            f"not a flattened device tree: starts with {data[:8].hex(' ')}",
            origin=self._origin,
            hint="this is source text: `dtc -O dtb` compiles it"
            if data.lstrip().startswith((b"/dts-v1/", b"//", b"/*"))
            else f"a flattened device tree (.dtb) starts with {MAGIC.to_bytes(4, 'big').hex(' ')}",
        )

    def _check_version(self, version: int, compatible: int) -> None:
        if version < VERSION:
            hint = f"`dtc -I dtb -O dtb -V {VERSION}` converts it"
            raise self._bad(f"the blob is of version {version}; {VERSION} is the oldest that is read", 0x14, hint)
        if compatible > VERSION:
            message = f"only readers of version {compatible} can read the blob; this one reads version {VERSION}"
            raise self._bad(message, 0x18)

    def _check_size(self, size: int) -> None:
        actual = len(self._data)
        if size > actual:
            raise self._bad(f"the header says {size} bytes, but there are only {actual}", 4, _CUT_SHORT)
        if size < actual:
            hint = "one file must hold one tree and nothing else"
            raise self._bad(f"{actual - size} bytes follow the end of the tree", size, hint)

    def _block(self, name: str, start: int, size: int, alignment: int) -> _Block:
        if start % alignment or size % alignment:
            raise self._bad(f"the {name} of {size} bytes is not aligned to {alignment}", start)
        if start + size > len(self._data):
            raise self._bad(f"the {name} of {size} bytes goes beyond the end of the blob", start, _CUT_SHORT)
        return _Block(name, start, start + size)

    def _check_overlap(self, *blocks: _Block) -> None:
        ordered = sorted(blocks, key=lambda block: (block.start, block.end))
        for one, other in itertools.pairwise(ordered):
            if other.start < one.end:
                raise self._bad(f"the {other.name} overlaps the {one.name}", other.start)

    def _reservations(self, start: int, tree: Tree) -> _Block:
        """Fill in the tree's reservations, up to the entry of two zeros that ends them (5.3)."""
        if start % 8:
            raise self._bad("the memory reservation block is not aligned to 8", start)
        position = start
        while position + _RESERVATION.size <= len(self._data):
            address, size = _RESERVATION.unpack_from(self._data, position)
            position += _RESERVATION.size
            if not address and not size:
                return _Block("memory reservation block", start, position)
            if not size or address + size > 1 << 64:
                # Linux, libfdt and dtc take an entry of no bytes for the end.
                wrong = "goes beyond the last address" if size else "reserves nothing and hides what follows"
                message = f"the memory reservation of {size:#x} bytes at {address:#x} {wrong}"
                raise self._bad(message, position - _RESERVATION.size)
            tree.reservations.append(Reservation(address=address, size=size))
        raise self._bad("the memory reservation block has no end", start, _CUT_SHORT)

    def _nodes(self) -> Node:
        """The root, with all below it, from the structure block (5.4)."""
        open_nodes: list[Node] = []
        root: Node | None = None
        position = self._structure.start
        while True:
            at = position
            token = self._u32(position)
            position += 4
            if token == _NOP:
                continue
            if token == _PROP and open_nodes:
                position = self._property(open_nodes[-1], position)
            elif token == _BEGIN_NODE and (open_nodes or root is None):
                name, position = self._node_name(position, is_root=root is None)
                node = self._open(open_nodes, name, at)
                root = root or node
            elif token == _END_NODE and open_nodes:
                open_nodes.pop()
            elif token == _END and root is not None and not open_nodes:
                break
            else:
                raise self._bad(_misplaced(token, len(open_nodes)), at)
        if position != self._structure.end:
            left = self._structure.end - position
            raise self._bad(f"{left} bytes follow the end of the tree in the structure block", position)
        return root

    def _open(self, open_nodes: list[Node], name: str, at: int) -> Node:
        node = Node(name)
        if len(open_nodes) > MAX_DEPTH:
            raise self._bad(f"the node `{name}` lies deeper than {MAX_DEPTH} levels", at)
        if open_nodes:
            siblings = open_nodes[-1].children
            if name in siblings:
                raise self._bad(f"the node `{open_nodes[-1].name or '/'}` has two children `{name}`", at)
            siblings[name] = node
        open_nodes.append(node)
        return node

    def _node_name(self, position: int, *, is_root: bool) -> tuple[str, int]:
        """The name at ``position``, and where the next token is."""
        end = self._data.find(b"\0", position, self._structure.end)
        if end < 0:
            raise self._bad("the name of a node has no end", position)
        name = self._data[position:end].decode("latin-1")
        if name if is_root else not is_node_name(name):
            what = "the root must have an empty name, not" if is_root else "a node cannot be called"
            raise self._bad(f"{what} {name!r}", position)
        return name, _aligned(end + 1)

    def _property(self, node: Node, position: int) -> int:
        """Read the property behind a token into ``node``; where the next token is."""
        start = position + _PROPERTY.size
        if start > self._structure.end:
            raise self._bad("the structure block ends inside a property", position)
        length, name_offset = _PROPERTY.unpack_from(self._data, position)
        name = self._property_name(name_offset, position + 4)
        where = node.name or "/"
        if length > self._structure.end - start:
            message = f"the property `{name}` of `{where}` has {length} bytes, more than the structure block"
            raise self._bad(message, position)
        if node.children:
            raise self._bad(f"the property `{name}` of `{where}` comes after a child of it", position)
        if name in node.properties:
            raise self._bad(f"the node `{where}` has two properties `{name}`", position)
        node.properties[name] = self._data[start : start + length]
        return _aligned(start + length)

    def _property_name(self, offset: int, at: int) -> str:
        known = self._names.get(offset)
        if known is not None:
            return known
        start = self._strings.start + offset
        end = self._data.find(b"\0", start, self._strings.end)
        if end < 0:  # also when it starts behind the block
            raise self._bad(f"the strings block has no whole string at {offset:#x}", at)
        name = self._data[start:end].decode("latin-1")
        if not is_property_name(name):
            raise self._bad(f"a property cannot be called {name!r}", at)
        self._names[offset] = name
        return name

    def _u32(self, position: int) -> int:
        if position + 4 > self._structure.end:
            raise self._bad("the structure block ends before the tree does", position)
        return int.from_bytes(self._data[position : position + 4], "big")


_CUT_SHORT = "the file was cut short or damaged: get it again"


def _misplaced(token: int, depth: int) -> str:
    """What is wrong with a token that may not come next, with ``depth`` nodes open."""
    names = {
        _BEGIN_NODE: "a second root",
        _END_NODE: "the end of a node",
        _PROP: "a property",
        _END: "the end of the tree",
    }
    if token not in names:
        return f"{token:#x} is no token of a structure block"
    return f"{names[token]} {f'inside {depth} open nodes' if depth else 'outside of any node'}"


def _aligned(position: int) -> int:
    """The next multiple of 4."""
    return (position + 3) & ~3


class _Writer:
    """Makes one blob: header, reservations, structure block, strings block."""

    def __init__(self, tree: Tree) -> None:
        self.offsets: Offsets = {}
        self._tree = tree
        entries = [(entry.address, entry.size) for entry in tree.reservations]
        self._reservations = b"".join(_RESERVATION.pack(*entry) for entry in (*entries, (0, 0)))
        self._structure_start = _HEADER.size + len(self._reservations)
        self._structure = bytearray()
        self._strings = bytearray()
        self._string_offsets: dict[str, int] = {}

    def blob(self) -> bytes:
        self._node(self._tree.root, "/", 0)
        self._token(_END)
        strings_start = self._structure_start + len(self._structure)
        header = _HEADER.pack(
            MAGIC,
            strings_start + len(self._strings),
            self._structure_start,
            strings_start,
            _HEADER.size,  # a multiple of 8, as the reservations need
            VERSION,
            LAST_COMPATIBLE_VERSION,
            self._tree.boot_cpu,
            len(self._strings),
            len(self._structure),
        )
        return header + self._reservations + self._structure + self._strings

    def _node(self, node: Node, path: str, depth: int) -> None:
        if depth > MAX_DEPTH:
            raise fail("bad-device-tree", f"the node `{path}` lies deeper than {MAX_DEPTH} levels")
        self._token(_BEGIN_NODE)
        self._padded(node.name.encode() + b"\0")
        offsets = self.offsets.setdefault(path, {})
        for name, value in node.properties.items():
            self._token(_PROP)
            self._structure += _PROPERTY.pack(len(value), self._string(name))
            offsets[name] = self._structure_start + len(self._structure)
            self._padded(value)
        for name, child in node.children.items():
            self._node(child, below(path, name), depth + 1)
        self._token(_END_NODE)

    def _token(self, token: int) -> None:
        self._structure += token.to_bytes(4, "big")

    def _padded(self, data: bytes) -> None:
        self._structure += data
        self._structure += bytes(-len(data) % 4)

    def _string(self, name: str) -> int:
        """Where ``name`` is in the strings block; it is added when it is first used."""
        if name not in self._string_offsets:
            self._string_offsets[name] = len(self._strings)
            self._strings += name.encode() + b"\0"
        return self._string_offsets[name]
