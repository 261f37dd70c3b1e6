# SPDX-License-Identifier: Apache-2.0
"""Reads a TOML file and remembers where each value stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fwbuild.config.locate import KeyPath, locate
from fwbuild.model.problem import FwbuildError, Origin, fail


@dataclass(slots=True)
class Document:
    """A TOML file: its values and the place of each."""

    path: str
    layer: str
    text: str
    values: Mapping[str, Any]
    _places: dict[KeyPath, tuple[int, int]] | None = field(default=None, init=False, repr=False)

    def origin(self, key: KeyPath) -> Origin:
        """Where ``key`` stands, or the nearest table around it; ``Origin.key`` says which."""
        if self._places is None:  # most documents have no problem to report
            self._places = locate(self.text)
        while key:
            if key in self._places:
                line, column = self._places[key]
                name = ".".join(str(part) for part in key)
                return Origin(path=self.path, line=line, column=column, key=name, layer=self.layer)
            key = key[:-1]
        return Origin(path=self.path, layer=self.layer)


def read_text(path: Path) -> str:
    """The text of a UTF-8 file; a file that cannot be read is the user's to mend.

    Raises FwbuildError ``unreadable-file``.
    """
    try:
        return path.read_bytes().decode()
    except OSError as error:
        raise unreadable(path, error) from error
    except UnicodeDecodeError as error:
        raise fail(
            "unreadable-file",
            f"not UTF-8 text: byte {error.object[error.start]:#04x} at offset {error.start}",
            origin=Origin(path=str(path)),
        ) from error


def unreadable(path: Path, error: OSError) -> FwbuildError:
    """The error for a file that the operating system does not let us read."""
    return fail(
        "unreadable-file",
        f"cannot read {path}: {error.strerror or error}",
        origin=Origin(path=str(path)),
    )


def load(path: Path, layer: str = "") -> Document:
    """Read and parse ``path``.

    Raises FwbuildError ``unreadable-file`` or ``toml-syntax`` with line and column.
    """
    return parse(read_text(path), path=str(path), layer=layer)


def parse(text: str, *, path: str, layer: str = "") -> Document:
    """Parse ``text`` as the contents of ``path``.

    Raises FwbuildError ``toml-syntax``.
    """
    import tomli

    try:
        values = tomli.loads(text)
    except tomli.TOMLDecodeError as error:
        raise fail(
            "toml-syntax",
            error.msg[:1].lower() + error.msg[1:],
            origin=Origin(path=path, line=error.lineno, column=error.colno, layer=layer),
        ) from error
    return Document(path=path, layer=layer, text=text, values=values)
