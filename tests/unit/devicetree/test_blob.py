# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import random
import struct

import pytest
from hypothesis import given, settings

from fwbuild.devicetree.blob import MAGIC, read_blob, write_blob, write_located_blob
from fwbuild.devicetree.tree import MAX_DEPTH, Node, Reservation, Tree
from fwbuild.model.problem import FwbuildError
from tests.unit.devicetree.oracle import compile_source, decompile, repacked
from tests.unit.devicetree.trees import BASE, trees

# Offsets of header fields.
SIZE, STRUCTURE, STRINGS, RESERVATIONS, VERSION, COMPATIBLE, STRINGS_SIZE, STRUCTURE_SIZE = (
    4, 8, 12, 16, 20, 24, 32, 36,
)  # fmt: skip

BEGIN, END_NODE, PROP, NOP, END = (token.to_bytes(4, "big") for token in (1, 2, 3, 4, 9))
ROOT = BEGIN + bytes(4)


def blob_of(structure: bytes, strings: bytes = b"reg\0bad name\0", reservations: bytes = bytes(16)) -> bytes:
    """A blob of blocks that may say anything."""
    start = 40 + len(reservations)
    end = start + len(structure)
    header = struct.pack(
        ">10I", MAGIC, end + len(strings), start, end, 40, 17, 16, 0, len(strings), len(structure)
    )  # fmt: skip
    return header + reservations + structure + strings


def patched(blob: bytes, **fields: int) -> bytes:
    """``blob`` with other numbers in its header."""
    offsets = {
        "size": SIZE, "structure": STRUCTURE, "strings": STRINGS, "reservations": RESERVATIONS, "version": VERSION,
        "compatible": COMPATIBLE, "strings_size": STRINGS_SIZE, "structure_size": STRUCTURE_SIZE,
    }  # fmt: skip
    data = bytearray(blob)
    for name, value in fields.items():
        data[offsets[name] : offsets[name] + 4] = value.to_bytes(4, "big")
    return bytes(data)


def prop(length: int, name: int, value: bytes = b"") -> bytes:
    return PROP + struct.pack(">II", length, name) + value


def order_of(tree: Tree) -> list[tuple[str, list[str]]]:
    return [(path, list(node.properties)) for path, node in tree.walk()]


SMALL = blob_of(ROOT + prop(4, 0, b"\0\0\0\1") + END_NODE + END)


@pytest.fixture(scope="module")
def base() -> bytes:
    return compile_source(BASE, "-@")


def test_reads_what_dtc_writes(base: bytes) -> None:
    tree = read_blob(base)
    assert tree.reservations == [Reservation(address=0x80000000, size=0x1000)]
    assert list(tree.root.children) == ["aliases", "cpus", "soc", "__symbols__"]
    assert tree.root.properties["compatible"] == b"acme,board\0acme,soc\0"
    assert tree.make("/soc").properties["ranges"] == b""
    assert tree.make("/soc/serial@2000").properties["mac"] == bytes.fromhex("001122334455")


def test_writes_what_dtc_reads(base: bytes) -> None:
    assert decompile(write_blob(read_blob(base))) == decompile(base)


@settings(derandomize=True, deadline=None, max_examples=100)
@given(trees)
def test_a_tree_survives_writing_and_reading(tree: Tree) -> None:
    blob = write_blob(tree)
    again = read_blob(blob)
    assert again == tree
    assert order_of(again) == order_of(tree)
    assert write_blob(again) == blob


@settings(derandomize=True, deadline=None, max_examples=60)
@given(trees)
def test_dtc_reads_the_same_tree(tree: Tree) -> None:
    again = read_blob(repacked(write_blob(tree), "-b", str(tree.boot_cpu)))
    assert again == tree
    assert order_of(again) == order_of(tree)


