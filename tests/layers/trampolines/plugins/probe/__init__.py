# SPDX-License-Identifier: Apache-2.0
"""A payload that calls the stubs which it finds, on two CPUs, and prints what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fwbuild.plugin import (
    ARGUMENTS,
    Assembly,
    ConsoleRule,
    Contribution,
    Entry,
    Mode,
    Origins,
    Part,
    Payload,
    StartMethod,
    Target,
    Trampoline,
    argument_rules,
    core_source,
    hookimpl,
    no_origins,
    setting,
)

_SIZE = 0x2000


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeOptions:
    """What a recipe's ``[payload]`` may say."""

    type: str = setting("`probe`")
    origins: Origins = field(default_factory=no_origins, compare=False, repr=False)


@hookimpl
def fwbuild_payloads() -> Sequence[Payload]:
    """The one payload."""
    return [Payload(name="probe", summary="calls the stubs that it finds", options=ProbeOptions)]


@hookimpl
def fwbuild_contribute(target: Target) -> Contribution | None:
    """The program."""
    if not isinstance(target.options, ProbeOptions):
        return None
    wanted = target.recipe.trampolines
    sources = (
        core_source("armv7/registers"),
        Path(__file__).parent / "asm" / "probe.S",
        core_source(f"console/{target.platform.console.driver}"),
    )
    return Contribution(
        entry=Entry(
            part="probe",
            modes=(Mode.HYP, Mode.SVC),
            uniform=True,
            secondaries=(StartMethod.MAILBOX,),
            arguments=ARGUMENTS,
        ),
        parts=(Part(name="probe", text="the probe", size=_SIZE, memory_size=_SIZE),),
        assemblies=(
            Assembly(
                part="probe",
                sources=sources,
                symbols={
                    "MONITOR_STUB": int(Trampoline.MONITOR in wanted),
                    "HYP_STUB": int(Trampoline.HYP in wanted),
                    "CPUS": len(target.cpus),
                },
            ),
        ),
        registers=argument_rules("probe"),
        console=(ConsoleRule(id="probe-end", pattern=r"^probe: end$", text="the probe has done"),),
    )
