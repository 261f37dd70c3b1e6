# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import re
from pathlib import Path

import pytest

from fwbuild.devicetree.blob import read_blob, write_blob
from fwbuild.devicetree.overlay import apply_fragment
from fwbuild.devicetree.source import to_source
from fwbuild.devicetree.tree import MAX_PHANDLE, Tree
from fwbuild.model.problem import FwbuildError
from tests.unit.devicetree.oracle import compile_source, normal_form, overlaid
from tests.unit.devicetree.trees import BASE

HEAD = "/dts-v1/;\n/plugin/;\n"


def base(*options: str) -> Tree:
    return read_blob(compile_source(BASE, *(options or ("-@",))))


def applied(*fragments: str, tree: Tree | None = None) -> Tree:
    tree = tree or base()
    for number, text in enumerate(fragments):
        apply_fragment(tree, HEAD + text, f"{number}.dtso")
    return tree


def problems(*fragments: str, tree: Tree | None = None) -> list[tuple[str, str, str]]:
    """Place, message and hint of everything that is wrong with the fragments."""
    with pytest.raises(FwbuildError) as error:
        applied(*fragments, tree=tree)
    assert {problem.code for problem in error.value.problems} == {"bad-device-tree"}
    return [(str(problem.origin), problem.message, problem.hint) for problem in error.value.problems]


def properties(tree: Tree, path: str) -> dict[str, bytes]:
    node = tree.find(path)
    assert node is not None, path
    return node.properties


# What fdtoverlay can do, it does in the same way.
LIKE_FDTOVERLAY: dict[str, list[str]] = {
    "a property": ['&uart0 { status = "okay"; };'],
    "a path": ['&{/soc/serial@2000} { x = "y"; };'],
    "the root": ['&{/} { model = "acme"; board { x; }; };'],
    "every form of value": [
        '&uart0 { a; b = <1 (2 + 3)>; c = "x", "y"; d = [01 ff]; e = /bits/ 64 <5>, /bits/ 16 <6>; f = <\'x\'>, "z"; };'
    ],
    "a flag over a value": ["&uart0 { status; };"],
    "a shorter value": ["&uart0 { reg = <1>; };"],
    "nodes in nodes": ["&soc { bus@5000 { device@0 { reg = <0>; }; device@1 { reg = <1>; }; }; };"],
    "an existing child": ["&soc { serial@2000 { x = <1>; }; };"],
    "a reference to the base": ["&uart0 { interrupt-parent = <&intc>; y = <1 &cpu0 2>; };"],
    "a reference to a new node": ["&soc { dma: dma@3000 { reg = <0x3000 1>; }; };\n&uart0 { dmas = <&dma 1>; };"],
    "a reference to what comes later": ["&uart0 { dmas = <&dma 1>; };\n&soc { dma: dma@3000 { reg = <0x3000 1>; }; };"],
    "two new phandles": ["&soc { a: a { b = <&b>; }; b: b { a = <&a>; }; };"],
    "a node that refers to itself": ["&soc { a: a { me = <&a>; }; };"],
    "labels without references": ["&soc { a: a { }; b: b { c: c { }; }; };"],
    "two labels": ["&soc { a: b: a { }; };\n&uart0 { x = <&b>; };"],
    "a label of this fragment as target": ["&soc { a: a { }; };\n&a { x; };"],
    "labels in values": ["&uart0 { x: reg = y: <1 z: 2>; };"],
    "a written-out fragment": ["/ { fragment@0 { target = <&uart0>; __overlay__ { x = <&intc>; n { }; }; }; };"],
    "a path in a written-out fragment": ['/ { any-name { target-path = "/soc"; __overlay__ { x; }; }; };'],
    "a target by number": ["/ { fragment@0 { target = <1>; __overlay__ { x; }; }; };"],
    "both forms": ["&uart0 { x = <1>; };\n/ { fragment@7 { target = <&uart0>; __overlay__ { y = <2>; }; }; };"],
    "the same property twice": ["&uart0 { x = <1>; };\n&uart0 { x = <2>; };"],
    "a reference overwritten": ["&uart0 { x = <&cpu1>; };\n&uart0 { x = <2>; };"],
    "two fragments": ["&soc { a: a { r = <&intc>; }; };", "&uart0 { x = <&intc>; };"],
    "a label of an earlier fragment": ["&soc { a: a { }; };", "&a { x = <&a &b>; b: b { }; };"],
    "phandles of two fragments": [
        "&soc { a: a { r = <&b>; }; b: b { }; };",
        "&soc { c: c { r = <&d &a>; }; d: d { }; };",
    ],
}


@pytest.mark.parametrize("fragments", LIKE_FDTOVERLAY.values(), ids=LIKE_FDTOVERLAY)
def test_the_outcome_is_that_of_fdtoverlay(tmp_path: Path, fragments: list[str]) -> None:
    expected = overlaid(tmp_path, BASE, *(HEAD + text for text in fragments))
    assert normal_form(write_blob(applied(*fragments))) == normal_form(expected)


