# SPDX-License-Identifier: Apache-2.0
"""What the front end asks of whatever turns one instruction into bytes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

# Nothing here can begin a directive, a comment, a second statement or a symbol's definition.
_NORMAL = re.compile(r"[a-z][a-z0-9_ ,#+\-\[\]{}^!]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One instruction in normal form: no symbols, expressions, comments or pseudo-instructions.

    ``text`` is lower case, its numbers are decimal. For a branch it is the mnemonic
    alone, and ``branch`` is the target's distance in bytes from the instruction itself.
    """

    text: str
    branch: int | None = None

    def __post_init__(self) -> None:
        if not _NORMAL.fullmatch(self.text):
            raise ValueError(f"{self.text!r} is not in normal form")


class Encoder(Protocol):
    """Turns instructions in normal form into bytes."""

    def encode(self, statements: Sequence[Statement]) -> Sequence[bytes | str]:
        """For each statement its four bytes, or in words why there are none.

        Raises FwbuildError ``tool-missing`` when the encoder itself cannot be run.
        """
        ...

    def fingerprint(self) -> Mapping[str, str]:
        """What the bytes may depend on: names and versions of what is outside fwbuild."""
        ...