def test_the_header() -> None:
    tree = Tree(boot_cpu=3, reservations=[Reservation(address=1 << 40, size=16)])
    tree.make("/a").properties["reg"] = b"\0" * 5
    blob = write_blob(tree)
    fields = struct.unpack_from(">10I", blob)
    magic, size, structure, strings, reservations, version, compatible, boot, strings_size, structure_size = fields
    assert (magic, version, compatible, boot) == (0xD00DFEED, 17, 16, 3)
    assert (reservations, structure, strings) == (40, 72, 72 + structure_size)
    assert size == len(blob) == strings + strings_size
    assert blob[40:72] == struct.pack(">QQQQ", 1 << 40, 16, 0, 0)
    assert blob.endswith(b"reg\0")


def test_strings_are_shared_and_in_the_order_of_first_use() -> None:
    tree = Tree(root=Node("", {"xb": b"", "xa": b""}, {"n": Node("n", {"xa": b"", "a": b"", "xb": b""})}))
    assert write_blob(tree).endswith(b"xb\0xa\0a\0")
    assert write_blob(tree).count(b"xa\0") == 1


def test_padding_is_zero() -> None:
    blob = write_blob(Tree(root=Node("", {"a": b"\xff" * 5}, {"xyzabc": Node("xyzabc")})))
    assert b"\xff" * 5 + bytes(3) + BEGIN + b"xyzabc\0\0" + END_NODE in blob


@settings(derandomize=True, deadline=None, max_examples=50)
@given(trees)
def test_offsets_lead_to_values(tree: Tree) -> None:
    blob, offsets = write_located_blob(tree)
    assert list(offsets) == [path for path, _ in tree.walk()]
    for path, node in tree.walk():
        assert list(offsets[path]) == list(node.properties)
        for name, value in node.properties.items():
            start = offsets[path][name]
            assert start % 4 == 0
            assert blob[start : start + len(value)] == value


def test_overwriting_a_cell_changes_that_cell(base: bytes) -> None:
    tree = read_blob(base)
    blob, offsets = write_located_blob(tree)
    start = offsets["/cpus/cpu@1"]["reg"]
    changed = blob[:start] + b"\x12\x34\x56\x78" + blob[start + 4 :]
    tree.make("/cpus/cpu@1").properties["reg"] = b"\x12\x34\x56\x78"
    assert read_blob(changed) == tree


def test_nops_mean_nothing() -> None:
    blob = blob_of(NOP + ROOT + NOP + prop(4, 0, b"\0\0\0\1") + NOP + END_NODE + NOP + END)
    assert read_blob(blob) == read_blob(SMALL)


def test_a_later_version_that_17_can_read_is_read() -> None:
    assert read_blob(patched(SMALL, version=18, compatible=17)) == read_blob(SMALL)


def test_blocks_may_lie_in_another_order_with_gaps() -> None:
    structure = ROOT + prop(4, 0, b"\0\0\0\1") + END_NODE + END
    data = bytes(40) + b"reg\0" + bytes(4) + structure + bytes(8 - len(structure) % 8) + bytes(16)
    header = struct.pack(">10I", MAGIC, len(data), 48, 40, len(data) - 16, 17, 16, 0, 4, len(structure))
    assert read_blob(header + data[40:]) == read_blob(SMALL)


def test_as_deep_as_allowed_and_one_deeper() -> None:
    tree = Tree()
    tree.make("/a" * MAX_DEPTH)
    assert read_blob(write_blob(tree)) == tree
    tree.make("/a" * MAX_DEPTH).child("b")
    with pytest.raises(FwbuildError) as error:
        write_blob(tree)
    path = "/a" * MAX_DEPTH + "/b"
    assert str(error.value) == f"the node `{path}` lies deeper than 62 levels"


NAMED = BEGIN + b"cpu\0"
HEAD = 56  # where the structure block of blob_of starts

