# SPDX-License-Identifier: Apache-2.0
"""Changes to a device tree, as values. Addresses may be named before they are known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class AddressOf:
    """An address that the layout will decide: where a part starts or ends, or its size.

    ``end`` is the first address behind the part's bytes; ``size`` counts its bytes, not
    the memory it takes at run time.
    """

    part: str
    which: Literal["start", "end", "size"] = "start"
    #: bytes to add
    offset: int = 0


#: A number, or one that the layout will decide.
Number = int | AddressOf

#: Turns a :data:`Number` into an integer once the layout is known.
Resolve = Callable[[Number], int]


@dataclass(frozen=True, slots=True)
class Cells:
    """Big-endian integers of u32 cells.

    ``width`` is how many cells each takes (1 or 2), or a tuple of widths that repeats:
    an address of two cells and a size of one is ``width=(2, 1)``.
    """

    values: tuple[Number, ...]
    width: int | tuple[int, ...] = 1

    def bits(self) -> tuple[int, ...]:
        """How many bits each value has."""
        widths = (self.width,) if isinstance(self.width, int) else self.width
        return tuple(32 * widths[index % len(widths)] for index in range(len(self.values)))

    def encode(self, resolve: Resolve) -> bytes:
        """The property's bytes. Raises OverflowError if a value needs more cells."""
        numbers = map(resolve, self.values)
        return b"".join(number.to_bytes(bits // 8, "big") for number, bits in zip(numbers, self.bits(), strict=True))


@dataclass(frozen=True, slots=True)
class Strings:
    """One or more strings, each with its terminating NUL."""

    values: tuple[str, ...]

    def encode(self, resolve: Resolve) -> bytes:
        """The property's bytes."""
        return b"".join(value.encode() + b"\0" for value in self.values)


@dataclass(frozen=True, slots=True)
class Flag:
    """A property that has no value."""

    def encode(self, resolve: Resolve) -> bytes:
        """No bytes at all."""
        return b""


PropertyValue = Cells | Strings | Flag


@dataclass(frozen=True, slots=True)
class SetProperty:
    """Give a node a property. Nodes on the way that do not exist are made.

    ``unit``, if given, is the address that the node's name ends in, behind an ``@``.
    """

    node: str
    name: str
    value: PropertyValue
    unit: AddressOf | None = None

    def path(self, resolve: Resolve) -> str:
        """The node's full path."""
        return self.node if self.unit is None else f"{self.node}@{resolve(self.unit):x}"


@dataclass(frozen=True, slots=True)
class DeleteNode:
    """Take a node out with everything below it; nothing happens if there is none."""

    node: str


Edit = SetProperty | DeleteNode
