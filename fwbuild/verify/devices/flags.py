# SPDX-License-Identifier: Apache-2.0
"""The flags register of Versatile Express boards, the mailbox of secondary CPUs.

Motherboard Express uATX TRM (DUI 0447), "System registers": SYS_FLAGS reads the flags,
a write to it (SYS_FLAGSSET) sets bits, a write to the next word (SYS_FLAGSCLR) clears.
"""

from __future__ import annotations

from dataclasses import dataclass

from fwbuild.verify.devices.bus import Access

_SET, _CLEAR = 0, 4


@dataclass(slots=True)
class FlagsRegister:
    """One word that any CPU may read and write, in either state."""

    address: int
    value: int = 0
    size: int = 8

    def read(self, access: Access, offset: int) -> int:
        """The flags, at the first word."""
        return self.value if offset == _SET else 0

    def write(self, access: Access, offset: int, value: int) -> None:
        """Set or clear bits."""
        if offset == _SET:
            self.value |= value
        elif offset == _CLEAR:
            self.value &= ~value
