# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json

import pytest

from fwbuild.devicetree.blob import read_blob
from fwbuild.devicetree.edits import apply_edits, from_json, resolved, to_json
from fwbuild.devicetree.tree import Tree
from fwbuild.model.devicetree import AddressOf, Cells, DeleteNode, Edit, Flag, Number, SetProperty, Strings
from fwbuild.model.problem import FwbuildError
from tests.unit.devicetree.oracle import compile_source
from tests.unit.devicetree.trees import BASE

EDITS: tuple[Edit, ...] = (
    SetProperty("/chosen", "bootargs", Strings(("console=ttyAMA0",))),
    SetProperty("/chosen", "linux,initrd-start", Cells((AddressOf("initrd"),))),
    SetProperty("/chosen", "linux,initrd-end", Cells((AddressOf("initrd", "end"), 7), width=2)),
    SetProperty("/reserved-memory/pen@9f000000", "no-map", Flag()),
    SetProperty("/soc/serial@2000", "status", Strings(("okay", "really"))),
    DeleteNode("/cpus/cpu@1"),
    DeleteNode("/nothing"),
)


def resolve(number: Number) -> int:
    if isinstance(number, AddressOf):
        return {"start": 0x84000000, "end": 0x84001000, "size": 0x1000}[number.which]
    return number


@pytest.fixture
def tree() -> Tree:
    return read_blob(compile_source(BASE, "-@"))


def properties(tree: Tree, path: str) -> dict[str, bytes]:
    node = tree.find(path)
    assert node is not None
    return node.properties


def test_edits_are_applied(tree: Tree) -> None:
    apply_edits(tree, EDITS, resolve)
    assert properties(tree, "/chosen") == {
        "bootargs": b"console=ttyAMA0\0",
        "linux,initrd-start": b"\x84\0\0\0",
        "linux,initrd-end": b"\0\0\0\0\x84\0\x10\0" + b"\0\0\0\0\0\0\0\x07",
    }
    assert properties(tree, "/reserved-memory/pen@9f000000") == {"no-map": b""}
    assert properties(tree, "/soc/serial@2000")["status"] == b"okay\0really\0"
    assert tree.find("/cpus/cpu@1") is None
    assert "cpu1" not in tree.labels


def test_edits_are_applied_in_order(tree: Tree) -> None:
    edits: list[Edit] = [
        SetProperty("/n", "x", Cells((1,))),
        DeleteNode("/n"),
        SetProperty("/n", "y", Cells((2,))),
        SetProperty("/n", "y", Cells((3,))),
    ]
    apply_edits(tree, edits, resolve)
    assert properties(tree, "/n") == {"y": b"\0\0\0\3"}


def test_a_changed_property_keeps_its_place_and_new_ones_come_last(tree: Tree) -> None:
    edits = [SetProperty("/cpus/cpu@0", name, Cells((9,))) for name in ("b", "reg", "a")]
    apply_edits(tree, edits, resolve)
    assert list(properties(tree, "/cpus/cpu@0"))[:2] == ["device_type", "reg"]
    assert list(properties(tree, "/cpus/cpu@0"))[-2:] == ["b", "a"]


def test_json_carries_them(tree: Tree) -> None:
    carried = from_json(json.loads(json.dumps(to_json(EDITS, resolve))))
    other = read_blob(compile_source(BASE, "-@"))
    apply_edits(tree, EDITS, resolve)
    apply_edits(other, carried, resolved)
    assert other == tree


def test_the_json() -> None:
    assert to_json(EDITS[1:4] + EDITS[5:6], resolve) == [
        {"set": "/chosen", "name": "linux,initrd-start", "cells": [0x84000000], "width": 1},
        {"set": "/chosen", "name": "linux,initrd-end", "cells": [0x84001000, 7], "width": 2},
        {"set": "/reserved-memory/pen@9f000000", "name": "no-map", "flag": True},
        {"delete": "/cpus/cpu@1"},
    ]


def test_only_numbers_are_resolved_already() -> None:
    assert resolved(5) == 5
    with pytest.raises(TypeError):
        resolved(AddressOf("initrd"))


def test_every_wrong_edit_is_reported(tree: Tree) -> None:
    edits: list[Edit] = [
        SetProperty("chosen", "a", Flag()),
        SetProperty("/chosen", "a b", Flag()),
        SetProperty("/chosen", "big", Cells((0, 0x1_0000_0000))),
        SetProperty("/chosen", "huge", Cells((1 << 64,), width=2)),
        SetProperty("/chosen", "negative", Cells((-1,))),
        SetProperty("/chosen", "text", Strings(("a\0b",))),
        DeleteNode("/"),
        SetProperty("/chosen", "good", Flag()),
    ]
    with pytest.raises(FwbuildError) as error:
        apply_edits(tree, edits, resolve)
    assert {problem.code for problem in error.value.problems} == {"bad-device-tree"}
    assert [problem.message for problem in error.value.problems] == [
        "`chosen` is not the path of a node",
        "`/chosen` cannot have a property called `a b`",
        "0x100000000 in `big` of `/chosen` does not fit in 32 bits",
        "0x10000000000000000 in `huge` of `/chosen` does not fit in 64 bits",
        "-0x1 in `negative` of `/chosen` does not fit in 32 bits",
        "a string in `text` of `/chosen` has a NUL inside",
        "the root of a device tree cannot be deleted",
    ]
    assert properties(tree, "/chosen") == {"good": b""}
