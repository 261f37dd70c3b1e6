# SPDX-License-Identifier: Apache-2.0
"""Platforms and recipes made from the built-in ones by a few changes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.project import ROOT

RECIPE = """\
summary = "a variant"
platform = "{platform}"
modes = [{modes}]
minimum-seal = "reserved"
{more}
[payload]
type = "linux"
image = "linux-armmp-lpae"
ramdisk = "proof-ramdisk-armhf"
bootargs = "console=ttyAMA0 earlycon=pl011,0x1c090000"
"""


def add_platform(layer: Path, name: str, base: str, changes: Mapping[str, str]) -> None:
    """A platform called ``name`` in ``layer``: the built-in ``base`` with texts replaced."""
    original = ROOT / "platforms" / base
    text = (original / "platform.toml").read_text()
    for before, after in changes.items():
        assert before in text, f"{base} does not say {before}"
        text = text.replace(before, after)
    folder = layer / "platforms" / name
    folder.mkdir(parents=True)
    for file in original.glob("*.dts"):
        (folder / file.name).write_bytes(file.read_bytes())
    # A source's name stands for one thing only.
    (folder / "platform.toml").write_text(text.replace(f"{base}-dts", f"{name}-dts"))


def add_recipe(layer: Path, name: str, platform: str, modes: tuple[str, ...], more: str = "") -> None:
    """A recipe called ``name`` in ``layer`` that boots Linux in one of ``modes``."""
    folder = layer / "recipes"
    folder.mkdir(exist_ok=True, parents=True)
    words = ", ".join(f'"{mode}"' for mode in modes)
    (folder / f"{name}.toml").write_text(RECIPE.format(platform=platform, modes=words, more=more))
