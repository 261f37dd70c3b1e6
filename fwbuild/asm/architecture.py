# SPDX-License-Identifier: Apache-2.0
"""What the front end asks of an instruction set."""

from __future__ import annotations

from typing import Protocol

from fwbuild.asm.armv7 import Armv7
from fwbuild.asm.encoder import Statement
from fwbuild.asm.expression import Expression
from fwbuild.asm.section import Instruction
from fwbuild.asm.tokens import Cursor
from fwbuild.model.problem import fail


class Architecture(Protocol):
    """An instruction set of four-byte instructions, little-endian, as one CPU has it."""

    @property
    def padding(self) -> bytes:
        """An instruction that does nothing."""
        ...

    def is_register(self, name: str) -> bool:
        """Whether a name means a register, so that no symbol can have it."""
        ...

    def directive(self, name: str, cursor: Cursor) -> bool:
        """Act on a directive of this instruction set; False if it is not one.

        Raises FwbuildError ``assembly`` when it asks for what the program is not.
        """
        ...

    def literal(self, mnemonic: str, cursor: Cursor) -> Expression | None:
        """The expression that an instruction loads by way of a literal pool, or None.

        ``cursor`` stands before the operands and is left there.
        """
        ...

    def fits_without_literal(self, number: int) -> bool:
        """Whether such an instruction can hold the number itself."""
        ...

    def normalise(self, instruction: Instruction) -> Statement:
        """An instruction in normal form. Raises FwbuildError ``assembly``."""
        ...


_ARCHITECTURES = {"armv7-a": Armv7}


def find_architecture(name: str, cpu: str) -> Architecture:
    """The instruction set ``name`` as ``cpu`` has it. Raises FwbuildError ``assembly``."""
    if name not in _ARCHITECTURES:
        raise fail("assembly", f"unknown architecture `{name}`", hint="known: " + ", ".join(_ARCHITECTURES))
    return _ARCHITECTURES[name](cpu)
