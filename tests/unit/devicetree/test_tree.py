# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from fwbuild.devicetree.blob import read_blob
from fwbuild.devicetree.tree import MAX_DEPTH, MAX_PHANDLE, Node, Tree, below, is_node_name, is_property_name, names_in
from fwbuild.model.problem import FwbuildError
from tests.unit.devicetree.oracle import compile_source
from tests.unit.devicetree.trees import BASE


@pytest.fixture
def tree() -> Tree:
    return read_blob(compile_source(BASE, "-@"))


def message(error: pytest.ExceptionInfo[FwbuildError]) -> str:
    (problem,) = error.value.problems
    assert problem.code == "bad-device-tree"
    return problem.message


def test_names_follow_the_specification() -> None:
    assert all(map(is_node_name, ("cpus", "cpu@0", "3com,a.b_c+d-e", "memory@80000000,1")))
    assert not any(map(is_node_name, ("", "@0", "cpu@", "a@1@2", "a/b", "a b", "#cells", "a\n")))
    assert all(map(is_property_name, ("reg", "#address-cells", "fwbuild,entry-mode", "a?", "linux,phandle")))
    assert not any(map(is_property_name, ("", "a@0", "a/b", "a b", "é", "a\n")))


def test_paths() -> None:
    assert names_in("/") == ()
    assert names_in("/cpus/cpu@0") == ("cpus", "cpu@0")
    assert below("/", "cpus") == "/cpus"
    assert below("/cpus", "cpu@0") == "/cpus/cpu@0"


@pytest.mark.parametrize("path", ["", "cpus", "//", "/cpus/", "/cpus//cpu@0", "/a b", "cpu0"])
def test_what_is_no_path_is_refused(tree: Tree, path: str) -> None:
    for method in (tree.find, tree.make, tree.delete):
        with pytest.raises(FwbuildError) as error:
            method(path)
        assert message(error) == f"`{path}` is not the path of a node"


def test_the_message_on_a_bad_path_says_how_a_path_is_written() -> None:
    with pytest.raises(FwbuildError) as error:
        names_in("cpus")
    assert message(error) == "`cpus` is not the path of a node"
    assert "`/cpus/cpu@0`" in error.value.problems[0].hint


def test_a_path_may_be_as_deep_as_linux_reads() -> None:
    assert len(names_in("/a" * MAX_DEPTH)) == MAX_DEPTH
    with pytest.raises(FwbuildError) as error:
        names_in("/a" * (MAX_DEPTH + 1))
    assert message(error) == "a path of 63 names is too long: nodes lie at most 62 deep"


def test_find(tree: Tree) -> None:
    assert tree.find("/") is tree.root
    node = tree.find("/soc/serial@2000")
    assert node is not None
    assert node.properties["status"] == b"disabled\0"
    assert tree.find("/soc/serial") is None
    assert tree.find("/soc/serial@2000/nothing") is None


def test_make_keeps_what_is_there_and_adds_the_rest_last(tree: Tree) -> None:
    node = tree.make("/soc/bus@3000/device@0")
    assert tree.find("/soc/bus@3000/device@0") is node
    assert list(tree.root.children["soc"].children)[-1] == "bus@3000"
    assert tree.make("/soc/serial@2000").properties["status"] == b"disabled\0"


def test_walk_gives_parents_first(tree: Tree) -> None:
    paths = [path for path, _ in tree.walk()]
    assert paths[:5] == ["/", "/aliases", "/cpus", "/cpus/cpu@0", "/cpus/cpu@1"]
    assert len(paths) == len(set(paths)) == 10


def test_labels_come_from_symbols(tree: Tree) -> None:
    assert tree.labels["uart0"] == "/soc/serial@2000"
    assert set(tree.labels) == {"cpu0", "cpu1", "soc", "intc", "uart0"}


def test_a_symbol_that_leads_nowhere_is_no_label() -> None:
    tree = Tree()
    tree.make("/__symbols__").properties.update(a=b"/gone\0", b=b"\xff\xfe", c=b"", d=b"/__symbols__\0")
    tree.read_labels()
    assert tree.labels == {"d": "/__symbols__"}


