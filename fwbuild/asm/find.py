# SPDX-License-Identifier: Apache-2.0
"""Finding an encoder on this machine."""

from __future__ import annotations

from typing import Literal

from fwbuild.asm.encoder import Encoder
from fwbuild.asm.keystone import find_keystone
from fwbuild.model.problem import fail

#: What to install for GNU as, by architecture.
_PACKAGES = {"armv7-a": "binutils-arm-linux-gnueabihf"}


def find_encoder(preference: Literal["auto", "keystone", "gnu"], architecture: str) -> Encoder:
    """The encoder of that name; ``auto`` takes keystone where it can be used, else GNU as.

    Raises FwbuildError ``tool-missing``, saying what to install.
    """
    if architecture not in _PACKAGES:
        raise fail("assembly", f"unknown architecture `{architecture}`", hint="known: " + ", ".join(_PACKAGES))
    missing = []
    hints = []
    if preference in ("auto", "keystone"):
        keystone = find_keystone(architecture)
        if not isinstance(keystone, str):
            return keystone
        missing.append(keystone)
        hints.append("`pip install keystone-engine capstone` (there is no wheel for Linux on ARM)")
    if preference in ("auto", "gnu"):
        # Not imported above: where there is keystone, a build with nothing to do saves the time.
        from fwbuild.asm.gnu import find_gnu

        gnu = find_gnu(architecture)
        if gnu is not None:
            return gnu
        missing.append(f"there is no GNU as for {architecture} in the search path")
        hints.append(f"`apt install {_PACKAGES[architecture]}`")
    raise fail("tool-missing", "no assembler: " + "; ".join(missing), hint="install with " + " or ".join(hints))
