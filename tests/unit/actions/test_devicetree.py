# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fwbuild.actions.devicetree import DeviceTreeAction
from fwbuild.devicetree.blob import read_blob
from fwbuild.devicetree.edits import to_json
from fwbuild.engine.events import Event, StepEnded
from fwbuild.engine.graph import FileInput, Graph, Step
from fwbuild.engine.schedule import Results, Scheduler
from fwbuild.engine.store import Store
from fwbuild.model.devicetree import AddressOf, Cells, DeleteNode, Edit, Number, SetProperty, Strings
from tests.unit.devicetree.oracle import compile_source, normal_form
from tests.unit.devicetree.trees import BASE

FIRST = """\
/dts-v1/;
/plugin/;

&{/soc/serial@2000} { status = "first"; x-first = "first"; };
&{/soc} { dma: dma@3000 { reg = <0x3000 0x100>; }; };
"""

SECOND = """\
/dts-v1/;
/plugin/;

&{/soc/serial@2000} { status = "second"; dmas = <&dma 1>; };
"""

RECORD = ("fwbuild,entry-mode", "fwbuild,secure-state", "fwbuild,hyp-state")

EDITS: list[Edit] = [
    SetProperty("/soc/serial@2000", "status", Strings(("third",))),
    SetProperty("/soc/serial@2000", "status", Strings(("okay",))),
    *(SetProperty(f"/cpus/cpu@{cpu}", name, Cells((7,))) for cpu in (0, 1) for name in RECORD),
    SetProperty("/chosen", "linux,initrd-start", Cells((AddressOf("initrd"),))),
    DeleteNode("/nothing"),
]


def resolve(number: Number) -> int:
    return 0x84000000 if isinstance(number, AddressOf) else number


def params(**changes: Any) -> dict[str, Any]:
    return {
        "fragments": ["first.dtso", "second.dtso"],
        "edits": to_json(EDITS, resolve),
        "cells": [{"node": f"/cpus/cpu@{cpu}", "properties": list(RECORD)} for cpu in (0, 1)],
        "reserve": 0x10000,
        **changes,
    }


class Builder:
    """Runs the action in a store of its own, as a build does."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = Store(folder / "store")
        self.events: list[Event] = []
        self.write("base", compile_source(BASE))
        self.write("fragment-0", FIRST.encode())
        self.write("fragment-1", SECOND.encode())

    def write(self, name: str, data: bytes) -> None:
        (self.folder / name).write_bytes(data)

    def run(self, parameters: dict[str, Any]) -> Results:
        names = ["base", *(f"fragment-{index}" for index in range(len(parameters["fragments"])))]
        step = Step(
            name="tree",
            action="device-tree",
            params=parameters,
            inputs={name: FileInput(str(self.folder / name)) for name in names},
            outputs=("dtb", "dts", "cells"),
        )
        scheduler = Scheduler(self.store, {"device-tree": DeviceTreeAction()}, 2, self.events.append)
        return scheduler.run(Graph([step]))

    def made(self, parameters: dict[str, Any]) -> dict[str, bytes]:
        results = self.run(parameters)
        assert results.problems == []
        return {name: self.store.path(digest).read_bytes() for name, digest in results.outputs["tree"].items()}

    def problems(self, parameters: dict[str, Any]) -> list[tuple[str, str, str, str]]:
        results = self.run(parameters)
        assert results.outputs == {}
        return [(each.code, str(each.origin or ""), each.message, each.hint) for each in results.problems]


@pytest.fixture
def builder(tmp_path: Path) -> Builder:
    return Builder(tmp_path)


def test_base_then_fragments_then_edits(builder: Builder) -> None:
    tree = read_blob(builder.made(params())["dtb"])
    serial = tree.make("/soc/serial@2000").properties
    assert serial["status"] == b"okay\0"  # base, first, second, third edit, last edit
    assert serial["x-first"] == b"first\0"
    assert int.from_bytes(serial["dmas"][:4], "big") == tree.make("/soc/dma@3000").phandle
    assert tree.make("/chosen").properties == {"linux,initrd-start": b"\x84\0\0\0"}
    second = read_blob(builder.made(params(edits=[], cells=[]))["dtb"])
    assert second.make("/soc/serial@2000").properties["status"] == b"second\0"


def test_without_anything_to_do_the_tree_stays(builder: Builder) -> None:
    made = builder.made(params(fragments=[], edits=[], cells=[]))
    assert normal_form(made["dtb"]) == normal_form(compile_source(BASE))
    assert made["cells"] == b"{}\n"


def test_the_text_is_the_same_tree(builder: Builder) -> None:
    made = builder.made(params())
    assert read_blob(compile_source(made["dts"].decode())) == read_blob(made["dtb"])


def test_the_cells_are_where_the_outcome_says(builder: Builder) -> None:
    made = builder.made(params())
    cells = json.loads(made["cells"])
    assert list(cells) == ["/cpus/cpu@0", "/cpus/cpu@1"]
    blob = bytearray(made["dtb"])
    number = 100
    for node in cells.values():
        assert sorted(node) == sorted(RECORD)
        for name in RECORD:
            assert blob[node[name] : node[name] + 4] == b"\0\0\0\7"
            blob[node[name] : node[name] + 4] = number.to_bytes(4, "big")
            number += 1
    tree = read_blob(bytes(blob))
    written = [tree.make(f"/cpus/cpu@{cpu}").cell(name) for cpu in (0, 1) for name in RECORD]
    assert written == [100, 101, 102, 103, 104, 105]


def test_the_cells_of_a_record_follow_each_other(builder: Builder) -> None:
    """The boot code steps from one to the next by a property's header and its four bytes."""
    for node in json.loads(builder.made(params())["cells"]).values():
        first, second, third = (node[name] for name in RECORD)
        assert (second - first, third - second) == (16, 16)


