# SPDX-License-Identifier: Apache-2.0
"""Reads the table of rules that an architecture's boot code must keep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from fwbuild.config.structure import structure
from fwbuild.config.toml import load
from fwbuild.model.modes import Mode
from fwbuild.model.problem import FwbuildError, Problem, fail
from fwbuild.model.setting import Origins, Table, no_origins, setting

_CPUS = Literal["all", "boot", "secondary"]
_CORES = Literal["", "virtualization", "generic-timer"]
_FROM = Literal["", "hyp", "secure"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterRow:
    """A ``[[register]]`` of a rules file."""

    id: str = setting("the rule's name, the same in every report")
    register: str = setting("the register's name in the architecture manual")
    value: int | str = setting("what it must be: a number, a symbol of the boot code, or `= REGISTER`")
    mask: int | str = setting("the bits that the rule is about", default=0xFFFFFFFF)
    modes: tuple[Mode, ...] = setting("for CPUs handed over in these modes; by default all", default=tuple(Mode))
    cpus: _CPUS = setting("for which CPUs", default="all")
    cores: _CORES = setting("only for cores that have this extension", default="")
    start: _FROM = setting(
        "only when the boot code is started where it can set this: in secure state, or there or in hyp", default=""
    )
    text: str = setting("what the rule means to a payload")
    source: str = setting("where the rule comes from")
    origins: Origins = field(default_factory=no_origins, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteRow:
    """A ``[[write]]`` of a rules file."""

    id: str = setting("the rule's name, the same in every report")
    target: str = setting("a register's name, or the symbol of a device's address")
    offset: int = setting("for a device: offset of the first register", default=0, minimum=0)
    words: int | str = setting("for a device: how many registers in a row", default=1)
    value: int | str = setting("what must be written last")
    mask: int | str = setting("the bits that the rule is about", default=0xFFFFFFFF)
    modes: tuple[Mode, ...] = setting("for CPUs handed over in these modes; by default all", default=tuple(Mode))
    cpus: _CPUS = setting("for which CPUs", default="all")
    cores: _CORES = setting("only for cores that have this extension", default="")
    start: _FROM = setting(
        "only when the boot code is started where it can set this: in secure state, or there or in hyp", default=""
    )
    text: str = setting("what the rule means to a payload")
    source: str = setting("where the rule comes from")
    origins: Origins = field(default_factory=no_origins, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The whole of a rules file."""

    register: tuple[RegisterRow, ...] = setting("what registers must hold", default=())
    write: tuple[WriteRow, ...] = setting("what must have been written", default=())


def load_rules(path: Path) -> Rules:
    """Read a rules file. Raises FwbuildError, also for an id that stands twice."""
    document = load(path)
    rules = structure(Rules, Table(document.values, Origins(document.origin)))
    seen: set[str] = set()
    problems: list[Problem] = []
    rows: tuple[RegisterRow | WriteRow, ...] = (*rules.register, *rules.write)
    for row in rows:
        if row.id in seen:
            origin = row.origins.of("id")
            problems.append(Problem(code="duplicate-name", message=f"rule `{row.id}` stands twice", origin=origin))
        seen.add(row.id)
    if problems:
        raise FwbuildError(problems)
    return rules


def number(value: int | str, symbols: Mapping[str, int], row: Any) -> int:
    """``value`` of a rule's row with its symbol replaced. Raises FwbuildError."""
    if isinstance(value, int):
        return value
    if value not in symbols:
        raise fail(
            "unknown-name", f"rule `{row.id}` names the unknown symbol `{value}`", origin=row.origins.of("value")
        )
    return symbols[value]