def test_delete_takes_everything_below_and_its_labels(tree: Tree) -> None:
    assert tree.delete("/soc")
    assert tree.find("/soc") is None
    assert set(tree.labels) == {"cpu0", "cpu1"}
    assert tree.symbols is not None
    assert set(tree.symbols.properties) == {"cpu0", "cpu1"}


def test_delete_leaves_names_alone_that_start_alike(tree: Tree) -> None:
    tree.make("/soc2")
    tree.labels["soc2"] = "/soc2"
    tree.delete("/soc")
    assert tree.find("/soc2") is not None
    assert tree.labels["soc2"] == "/soc2"


def test_deleting_nothing(tree: Tree) -> None:
    assert not tree.delete("/soc/nothing")
    assert not tree.delete("/nothing/at/all")


def test_the_root_cannot_be_deleted(tree: Tree) -> None:
    with pytest.raises(FwbuildError) as error:
        tree.delete("/")
    assert message(error) == "the root of a device tree cannot be deleted"


def test_phandles(tree: Tree) -> None:
    intc = tree.make("/soc/interrupt-controller@1000")
    assert intc.phandle is not None
    assert tree.find_phandle(intc.phandle) == "/soc/interrupt-controller@1000"
    assert tree.find_phandle(0x1234) is None
    assert tree.phandle_of(intc) == intc.phandle


def test_a_new_phandle_is_the_one_after_the_highest(tree: Tree) -> None:
    tree.make("/high").properties["phandle"] = (40).to_bytes(4, "big")
    node = tree.make("/new")
    assert tree.phandle_of(node) == 41
    assert node.properties["phandle"] == b"\0\0\0\x29"
    assert tree.phandle_of(tree.make("/newer")) == 42


def test_the_old_name_of_phandles_is_known() -> None:
    assert Node("a", {"linux,phandle": b"\0\0\0\x07"}).phandle == 7


@pytest.mark.parametrize("value", [b"", b"\0\0\0\0", b"\xff\xff\xff\xff", b"\0\0\0\0\0\0\0\x01", b"\x01"])
def test_what_is_no_phandle(value: bytes) -> None:
    assert Node("a", {"phandle": value}).phandle is None


def test_phandles_run_out() -> None:
    tree = Tree()
    tree.make("/last").properties["phandle"] = MAX_PHANDLE.to_bytes(4, "big")
    with pytest.raises(FwbuildError) as error:
        tree.phandle_of(tree.make("/one-more"))
    assert message(error) == "no phandle is left for `one-more`: 0xfffffffe is taken"


def test_cells(tree: Tree) -> None:
    assert tree.root.cell("#address-cells") == 1
    assert tree.root.cell("#address-cells", 2) == 1
    assert tree.root.cell("nothing", 2) == 2
    assert tree.root.cell_or_none("#address-cells") == 1
    assert tree.root.cell_or_none("nothing") is None
    assert tree.root.cell_or_none("compatible") is None


def test_a_cell_has_four_bytes(tree: Tree) -> None:
    with pytest.raises(FwbuildError) as error:
        tree.make("/soc/serial@2000").cell("reg", 1)
    assert message(error) == "the node `serial@2000` has a `reg` of 8 bytes, not the 4 of a cell"
    with pytest.raises(FwbuildError) as error:
        tree.root.cell("reg")
    assert message(error) == "the node `/` has no `reg`"


@pytest.mark.parametrize(
    ("path", "parent", "name", "hint"),
    [
        ("/cpus/cpu@7", "/cpus", "cpu@7", "did you mean `cpu@1`?"),
        ("/cpu/cpu@0", "/", "cpu", "did you mean `cpus`?"),
        ("/cpus/cpu@0/cache", "/cpus/cpu@0", "cache", "there are none here"),
    ],
)
def test_a_node_that_is_not_there(tree: Tree, path: str, parent: str, name: str, hint: str) -> None:
    assert tree.node("/cpus/cpu@1") is tree.find("/cpus/cpu@1")
    with pytest.raises(FwbuildError) as error:
        tree.node(path)
    assert message(error) == f"there is no node `{path}`: `{parent}` has no `{name}`"
    assert error.value.problems[0].hint == hint
