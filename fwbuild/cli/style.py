# SPDX-License-Identifier: Apache-2.0
"""Colour, when the reader can see it."""

from __future__ import annotations

import os
from typing import TextIO

_CODES = {"red": "31", "green": "32", "yellow": "33", "blue": "34", "bold": "1", "dim": "2"}


class Style:
    """Colours text for one stream.

    Off when the stream is no terminal, TERM is `dumb` or NO_COLOR is set (no-color.org);
    on in any case when CLICOLOR_FORCE is set to something other than 0.
    """

    def __init__(self, stream: TextIO) -> None:
        self.is_terminal = stream.isatty() and os.environ.get("TERM", "") != "dumb"
        forced = os.environ.get("CLICOLOR_FORCE", "0") not in ("", "0")
        self.is_on = not os.environ.get("NO_COLOR") and (forced or self.is_terminal)

    def __call__(self, text: str, *names: str) -> str:
        """``text`` in the colours ``names``."""
        if not self.is_on or not text:
            return text
        return f"\x1b[{';'.join(_CODES[name] for name in names)}m{text}\x1b[0m"
