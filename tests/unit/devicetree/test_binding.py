# SPDX-License-Identifier: Apache-2.0
"""The binding of a CPU's record, held by dt-schema against trees that the boot code could have left."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.project import ROOT, tree

FOLDER = ROOT / "docs" / "reference" / "bindings"
BINDING = FOLDER / "fwbuild,cpu.yaml"
TREE = """
/dts-v1/;
/ {
	compatible = "fwbuild,test";
	model = "test";
	#address-cells = <1>;
	#size-cells = <1>;
	cpus {
		#address-cells = <1>;
		#size-cells = <0>;
		cpu@0 { device_type = "cpu"; compatible = "arm,cortex-a15"; reg = <0>; RECORD };
	};
};
"""


def complaints(folder: Path, *cells: str) -> list[str]:
    names = ("fwbuild,entry-mode", "fwbuild,secure-state", "fwbuild,hyp-state")
    record = " ".join(f"{name} = <{cell}>;" for name, cell in zip(names, cells, strict=False))
    tree(folder / "board.dtb", TREE.replace("RECORD", record))
    command: list[str | Path] = ["dt-validate", "-l", "fwbuild", "-s", FOLDER, folder / "board.dtb"]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    return [line for line in (ended.stdout + ended.stderr).splitlines() if "cpu@0" in line]


def test_the_binding_itself_is_sound() -> None:
    ended = subprocess.run(["dt-doc-validate", "-u", FOLDER, BINDING], capture_output=True, text=True, check=True)
    lines = (ended.stdout + ended.stderr).splitlines()
    # A binding outside Linux's tree has another path than its $id.
    assert not [line for line in lines if "$id" not in line and not line.startswith("\texpected")]


@pytest.mark.parametrize("cells", [("2", "2", "1"), ("1", "1", "1"), ("3", "3", "0"), ("4", "1", "1"), ("(-1)",) * 3])
def test_what_the_boot_code_writes_is_valid(tmp_path: Path, cells: tuple[str, ...]) -> None:
    assert complaints(tmp_path, *cells) == []


@pytest.mark.parametrize(
    ("cells", "named"),
    [
        (("5", "2", "1"), "fwbuild,entry-mode"),
        (("0", "2", "1"), "fwbuild,entry-mode"),
        (("2", "4", "1"), "fwbuild,secure-state"),
        (("2", "2", "7"), "fwbuild,hyp-state"),
        (("2", "2"), "'fwbuild,hyp-state' is a required property"),
    ],
)
def test_what_it_never_writes_is_not(tmp_path: Path, cells: tuple[str, ...], named: str) -> None:
    found = complaints(tmp_path, *cells)
    assert len(found) == 1
    assert named in found[0]