# What an overlay blob cannot say must be what dtc makes of base and fragment in one source.
LIKE_ONE_SOURCE: dict[str, str] = {
    "a deleted property": "&uart0 { /delete-property/ status; };",
    "a deleted property that comes back": "&uart0 { /delete-property/ reg; reg = <7>; };",
    "a deleted child": "&soc { /delete-node/ serial@2000; };\n&{/aliases} { /delete-property/ serial0; };",
    "a deleted node by label": "/delete-node/ &cpu1;",
    "a deleted node by path": "/delete-node/ &{/cpus/cpu@1};",
    "a deleted node with children": "/delete-node/ &{/cpus};",
    "a deleted node that comes back": '&{/} { /delete-node/ aliases; };\n&{/} { aliases { x = "/soc"; }; };',
    "a path as a value": '&uart0 { a = &intc; b = "x", &{/cpus/cpu@1}, <1>; };',
    "a phandle by path": "&uart0 { a = <&{/soc/interrupt-controller@1000} 1>; };",
    "a label on an old node": "again: &uart0 { };\n&again { x; };",
    "a label on an old child": "&soc { again: serial@2000 { }; };\n&again { x; };",
}


@pytest.mark.parametrize("text", LIKE_ONE_SOURCE.values(), ids=LIKE_ONE_SOURCE)
def test_the_outcome_is_that_of_one_source(text: str) -> None:
    tree = base()
    assert tree.symbols is not None
    del tree.root.children["__symbols__"]  # dtc makes it anew of the labels
    expected = compile_source(f"{to_source(tree)}\n{text}", "-@")
    assert normal_form(write_blob(applied(text))) == normal_form(expected)


def test_new_nodes_and_properties_come_last() -> None:
    tree = applied("&uart0 { reg = <9>; x; n { }; };\n&soc { m { }; };")
    names = list(properties(tree, "/soc/serial@2000"))
    assert (names[0], names[-1]) == ("reg", "x")
    assert list(tree.make("/soc").children)[-1] == "m"


def test_a_base_without_symbols_gets_none() -> None:
    tree = applied("&{/soc} { a: a { r = <&a>; }; b: b { }; };", "&b { x = <&a>; };", tree=base("-q"))
    assert tree.symbols is None
    assert properties(tree, "/soc/b") == {"x": properties(tree, "/soc/a")["phandle"]}


def test_a_reference_in_what_is_deleted_again_needs_nothing() -> None:
    tree = applied("&{/} { a: a { r = <&b>; }; b: b { }; };\n/delete-node/ &a;", tree=base("-q"))
    assert properties(tree, "/b") == {}
    tree = applied("&{/} { a { r = <&nowhere>; }; };\n&{/a} { /delete-property/ r; };")
    assert properties(tree, "/a") == {}


def test_a_label_that_is_deleted_again_is_not_published() -> None:
    tree = applied("&soc { a: a { }; };\n/delete-node/ &a;")
    assert tree.symbols is not None
    assert "a" not in tree.symbols.properties


def test_a_deleted_label_is_free() -> None:
    tree = applied("/delete-node/ &cpu1;\n&{/} { cpu1: other { }; };")
    assert tree.labels["cpu1"] == "/other"


WRONG = [
    ("&uart1 { };", "3:1", "no node has the label `uart1`", "did you mean `uart0`?"),
    ("&ethernet { };", "3:1", "no node has the label `ethernet`", "give the path, as in `&{/cpus}`"),
    (
        "&{/cpus/cpu@2} { };",
        "3:1",
        "there is no node `/cpus/cpu@2`: `/cpus` has no `cpu@2`",
        "did you mean `cpu@1`?",
    ),
    (
        "&{/cpus/} { };",
        "3:1",
        "`/cpus/` is not the path of a node",
        "a path is written like `/cpus/cpu@0`: from the root, each name with its unit address",
    ),
    ("/delete-node/ &cpu9;", "3:15", "no node has the label `cpu9`", "did you mean `cpu1`?"),
    ("/delete-node/ &{/};", "3:15", "the root of a device tree cannot be deleted", ""),
    ("&uart0 { x = <&intd>; };", "3:15", "no node has the label `intd`", "did you mean `intc`?"),
    (
        "&uart0 { x = &{/nothing}; };",
        "3:14",
        "there is no node `/nothing`: `/` has no `nothing`",
        "known: __symbols__, aliases, cpus, soc",
    ),
    (
        "&uart0 { /delete-property/ stat; };",
        "3:10",
        "`/soc/serial@2000` has no property `stat` to delete",
        "did you mean `status`?",
    ),
    (
        "&soc { /delete-node/ serial@200; };",
        "3:8",
        "`/soc` has no node `serial@200` to delete",
        "did you mean `serial@2000`?",
    ),
    ("&soc { cpu0: new { }; };", "3:14", "the label `cpu0` is taken: it is on `/cpus/cpu@0`", ""),
    ("cpu0: &soc { };", "3:7", "the label `cpu0` is taken: it is on `/cpus/cpu@0`", ""),
    (
        "/ { chosen { }; };",
        "3:5",
        "`/ { ... };` takes fragments with `__overlay__`, and `chosen` is none",
        "to change the root of the tree write `&{/} { ... };`",
    ),
    (
        '/ { compatible = "x"; };',
        "3:5",
        "`/ { ... };` takes fragments with `__overlay__`, and `compatible` is none",
        "to change the root of the tree write `&{/} { ... };`",
    ),
    (
        "/ { f { __overlay__ { }; }; };",
        "3:5",
        "`f` must have `target` or `target-path`, `__overlay__` and nothing else",
        "",
    ),
    (
        '/ { f { target = <&soc>; target-path = "/soc"; __overlay__ { }; }; };',
        "3:5",
        "`f` must have `target` or `target-path`, `__overlay__` and nothing else",
        "",
    ),
    (
        '/ { f { target-path = "/soc"; x; __overlay__ { }; }; };',
        "3:5",
        "`f` must have `target` or `target-path`, `__overlay__` and nothing else",
        "",
    ),
    (
        "/ { f { x; __overlay__ { }; }; };",
        "3:5",
        "`f` must have `target` or `target-path`, `__overlay__` and nothing else",
        "",
    ),
    ("/ { f { target = <99>; __overlay__ { }; }; };", "3:9", "no node has the phandle 0x63", ""),
    (
        "/ { f { target = <&soc 1>; __overlay__ { }; }; };",
        "3:9",
        "`target` must be written `target = <&label>;`",
        "",
    ),
    ("/ { f { target; __overlay__ { }; }; };", "3:9", "`target` must be written `target = <&label>;`", ""),
    (
        '/ { f { target-path = "soc"; __overlay__ { }; }; };',
        "3:9",
        '`target-path` must be written `target-path = "/path";`',
        "",
    ),
    (
        '/ { f { target-path = "/sic"; __overlay__ { }; }; };',
        "3:9",
        "there is no node `/sic`: `/` has no `sic`",
        "did you mean `soc`?",
    ),
]


