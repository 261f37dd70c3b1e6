# SPDX-License-Identifier: Apache-2.0
"""Finds the device that an access is for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

#: Devices are mapped in whole pages, the smallest that an MMU or an emulator knows.
PAGE = 0x1000


@dataclass(frozen=True, slots=True)
class Access:
    """Who makes an access to a device."""

    cpu: int
    secure: bool


class Device(Protocol):
    """Registers at an address. Offsets count from :attr:`address`, values are 32 bits wide."""

    @property
    def address(self) -> int: ...

    @property
    def size(self) -> int: ...

    def read(self, access: Access, offset: int) -> int:
        """What the register at ``offset`` gives."""
        ...

    def write(self, access: Access, offset: int, value: int) -> None:
        """Write the register at ``offset``."""
        ...


class Bus:
    """All devices of a board."""

    def __init__(self, devices: Sequence[Device]) -> None:
        self._devices = devices
        #: accesses inside a mapped page for which there is no device, in words
        self.strays: list[str] = []

    def pages(self) -> list[int]:
        """The addresses of all pages with a device in them, each once."""
        return sorted(
            {
                page
                for device in self._devices
                for page in range(device.address & -PAGE, device.address + device.size, PAGE)
            }
        )

    def read(self, access: Access, address: int) -> int:
        """What ``address`` gives; 0 where no device is."""
        device = self._at(access, address, "read")
        return 0 if device is None else device.read(access, address - device.address) & 0xFFFFFFFF

    def write(self, access: Access, address: int, value: int) -> None:
        """Write ``address``; nothing happens where no device is."""
        device = self._at(access, address, "wrote")
        if device is not None:
            device.write(access, address - device.address, value)

    def _at(self, access: Access, address: int, what: str) -> Device | None:
        for device in self._devices:
            if device.address <= address < device.address + device.size:
                return device
        self.strays.append(f"CPU {access.cpu} {what} {address:#x}, where the model has no device")
        return None