BROKEN = [
    (b"", "not a flattened device tree: the file is empty"),
    (b"\x7fELF\1\1\1\0\0", "not a flattened device tree: starts with 7f 45 4c 46 01 01 01 00"),
    (b"\xd0\x0d", "not a flattened device tree: starts with d0 0d"),
    (SMALL[:39], "the blob ends inside its header of 40 bytes (at offset 0x27)"),
    (patched(SMALL, version=16), "the blob is of version 16; 17 is the oldest that is read (at offset 0x14)"),
    (
        patched(SMALL, version=19, compatible=18),
        "only readers of version 18 can read the blob; this one reads version 17 (at offset 0x18)",
    ),
    (SMALL[:-1], f"the header says {len(SMALL)} bytes, but there are only {len(SMALL) - 1} (at offset 0x4)"),
    (SMALL + b"\0", f"1 bytes follow the end of the tree (at offset {len(SMALL):#x})"),
    (
        patched(SMALL, structure=58),
        "the structure block of 32 bytes is not aligned to 4 (at offset 0x3a)",
    ),
    (patched(SMALL, structure_size=31), "the structure block of 31 bytes is not aligned to 4 (at offset 0x38)"),
    (
        patched(SMALL, structure_size=0x1000),
        "the structure block of 4096 bytes goes beyond the end of the blob (at offset 0x38)",
    ),
    (
        patched(SMALL, strings_size=14),
        "the strings block of 14 bytes goes beyond the end of the blob (at offset 0x58)",
    ),
    (patched(SMALL, strings=60), "the strings block overlaps the structure block (at offset 0x3c)"),
    (patched(SMALL, structure=0x20), "the structure block overlaps the header (at offset 0x20)"),
    (patched(SMALL, reservations=8), "the memory reservation block overlaps the header (at offset 0x8)"),
    (patched(SMALL, reservations=44), "the memory reservation block is not aligned to 8 (at offset 0x2c)"),
    (patched(SMALL, reservations=96), "the memory reservation block has no end (at offset 0x60)"),
    (
        blob_of(SMALL[HEAD:88], reservations=struct.pack(">QQQQ", 1 << 63, (1 << 63) + 1, 0, 0)),
        "the memory reservation of 0x8000000000000001 bytes at 0x8000000000000000 goes beyond the last address"
        " (at offset 0x28)",
    ),
    (
        blob_of(SMALL[HEAD:88], reservations=struct.pack(">QQQQ", 0x1000, 0, 0, 0)),
        "the memory reservation of 0x0 bytes at 0x1000 reserves nothing and hides what follows (at offset 0x28)",
    ),
    (blob_of(b""), "the structure block ends before the tree does (at offset 0x38)"),
    (blob_of(ROOT + END_NODE), "the structure block ends before the tree does (at offset 0x44)"),
    (blob_of(END), "the end of the tree outside of any node (at offset 0x38)"),
    (blob_of(ROOT + END), "the end of the tree inside 1 open nodes (at offset 0x40)"),
    (blob_of(END_NODE + END), "the end of a node outside of any node (at offset 0x38)"),
    (blob_of(prop(0, 0) + END), "a property outside of any node (at offset 0x38)"),
    (blob_of(ROOT + END_NODE + ROOT + END_NODE + END), "a second root outside of any node (at offset 0x44)"),
    (blob_of(ROOT + b"\0\0\0\5" + END_NODE + END), "0x5 is no token of a structure block (at offset 0x40)"),
    (blob_of(SMALL[HEAD:88] + END), "4 bytes follow the end of the tree in the structure block (at offset 0x58)"),
    (blob_of(BEGIN + b"cpu\0" + END_NODE + END), "the root must have an empty name, not 'cpu' (at offset 0x3c)"),
    (blob_of(ROOT + BEGIN + b"a b\0" + END_NODE * 2 + END), "a node cannot be called 'a b' (at offset 0x44)"),
    (blob_of(ROOT + BEGIN + bytes(4) + END_NODE * 2 + END), "a node cannot be called '' (at offset 0x44)"),
    (blob_of(ROOT + BEGIN + b"\xff" * 8), "the name of a node has no end (at offset 0x44)"),
    (blob_of(ROOT + (NAMED + END_NODE) * 2 + END_NODE + END), "the node `/` has two children `cpu` (at offset 0x4c)"),
    (
        blob_of(ROOT + (BEGIN + b"a\0\0\0") * 63),
        "the node `a` lies deeper than 62 levels (at offset 0x230)",
    ),
    (blob_of(ROOT + PROP + bytes(4)), "the structure block ends inside a property (at offset 0x44)"),
    (
        blob_of(ROOT + prop(64, 0) + END_NODE + END),
        "the property `reg` of `/` has 64 bytes, more than the structure block (at offset 0x44)",
    ),
    (
        blob_of(ROOT + NAMED + END_NODE + prop(0, 0) + END_NODE + END),
        "the property `reg` of `/` comes after a child of it (at offset 0x50)",
    ),
    (blob_of(ROOT + prop(0, 0) * 2 + END_NODE + END), "the node `/` has two properties `reg` (at offset 0x50)"),
    (blob_of(ROOT + prop(0, 4) + END_NODE + END), "a property cannot be called 'bad name' (at offset 0x48)"),
    (
        blob_of(ROOT + prop(0, 0x4000) + END_NODE + END),
        "the strings block has no whole string at 0x4000 (at offset 0x48)",
    ),
    (
        blob_of(ROOT + prop(0, 0) + END_NODE + END, strings=b"reg"),
        "the strings block has no whole string at 0x0 (at offset 0x48)",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("blob", "message"), BROKEN, ids=range(len(BROKEN)))
def test_what_is_wrong_with_a_blob_is_said(blob: bytes, message: str) -> None:
    with pytest.raises(FwbuildError) as error:
        read_blob(blob, "board.dtb")
    (problem,) = error.value.problems
    assert problem.code == "bad-device-tree"
    assert str(problem.origin) == "board.dtb"
    assert problem.message == message


@pytest.mark.parametrize(
    ("blob", "hint"),
    [
        (b"// a board\n/dts-v1/;\n", "this is source text: `dtc -O dtb` compiles it"),
        (b"\x7fELF", "a flattened device tree (.dtb) starts with d0 0d fe ed"),
        (patched(SMALL, version=16), "`dtc -I dtb -O dtb -V 17` converts it"),
        (SMALL[:-1], "the file was cut short or damaged: get it again"),
        (SMALL * 2, "one file must hold one tree and nothing else"),
    ],
)
def test_hints(blob: bytes, hint: str) -> None:
    with pytest.raises(FwbuildError) as error:
        read_blob(blob)
    assert error.value.problems[0].hint == hint


def damaged(data: bytes, dice: random.Random) -> bytes:
    """``data`` with a few words or bytes changed, cut out or doubled."""
    changed = bytearray(data)
    for _ in range(dice.randint(1, 3)):
        start = dice.randrange(0, max(len(changed), 4), 4)
        match dice.randrange(5):
            case 0:
                changed[start : start + 1] = bytes([dice.randrange(256)])
            case 1 | 2:
                word = dice.choice([0, 1, 2, 3, 4, 9, 0x7FFFFFFF, 0xFFFFFFFC, 0xFFFFFFFF, dice.randrange(len(data))])
                changed[start : start + 4] = word.to_bytes(4, "big")
            case 3:
                del changed[start : start + 4 * dice.randrange(1, 8)]
            case 4:
                changed[start:start] = changed[start : start + 4 * dice.randrange(1, 8)]
    return bytes(changed)


def test_no_damage_gets_past_the_reader_as_another_exception(base: bytes) -> None:
    """Whatever is read must also be a tree that can be written and read again."""
    dice = random.Random(20240229)
    _, _, structure, strings, reservations, *_ = struct.unpack_from(">10I", base)
    blocks = base[structure:strings], base[strings:], base[reservations:structure]
    read = 0
    codes: set[str] = set()
    for round_ in range(6000):
        which = round_ % 4
        if which == 3:  # the header too, or only the header
            blob = damaged(base, dice) if dice.randrange(2) else damaged(base[:40], dice) + base[40:]
        else:  # one block, in a header that fits
            blob = blob_of(*(damaged(block, dice) if which == index else block for index, block in enumerate(blocks)))
        try:
            tree = read_blob(blob)
        except FwbuildError as error:
            codes.update(problem.code for problem in error.problems)
        else:
            assert read_blob(write_blob(tree)) == tree
            read += 1
    assert codes == {"bad-device-tree"}
    assert 600 < read < 3000
