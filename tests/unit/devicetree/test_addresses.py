# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from fwbuild.devicetree.addresses import regions_of
from fwbuild.devicetree.overlay import read_source
from fwbuild.model.region import Region

TREE = """
/dts-v1/;
/ {
	#address-cells = <2>;
	#size-cells = <2>;
	gic@2c001000 { reg = <0 0x2c001000 0 0x1000>, <0 0x2c002000 0 0x2000>; };
	uneven { reg = <0 1 2>; };
	closed { #address-cells = <1>; #size-cells = <1>; device@10 { reg = <0x10 4>; }; };
	same { #address-cells = <2>; #size-cells = <2>; ranges; device@20 { reg = <0 0x20 0 4>; }; };
	bus@8000000 {
		#address-cells = <1>;
		#size-cells = <1>;
		ranges = <0x08000000 0 0x08000000 0x18000000>;
		motherboard {
			#address-cells = <2>;
			#size-cells = <1>;
			ranges = <0 0 0x08000000 0x04000000>, <3 0 0x1c000000 0x04000000>;
			iofpga@300000000 {
				#address-cells = <1>;
				#size-cells = <1>;
				ranges = <0 3 0 0x200000>;
				serial@90000 { reg = <0x90000 0x1000>; };
				beyond@300000 { reg = <0x300000 0x1000>; };
			};
		};
	};
};
"""


@pytest.mark.parametrize(
    ("path", "regions"),
    [
        ("/gic@2c001000", [(0x2C001000, 0x1000), (0x2C002000, 0x2000)]),
        ("/same/device@20", [(0x20, 4)]),
        ("/bus@8000000/motherboard/iofpga@300000000/serial@90000", [(0x1C090000, 0x1000)]),
        ("/bus@8000000/motherboard/iofpga@300000000/beyond@300000", []),
        ("/closed/device@10", []),
        ("/uneven", []),
        ("/bus@8000000", []),
        ("/nowhere", []),
        ("/", []),
    ],
)
def test_where_a_device_is(path: str, regions: list[tuple[int, int]]) -> None:
    assert regions_of(read_source(TREE, "t"), path) == tuple(Region(*each) for each in regions)
