# SPDX-License-Identifier: Apache-2.0
"""dtc and fdtoverlay, which say what is right. A test without them fails: CI installs them."""

from __future__ import annotations

import subprocess
from pathlib import Path


def compile_source(text: str, *options: str) -> bytes:
    """The blob that dtc makes of source text."""
    return _dtc(text.encode(), "-I", "dts", "-O", "dtb", *options)


def decompile(blob: bytes) -> str:
    """The source text that dtc makes of a blob, in the blob's order."""
    return _dtc(blob, "-I", "dtb", "-O", "dts").decode()


def repacked(blob: bytes, *options: str) -> bytes:
    """A blob read and written by dtc."""
    return _dtc(blob, "-I", "dtb", "-O", "dtb", *options)


def normal_form(blob: bytes) -> str:
    """One text for all blobs that differ only in the order of nodes and properties."""
    return _dtc(blob, "-I", "dtb", "-O", "dts", "-s").decode()


def overlaid(folder: Path, base: str, *overlays: str) -> bytes:
    """What fdtoverlay makes of sources that ``dtc -@`` compiled."""
    files = []
    for number, text in enumerate((base, *overlays)):
        files.append(folder / f"{number}.dtb")
        files[-1].write_bytes(compile_source(text, "-@"))
    merged = folder / "merged.dtb"
    subprocess.run(["fdtoverlay", "-i", files[0], "-o", merged, *files[1:]], check=True)
    return merged.read_bytes()


def _dtc(data: bytes, *options: str) -> bytes:
    return subprocess.run(["dtc", "-q", *options], input=data, capture_output=True, check=True).stdout
