# SPDX-License-Identifier: Apache-2.0
"""Chooses the mode of each CPU, as the boot code will: handed over or refused, and why.

The boot code decides again at run time from what it finds. This choice says what is
expected, and refuses a build that could not work on the platform as it is described.
"""

from __future__ import annotations

from collections.abc import Sequence

from fwbuild.model.contribution import Entry
from fwbuild.model.modes import Mode, Ownership, ResetState, Seal
from fwbuild.model.plan import Choice
from fwbuild.model.platform import Core, Cpu, Platform
from fwbuild.model.problem import Origin, Problem, fail


def refusal(mode: Mode, core: Core, state: ResetState) -> str:
    """Why a CPU that starts in ``state`` cannot be handed over in ``mode``; empty if it can."""
    secure = _starts_secure(core, state)
    if mode in (Mode.MONITOR, Mode.SECURE_SVC):
        if not core.security:
            return "the core has no Security Extensions"
        return "" if secure else f"it starts in {state.value}, which cannot reach secure state"
    if mode is Mode.HYP:
        if not core.virtualization:
            return "the core has no Virtualization Extensions"
        return "" if secure or state is ResetState.HYP else f"it starts in {state.value}, which cannot reach hyp"
    return ""


def choose(entry: Entry, platform: Platform, cpus: Sequence[Cpu], cores: Sequence[Core]) -> tuple[Choice, ...]:
    """The choice for each CPU.

    Raises FwbuildError ``no-common-mode`` with a table of CPU and mode.
    """
    state = platform.reset.state
    refused = [{mode: refusal(mode, core, state) for mode in entry.modes} for core in cores]
    if entry.uniform:
        shared = next((mode for mode in entry.modes if not any(row[mode] for row in refused)), None)
        chosen = [shared] * len(cpus)
    else:
        chosen = [next((mode for mode in entry.modes if not row[mode]), None) for row in refused]
    choices = []
    for cpu, core, mode, row in zip(cpus, cores, chosen, refused, strict=True):
        if mode is None:
            raise _none_common(entry, cpus, refused, platform.origins.of())
        before = entry.modes[: entry.modes.index(mode)]
        reasons = tuple((other, row[other] or "another CPU cannot be in it") for other in before)
        choices.append(
            Choice(
                cpu=cpu,
                mode=mode,
                secure=_secure(mode, core, state),
                hyp=_hyp(mode, core, state),
                seals=_seals(mode, core, state),
                refused=reasons,
            )
        )
    return tuple(choices)


def modes_at_run_time(entry: Entry, cores: Sequence[Core]) -> tuple[Mode, ...]:
    """The modes that the boot code chooses among on each CPU, in the payload's order.

    Of a uniform payload only those that every core has: no CPU can ask the others. In
    which state they really start is for each to find out.
    """
    if not entry.uniform:
        return entry.modes
    return tuple(mode for mode in entry.modes if not any(refusal(mode, core, ResetState.SECURE_SVC) for core in cores))


def too_weak(choices: Sequence[Choice], minimum: Seal, origin: Origin) -> list[Problem]:
    """A problem for each mode that is sealed less than ``minimum``; ``origin`` is where that stands."""
    weak = {(mode, seal) for choice in choices for mode, seal in choice.seals if seal < minimum}
    return [
        Problem(
            code="seal-too-weak",
            message=f"{_KEPT[mode]} would be {seal.word}: {_WHY[seal]}; at least {minimum.word} is demanded",
            origin=origin,
            hint=f'`minimum-seal = "{seal.word}"` in the recipe accepts that',
        )
        for mode, seal in sorted(weak)
    ]


_KEPT = {Mode.MONITOR: "secure state", Mode.HYP: "hyp mode"}
_WHY = {
    Seal.RESERVED: (
        "the code that answers for it lies in ordinary memory, kept from the payload by the device tree only"
    ),
    Seal.FIRMWARE: "it is an earlier stage's, or code in protected memory answers for it",
}


def _starts_secure(core: Core, state: ResetState) -> bool:
    return core.security and state in (ResetState.SECURE_SVC, ResetState.MONITOR)


def _seals(mode: Mode, core: Core, state: ResetState) -> tuple[tuple[Mode, Seal], ...]:
    """How well the modes above ``mode`` are sealed."""
    seals: list[tuple[Mode, Seal]] = []
    if core.security and mode in (Mode.HYP, Mode.SVC):
        # SCR.SCD, which makes SMC UNDEFINED, came with the Virtualization Extensions
        # (ARM ARM, DDI 0406C, "SCR"). Without it our vectors answer.
        ours = Seal.SEALED if core.virtualization else Seal.RESERVED
        seals.append((Mode.MONITOR, ours if _starts_secure(core, state) else Seal.FIRMWARE))
    if core.virtualization and mode is Mode.SVC:
        # SCR.HCE can only be cleared in secure state. From hyp, our vectors answer HVC.
        by_state = {ResetState.HYP: Seal.RESERVED, ResetState.SVC: Seal.FIRMWARE}
        seals.append((Mode.HYP, by_state.get(state, Seal.SEALED)))
    return tuple(seals)


def _secure(mode: Mode, core: Core, state: ResetState) -> Ownership:
    """What becomes of secure state."""
    if not core.security:
        return Ownership.ABSENT
    if mode in (Mode.MONITOR, Mode.SECURE_SVC):
        return Ownership.OWN
    # Started outside secure state: an earlier stage has it. Without the Virtualization
    # Extensions an SMC still gets to our vectors.
    return Ownership.SEALED if _starts_secure(core, state) and core.virtualization else Ownership.FIRMWARE


def _hyp(mode: Mode, core: Core, state: ResetState) -> Ownership:
    """What becomes of hyp mode."""
    if not core.virtualization:
        return Ownership.ABSENT
    if mode is not Mode.SVC:
        return Ownership.OWN
    return Ownership.SEALED if _starts_secure(core, state) else Ownership.FIRMWARE


def _none_common(entry: Entry, cpus: Sequence[Cpu], refused: Sequence[dict[Mode, str]], origin: Origin) -> Exception:
    rows = [
        f"  cpu {cpu.mpidr:#05x} {cpu.core:<12} {mode.word:<10} {row[mode] or 'possible'}"
        for cpu, row in zip(cpus, refused, strict=True)
        for mode in entry.modes
    ]
    what = "no mode that all CPUs share" if entry.uniform else "no mode for every CPU"
    return fail(
        "no-common-mode",
        f"the payload accepts {what} ({entry.carrier} says so):\n" + "\n".join(rows),
        origin=origin,
        hint="give the recipe a `modes` list that the payload and the platform can both meet, or take another platform",
    )
