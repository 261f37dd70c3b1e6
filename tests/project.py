# SPDX-License-Identifier: Apache-2.0
"""A small project whose materials are made on the spot, for tests without a network."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

ROOT = Path(__file__).parent.parent

#: The tree of a board like vexpress-a15, as far as fwbuild looks at it.
BOARD = ROOT / "tests" / "cases" / "board.dts"
CONSOLE = "/bus@8000000/motherboard-bus@8000000/iofpga-bus@300000000/serial@90000"


def zimage(size: int = 0x8000, *, end: int | None = None, linux: bool = True, unpacked: int = 0x20000) -> bytes:
    """A zImage as its header describes it, with nothing in it that runs.

    The layout of the tag table is that of arch/arm/boot/compressed/head.S.
    """
    image = bytearray(size)
    image[: 8 * 4] = struct.pack("<I", 0xE1A00000) * 8
    struct.pack_into("<III", image, 0x24, 0x016F2818, 0, size if end is None else end)
    if linux:
        struct.pack_into("<III", image, 0x30, 0x04030201, 0x45454545, 0x100)
        struct.pack_into("<IIII", image, 0x100, 4, 0x5A534C4B, 0x200, 0x1000)
        struct.pack_into("<I", image, 0x200, unpacked)
    return bytes(image)


def packed_zimage(packed: bytes) -> bytes:
    """A zImage of Linux with ``packed`` as its packed kernel."""
    return zimage(0x1000 + len(packed))[:0x1000] + packed


def tree(path: Path, source: str | None = None) -> None:
    """Compile a device tree with dtc."""
    text = BOARD.read_text() if source is None else source
    subprocess.run(["dtc", "-q", "-O", "dtb", "-o", path], input=text, text=True, check=True)


def make_project(folder: Path) -> Path:
    """A project in ``folder`` in which files stand in for every package of the built-in layer."""
    folder.mkdir(exist_ok=True)
    (folder / "zImage").write_bytes(zimage())
    (folder / "xen").write_bytes(zimage(0x4000, end=0x9000, linux=False))
    (folder / "ramdisk.cpio").write_bytes(b"070701" + b"0" * 0x1000)
    tree(folder / "board.dtb")
    files = {
        "linux-armmp-lpae": "zImage",
        "xen-armhf": "xen",
        "proof-ramdisk-armhf": "ramdisk.cpio",
        "vexpress-a15-dtb": "board.dtb",
        "vexpress-a9-dtb": "board.dtb",
    }
    lines = ['layers = ["fwbuild", "layer"]']
    lines += [f'[sources.{name}]\ntype = "file"\npath = "{file}"' for name, file in files.items()]
    (folder / "fwbuild.toml").write_text("\n".join(lines) + "\n")
    (folder / "layer" / "recipes").mkdir(parents=True)
    return folder
