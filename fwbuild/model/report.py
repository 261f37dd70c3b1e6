# SPDX-License-Identifier: Apache-2.0
"""What a payload that reports about itself must print: docs/reference/conformance.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from fwbuild.model.modes import Mode, Seal

#: What a core must have for a line to be printed; empty if every core does.
Needs = Literal["", "security", "virtualization", "generic-timer"]

#: The CPUs that a rule is about.
Cpus = Literal["all", "boot", "secondary"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A register that every CPU in one of ``modes`` reports."""

    register: str
    modes: tuple[Mode, ...]
    needs: Needs = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRule:
    """What may come of an attempt to get a dropped mode back.

    It is made on the CPUs from which the mode ``against`` is kept (`monitor` stands for
    secure state), and ``allowed`` says for each seal which outcomes are no surprise. The
    rule's name in a verdict is `attempt-` and ``attempt``.
    """

    attempt: str
    against: Mode
    allowed: Mapping[Seal, tuple[str, ...]]
    modes: tuple[Mode, ...] = (Mode.HYP, Mode.SVC)
    cpus: Cpus = "all"
    needs: Needs = ""
    text: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The lines ``PREFIX: cpu MPIDR ...`` that a payload prints about each CPU."""

    prefix: str
    readings: tuple[Reading, ...]
    attempts: tuple[AttemptRule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reporter:
    """What was planned for one CPU, which its lines are compared with."""

    mpidr: int
    mode: Mode
    #: name and value of each cell of its record in the device tree
    cells: Mapping[str, int]
    #: the modes that are kept from the payload, by how well
    seals: Mapping[Mode, Seal]
    #: what of :data:`Needs` its core has
    has: frozenset[str]
