# SPDX-License-Identifier: Apache-2.0
"""Describes what a person may write in a TOML file.

A configuration class is a frozen dataclass whose fields carry a :func:`setting`: its
documentation and limits. The one row serves the reader of the file
(:mod:`fwbuild.config.structure`), the messages and the generated reference.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fwbuild.model.problem import Origin

_KEY = "fwbuild-setting"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What is known of one key beside its type."""

    doc: str
    unit: str = ""
    minimum: int | None = None
    maximum: int | None = None
    pattern: str = ""
    nonempty: bool = False
    unique: bool = False


def setting(
    doc: str,
    *,
    default: Any = dataclasses.MISSING,
    unit: str = "",
    minimum: int | None = None,
    maximum: int | None = None,
    pattern: str = "",
    nonempty: bool = False,
    unique: bool = False,
) -> Any:
    """Declare a field of a configuration class.

    ``doc`` says in one sentence what the key means. ``minimum`` and ``maximum`` bound
    a number, ``pattern`` a string (a regular expression for the whole of it);
    ``nonempty`` refuses an empty list, ``unique`` one that names something twice. Without
    ``default`` the key is required.
    """
    row = Setting(
        doc=doc,
        unit=unit,
        minimum=minimum,
        maximum=maximum,
        pattern=pattern,
        nonempty=nonempty,
        unique=unique,
    )
    metadata = {_KEY: row}
    if isinstance(default, Mapping):
        return dataclasses.field(default_factory=lambda: default, metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


def setting_of(field: dataclasses.Field[Any]) -> Setting | None:
    """The row declared for ``field``; None for a field that no file sets."""
    row = field.metadata.get(_KEY)
    return row if isinstance(row, Setting) else None


def is_required(field: dataclasses.Field[Any]) -> bool:
    """Whether a file must give the key of ``field``."""
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def key_of(name: str) -> str:
    """The TOML key for a field: ``cpu_interface`` is written ``cpu-interface``."""
    return name.replace("_", "-")


@dataclass(frozen=True, slots=True, eq=False)
class Origins:
    """Where the keys of one table stand. Never part of a value's identity."""

    lookup: Callable[[tuple[str | int, ...]], Origin]
    prefix: tuple[str | int, ...] = ()

    def of(self, *key: str | int) -> Origin:
        """The place of ``key`` in this table, or of the table if it has no such key."""
        return self.lookup((*self.prefix, *key))


@dataclass(frozen=True, slots=True)
class Table:
    """A table whose keys are known only later, such as a payload plugin's options."""

    values: Mapping[str, Any]
    origins: Origins


def _nowhere(key: tuple[str | int, ...]) -> Origin:  # noqa: ARG001  # the shape of a lookup
    return Origin(path="<default>")


def no_origins() -> Origins:
    """For values that were made by code and stand in no file."""
    return Origins(_nowhere)
