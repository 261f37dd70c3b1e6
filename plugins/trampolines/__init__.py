# SPDX-License-Identifier: Apache-2.0
"""Ways back into monitor mode and hyp for a kernel that keeps both: one stub for each, per CPU.

A kernel that fwbuild enters in monitor mode owns secure state. One that was not written
for monitor mode gets a shim, which belongs to it: it leaves the stubs behind that the
recipe's `trampolines` names, and goes on to the kernel in hyp.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from fwbuild.plugin import (
    Assembly,
    Contribution,
    Mode,
    Part,
    Passage,
    Plan,
    Problem,
    RegisterRule,
    Shim,
    Target,
    Trampoline,
    core_source,
    hookimpl,
)

_PART = "shim"
#: What the code may take, in bytes. A page, for that is the least that a device tree can reserve.
_RESERVE = 0x1000
_README = "plugins/trampolines/README.md"
_FOLDER = Path(__file__).parent / "asm"
#: In the order in which they run; `armv7/...` are the boot code's.
_SOURCES = (
    core_source("armv7/registers"),
    _FOLDER / "shim.S",
    core_source("armv7/secure"),
    core_source("armv7/gicv2"),
    core_source("armv7/nonsecure"),
    core_source("armv7/hyp"),
    _FOLDER / "depart.S",
    _FOLDER / "stubs.S",
)


@hookimpl
def fwbuild_contribute(target: Target) -> Contribution | None:
    """The shim, for a recipe that asks for stubs."""
    wanted = target.recipe.trampolines
    if not wanted:
        return None
    to_hyp = all(core.virtualization for core in target.cores)
    return Contribution(
        parts=(
            Part(
                name=_PART,
                text="the payload's shim and stubs",
                size=_RESERVE,
                memory_size=_RESERVE,
                high=True,
                resident=True,
            ),
        ),
        assemblies=(
            Assembly(
                part=_PART,
                sources=_SOURCES,
                symbols={
                    "MONITOR_STUB": int(Trampoline.MONITOR in wanted),
                    "HYP_STUB": int(Trampoline.HYP in wanted),
                    "TO_HYP": int(to_hyp),
                    # Here non-secure state is prepared for whoever comes in monitor mode.
                    "WANTS_SECURE": 0,
                },
                labels={"ARRIVED": "arrived"},
            ),
        ),
        shim=Shim(
            part=_PART,
            modes=(Mode.MONITOR,) if Trampoline.MONITOR in wanted else (),
            passages={
                Mode.MONITOR: Passage(
                    mode=Mode.HYP if to_hyp else Mode.SVC,
                    lifts=("smc-sealed", "monitor-vectors", "hyp-vectors"),
                    rules=(*_monitor_rules(wanted), _hyp_rule(wanted)),
                ),
                Mode.HYP: Passage(mode=Mode.HYP, lifts=("hyp-vectors",), rules=(_hyp_rule(wanted),)),
            },
        ),
    )


def _monitor_rules(wanted: Sequence[Trampoline]) -> Iterator[RegisterRule]:
    there = Trampoline.MONITOR in wanted
    yield RegisterRule(
        id="shim-smc",
        register="SCR",
        mask=0x80,
        value=0 if there else 0x80,
        needs="virtualization",
        text="SMC gets to the payload's monitor stub" if there else "SMC is UNDEFINED: the shim has sealed it",
        source=f"{_README}; ARM ARM, SCR.SCD",
    )
    yield RegisterRule(
        id="shim-monitor-vectors",
        register="MVBAR",
        value=f"{_PART}:monitor_vectors",
        text="the monitor's vectors are the shim's" + (": an SMC sets MVBAR to r0" if there else ", and inert"),
        source=_README,
    )


def _hyp_rule(wanted: Sequence[Trampoline]) -> RegisterRule:
    there = Trampoline.HYP in wanted
    return RegisterRule(
        id="shim-hyp-vectors",
        register="HVBAR",
        value=f"{_PART}:dead_vectors",
        needs="virtualization",
        text="hyp's vectors are the shim's" + (": an HVC sets HVBAR to r0" if there else ", and inert"),
        source=_README,
    )


@hookimpl
def fwbuild_review(plan: Plan) -> Sequence[Problem]:
    """A stub in a mode that the payload does not get would never be there."""
    modes = {
        Trampoline.MONITOR: (Mode.MONITOR,),
        Trampoline.HYP: (Mode.MONITOR, Mode.HYP),
    }
    wanted = plan.target.recipe.trampolines
    found = []
    for choice, core in zip(plan.choices, plan.target.cores, strict=True):
        for index, trampoline in enumerate(wanted):
            there = choice.mode in modes[trampoline]
            if there and (trampoline is Trampoline.MONITOR or core.virtualization):
                continue
            cpu = f"CPU {choice.cpu.mpidr:#x} ({choice.cpu.core})"
            found.append(
                Problem(
                    code="no-common-mode",
                    message=f"{cpu} is handed over in {choice.mode.word}: there is no {trampoline.value} stub then",
                    origin=plan.target.recipe.origins.of("trampolines", index),
                    hint="`fwbuild plan` says why; leave this one out of `trampolines`, or take another platform",
                )
            )
    return found