@pytest.mark.parametrize(("text", "place", "message", "hint"), WRONG, ids=range(len(WRONG)))
def test_what_is_wrong_is_said_with_its_place(text: str, place: str, message: str, hint: str) -> None:
    assert problems(text) == [(f"0.dtso:{place}", message, hint)]


def test_a_base_without_labels_is_said_to_have_none() -> None:
    ((_, message, hint),) = problems("&uart0 { };", tree=base("-q"))
    assert message == "no node has the label `uart0`"
    assert hint == ("the tree has no labels, for it was not compiled with `dtc -@`: give the path, as in `&{/cpus}`")


def test_a_target_path_may_be_a_reference() -> None:
    assert "x" in properties(applied("/ { f { target-path = &soc; __overlay__ { x; }; }; };"), "/soc")


def test_nodes_that_lie_too_deep() -> None:
    tree = base()
    tree.make("/a" * 60)
    target = "&{" + "/a" * 60 + "}"
    applied(f"{target} {{ b {{ c {{ }}; }}; }};", tree=tree)
    assert problems(f"{target} {{ b {{ c {{ d {{ }}; }}; }}; }};", tree=tree) == [
        ("0.dtso:3:135", "a path of 63 names is too long: nodes lie at most 62 deep", "")
    ]


def test_no_phandle_left() -> None:
    tree = base()
    tree.make("/last").properties["phandle"] = MAX_PHANDLE.to_bytes(4, "big")
    assert problems("&uart0 { x = <&a>; };\n&soc { a: a { }; };", tree=tree)[0] == (
        "0.dtso:3:10",
        "no phandle is left for `a`: 0xfffffffe is taken",
        "",
    )


def test_all_problems_are_found_at_once() -> None:
    found = problems("&a { };\n&soc { x = <&b &c>; /delete-node/ d; };\n/delete-node/ &e;")
    assert [place for place, _, _ in found] == [
        "0.dtso:3:1",
        "0.dtso:4:21",
        "0.dtso:5:15",
        "0.dtso:4:13",
        "0.dtso:4:16",
    ]


def test_the_fragment_with_the_problem_is_named() -> None:
    ((place, _, _),) = problems("&soc { };", "&sok { };")
    assert place == "1.dtso:3:1"


def test_the_examples_of_the_reference_work() -> None:
    text = (Path(__file__).parents[3] / "docs/reference/fragments.md").read_text()
    first, second = re.findall(r"```dts\n(.*?)```", text, re.DOTALL)
    tree = base()
    apply_fragment(tree, first, "first")
    apply_fragment(tree, HEAD + second, "second")
    dma = tree.make("/soc/dma-controller@3000")
    assert dma.properties["reg"] == b"\0\0\x30\0\0\0\x01\0"
    assert properties(tree, "/soc/serial@2000")["dmas"] == dma.properties["phandle"] + b"\0\0\0\1"
    assert "interrupts" not in properties(tree, "/soc/serial@2000")
    assert tree.labels["console"] == "/soc/serial@2000"
    assert tree.find("/soc/timer@4000") is None
    assert tree.find("/cpus/cpu@1") is None
    assert tree.root.properties["model"] == b"Acme board, revision 2\0"