def test_equal_inputs_give_equal_bytes_and_are_not_made_twice(tmp_path: Path) -> None:
    folders = [tmp_path / "here", tmp_path / "elsewhere"]
    for folder in folders:
        folder.mkdir()
    here, elsewhere = map(Builder, folders)
    assert here.made(params()) == elsewhere.made(params())
    here.run(params())
    ended = [event for event in (*here.events, *elsewhere.events) if isinstance(event, StepEnded)]
    assert [event.how for event in ended] == ["ran", "cached", "ran"]
    assert len({event.key for event in ended}) == 1


def test_a_changed_fragment_is_noticed(builder: Builder) -> None:
    before = builder.made(params())
    builder.write("fragment-1", SECOND.replace("<&dma 1>", "<&dma 2>").encode())
    assert builder.made(params())["dtb"] != before["dtb"]


def test_the_parser_is_part_of_the_key_where_it_is_used() -> None:
    action = DeviceTreeAction()
    assert action.tools(params(fragments=[])) == {}
    ((name, digest),) = action.tools(params()).items()
    assert name == "dtlib"
    assert len(digest) == 64


def test_the_parser_is_imported_only_for_fragments() -> None:
    code = (
        "import sys\n"
        "from fwbuild.actions.devicetree import DeviceTreeAction\n"
        "from fwbuild.devicetree.overlay import apply_fragment\n"
        "from fwbuild.devicetree.tree import Tree\n"
        "DeviceTreeAction().tools({'fragments': []})\n"
        "assert not [name for name in sys.modules if name.startswith('devicetree')]\n"
        "apply_fragment(Tree(), '/dts-v1/; /plugin/;', '')\n"
        "assert 'devicetree.dtlib' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[3])


def test_a_tree_that_is_too_large(builder: Builder) -> None:
    size = len(builder.made(params())["dtb"])
    assert builder.run(params(reserve=size)).problems == []
    assert builder.problems(params(reserve=size - 1)) == [
        (
            "reserve-exceeded",
            "",
            f"the device tree takes {size:,} bytes, more than the {size - 1:,} reserved for it",
            f"reserve at least {size:#x} bytes for the part `device-tree`, or leave nodes out of the fragments",
        )
    ]


def test_a_base_that_is_no_device_tree(builder: Builder) -> None:
    builder.write("base", b"\x7fELF\1\1\1\0")
    ((code, origin, message, _),) = builder.problems(params())
    assert (code, origin) == ("bad-device-tree", "base device tree")
    assert message == "not a flattened device tree: starts with 7f 45 4c 46 01 01 01 00"


def test_a_problem_in_a_fragment_is_at_the_name_given_for_it(builder: Builder) -> None:
    builder.write("fragment-1", SECOND.replace("serial@2000", "serial@200").encode())
    assert builder.problems(params()) == [
        (
            "bad-device-tree",
            "second.dtso:4:1",
            "there is no node `/soc/serial@200`: `/soc` has no `serial@200`",
            "did you mean `serial@2000`?",
        )
    ]


def test_a_fragment_that_is_no_text(builder: Builder) -> None:
    builder.write("fragment-0", b"/dts-v1/;\xff")
    assert builder.problems(params()) == [
        ("bad-device-tree", "first.dtso", "not UTF-8 text: byte 0xff at offset 9", "")
    ]


def test_cells_that_are_none(builder: Builder) -> None:
    wanted = [
        {"node": "/cpus/cpu@2", "properties": ["reg"]},
        {"node": "/cpus/cpu@0", "properties": ["reg", "rag"]},
        {"node": "/soc/serial@2000", "properties": ["reg"]},
    ]
    assert builder.problems(params(cells=wanted)) == [
        (
            "bad-device-tree",
            "",
            "there is no node `/cpus/cpu@2`: `/cpus` has no `cpu@2`",
            "did you mean `cpu@1`?",
        ),
        ("bad-device-tree", "", "the node `cpu@0` has no `rag`", ""),
        ("bad-device-tree", "", "the node `serial@2000` has a `reg` of 8 bytes, not the 4 of a cell", ""),
    ]
