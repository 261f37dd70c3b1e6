# SPDX-License-Identifier: Apache-2.0
"""Trees for tests: a small one to read, and any number of generated ones."""

from __future__ import annotations

from hypothesis import strategies as st

from fwbuild.devicetree.tree import Node, Reservation, Tree

BASE = """\
/dts-v1/;
/memreserve/ 0x80000000 0x1000;

/ {
	#address-cells = <1>;
	#size-cells = <1>;
	compatible = "acme,board", "acme,soc";

	aliases {
		serial0 = &uart0;
	};

	cpus {
		#address-cells = <1>;
		#size-cells = <0>;

		cpu0: cpu@0 {
			device_type = "cpu";
			reg = <0>;
		};

		cpu1: cpu@1 {
			device_type = "cpu";
			reg = <1>;
		};
	};

	soc: soc {
		#address-cells = <1>;
		#size-cells = <1>;
		ranges;

		intc: interrupt-controller@1000 {
			reg = <0x1000 0x100>;
			interrupt-controller;
			#interrupt-cells = <1>;
		};

		uart0: serial@2000 {
			reg = <0x2000 0x100>;
			interrupt-parent = <&intc>;
			interrupts = <5>;
			mac = [00 11 22 33 44 55];
			status = "disabled";
		};

		timer@4000 {
			reg = <0x4000 0x100>;
		};
	};
};
"""

_node_names = st.from_regex(r"[a-z][a-z0-9,._+-]{0,10}(@[0-9a-f]{1,8})?", fullmatch=True)
# The x keeps clear of properties that dtc knows and checks, such as phandle.
_property_names = st.from_regex(r"x[0-9A-Za-z,._+*?#-]{0,40}", fullmatch=True)
_strings = st.lists(st.binary(max_size=12), min_size=1).map(lambda parts: b"\0".join(parts) + b"\0")
_printable = st.lists(st.text(st.characters(min_codepoint=32, max_codepoint=126)), min_size=1).map(
    lambda parts: "\0".join(parts).encode() + b"\0"
)
_values = st.binary(max_size=40) | _strings | _printable


def _node(name: str, properties: dict[str, bytes], children: list[Node]) -> Node:
    free = (child for child in children if child.name not in properties)
    return Node(name, properties, {child.name: child for child in free})


_properties = st.dictionaries(_property_names, _values, max_size=5)
_nodes = st.recursive(
    st.builds(_node, _node_names, _properties, st.just([])),
    lambda children: st.builds(_node, _node_names, _properties, st.lists(children, max_size=4)),
    max_leaves=12,
)
_u64 = st.integers(0, 0xFFFFFFFF_FFFFFFFF)
_reservations = st.builds(Reservation, address=_u64, size=_u64).filter(
    lambda entry: 0 < entry.size <= (1 << 64) - entry.address
)

#: Trees that can be written, read, and compiled by dtc without an error.
trees = st.builds(
    Tree,
    root=st.builds(_node, st.just(""), _properties, st.lists(_nodes, max_size=4)),
    reservations=st.lists(_reservations, max_size=3),
    boot_cpu=st.integers(0, 0xFFFFFFFF),
)
