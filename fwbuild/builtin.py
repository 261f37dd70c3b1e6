# SPDX-License-Identifier: Apache-2.0
"""fwbuild's own emulators, given through the same hooks that a plugin uses."""

from __future__ import annotations

from collections.abc import Sequence

from fwbuild.plugin import Emulator, hookimpl
from fwbuild.verify.qemu import Qemu
from fwbuild.verify.unicorn import Unicorn


@hookimpl
def fwbuild_emulators() -> Sequence[Emulator]:
    """QEMU, and unicorn for what needs no machine."""
    return [Qemu(), Unicorn()]
