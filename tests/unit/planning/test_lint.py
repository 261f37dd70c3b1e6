# SPDX-License-Identifier: Apache-2.0
"""A platform that contradicts its own device tree."""

from __future__ import annotations

from pathlib import Path

import pytest

from fwbuild.model.problem import FwbuildError
from fwbuild.session import Session
from tests.boot.variants import add_platform, add_recipe
from tests.project import ROOT, zimage


def planned(folder: Path, base: str, changes: dict[str, str]) -> list[str]:
    """What is wrong with ``base`` after some changes, as `line: message`."""
    add_platform(folder, "board", base, changes)
    add_recipe(folder, "image", "board", ("svc",), "cpus = 1\n")
    names = {"linux-armmp-lpae": zimage(5000), "proof-ramdisk-armhf": b"ramdisk"}
    sources = "".join(f"[sources.{name}]\ntype = 'file'\npath = '{name}'\n" for name in names)
    (folder / "fwbuild.toml").write_text(f"layers = ['fwbuild', '.']\n{sources}")
    for name, content in names.items():
        (folder / name).write_bytes(content)
    try:
        Session(folder).plans(["image"])
    except FwbuildError as error:
        return [
            f"{problem.origin.line if problem.origin else 0}: [{problem.code}] {problem.message}"
            for problem in error.problems
        ]
    return []


def test_the_built_in_one_agrees(tmp_path: Path) -> None:
    assert planned(tmp_path, "virt-a15", {}) == []


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        (
            "address = 0x09000000",
            "address = 0x09040000",
            "the console /serial@9000000 is at 0x9040000, but at 0x9000000 in its device tree (board-dts)",
        ),
        (
            "distributor = 0x08000000",
            "distributor = 0x2c001000",
            "the GIC's distributor is at 0x2c001000, but at 0x8000000 in its device tree (board-dts)",
        ),
        (
            "cpu-interface = 0x08010000",
            "cpu-interface = 0x08020000",
            "the GIC's CPU interface is at 0x8020000, but at 0x8010000 in its device tree (board-dts)",
        ),
    ],
)
def test_a_number_of_another_board(tmp_path: Path, before: str, after: str, message: str) -> None:
    """The first of them is the console on the secure UART: what the payload prints would go elsewhere."""
    text = (ROOT / "platforms" / "virt-a15" / "platform.toml").read_text()
    line = text[: text.index(before)].count("\n") + 1
    assert planned(tmp_path, "virt-a15", {before: after}) == [f"{line}: [platform-mismatch] {message}"]
