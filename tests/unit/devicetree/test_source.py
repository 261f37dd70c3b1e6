# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest
from hypothesis import given, settings

from fwbuild.devicetree.blob import read_blob
from fwbuild.devicetree.source import to_source
from fwbuild.devicetree.tree import Node, Reservation, Tree
from tests.unit.devicetree.oracle import compile_source
from tests.unit.devicetree.trees import BASE, trees

TEXT = """\
/dts-v1/;
/memreserve/ 0x0000000080000000 0x0000000000001000;
// boot_cpuid_phys: 0x1

/ {
	compatible = "acme,board", "acme,soc";
	#size-cells = <0x1>;

	cpus {
		cpu1: first: cpu@1 {
			reg = <0x1 0xffffffff>;
			mac = [00 11 22];
			enabled;
		};
	};

	chosen {
	};

	__symbols__ {
		cpu1 = "/cpus/cpu@1";
		first = "/cpus/cpu@1";
	};
};
"""


def one(value: bytes) -> str:
    """The line that assigns ``value`` to a property."""
    text = to_source(Tree(root=Node("", {"p": value})))
    return text.splitlines()[-2].strip()


def test_the_text() -> None:
    tree = read_blob(compile_source(TEXT, "-b", "1"))
    assert to_source(tree) == TEXT


@pytest.mark.parametrize(
    ("value", "line"),
    [
        (b"", "p;"),
        (b"okay\0", 'p = "okay";'),
        (b"a\0b\0", 'p = "a", "b";'),
        (b"a\0\0b\0", 'p = "a", "", "b";'),
        (b'say "\\n"\0', r'p = "say \"\\n\"";'),
        (b"\0", "p = [00];"),
        (b"\0a\0", "p = [00 61 00];"),
        (b"a\n\0", "p = [61 0a 00];"),
        (b"caf\xc3\xa9\0", "p = [63 61 66 c3 a9 00];"),
        (b"\0\0\0\0", "p = <0x0>;"),
        (b"abcd", "p = <0x61626364>;"),
        (b"abc", "p = [61 62 63];"),
        (b"\0\0\0\1\xff\xff\xff\xff", "p = <0x1 0xffffffff>;"),
    ],
)
def test_the_form_of_a_value(value: bytes, line: str) -> None:
    assert one(value) == line


@settings(derandomize=True, deadline=None, max_examples=100)
@given(trees)
def test_dtc_makes_the_same_tree_of_it(tree: Tree) -> None:
    again = read_blob(compile_source(to_source(tree), "-b", str(tree.boot_cpu)))
    assert again == tree
    assert [path for path, _ in again.walk()] == [path for path, _ in tree.walk()]


def test_labels_change_nothing() -> None:
    tree = read_blob(compile_source(BASE, "-@"))
    text = to_source(tree)
    assert "uart0: serial@2000 {" in text
    assert read_blob(compile_source(text)) == tree


def test_what_can_be_no_label_is_left_out() -> None:
    tree = Tree(labels={"0a": "/n", "a-b": "/n", "good_1": "/n"}, reservations=[Reservation(address=1, size=2)])
    tree.make("/n")
    assert "\tgood_1: n {" in to_source(tree).splitlines()
