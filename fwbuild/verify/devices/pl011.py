# SPDX-License-Identifier: Apache-2.0
"""A PrimeCell UART (PL011, DDI 0183) that keeps what is printed."""

from __future__ import annotations

from dataclasses import dataclass, field

from fwbuild.verify.devices.bus import PAGE, Access

_DR, _FR, _CR = 0x000, 0x018, 0x030
_FR_EMPTY = 0x90  # TXFE and RXFE: sent at once, and nobody types
_CR_RESET = 0x300  # TXE and RXE
_CR_SENDS = 0x101  # UARTEN and TXE


@dataclass(slots=True)
class Pl011:
    """The port: a character sent while it is off is lost, as on the board."""

    address: int
    size: int = PAGE
    text: bytearray = field(default_factory=bytearray)
    _registers: dict[int, int] = field(default_factory=lambda: {_CR: _CR_RESET})

    def read(self, access: Access, offset: int) -> int:
        """The flags, or what was written."""
        return _FR_EMPTY if offset == _FR else self._registers.get(offset, 0)

    def write(self, access: Access, offset: int, value: int) -> None:
        """Send a character, or keep a setting."""
        if offset != _DR:
            self._registers[offset] = value
        elif self._registers[_CR] & _CR_SENDS == _CR_SENDS:
            self.text.append(value & 0xFF)
