# SPDX-License-Identifier: Apache-2.0
"""Every way in which an image may find its CPUs, as images, machines and expectations.

A cell is a platform, the state that its CPUs arrive in, what they really have, the modes
that a payload accepts, and a number of CPUs. The image is made for the platform as it is
described; the machine may lack an extension. What is expected is planned for the
machine as it is.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from fwbuild.engine.graph import OutputOf, Step
from fwbuild.model.contribution import Target
from fwbuild.model.modes import Mode, ResetState, Seal
from fwbuild.model.plan import BOOT_CODE, Choice, Plan
from fwbuild.model.platform import EmulatorMachine, Platform
from fwbuild.model.problem import FwbuildError
from fwbuild.model.recipe import Verify
from fwbuild.model.rule import ConsoleRule, NeverRule
from fwbuild.planning.lower import Lowering
from fwbuild.planning.plan import make_plan
from fwbuild.planning.proving import Proving, step_of
from fwbuild.planning.registry import Registry

#: Seconds that one run may take: it prints all the time, and is over in one.
_DEADLINE = 60

#: What payloads may accept: each mode alone, and orders in which one stands in for another.
LISTS: tuple[tuple[Mode, ...], ...] = (
    (Mode.MONITOR,),
    (Mode.HYP,),
    (Mode.SVC,),
    (Mode.SECURE_SVC,),
    (Mode.HYP, Mode.SVC),
    (Mode.SVC, Mode.HYP),
    (Mode.MONITOR, Mode.HYP, Mode.SVC),
    (Mode.SECURE_SVC, Mode.SVC),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One way in which an image may find its CPUs."""

    platform: str
    #: the state of every CPU at the boot code's first instruction
    reset: ResetState
    #: what the machine's CPUs have
    secure: bool
    hyp: bool
    #: what the payload accepts
    modes: tuple[Mode, ...]
    uniform: bool
    cpus: int

    @property
    def name(self) -> str:
        """The cell in words, for the names of steps."""
        has = f"secure {'on' if self.secure else 'off'}, hyp {'on' if self.hyp else 'off'}"
        modes = " ".join(mode.word for mode in self.modes) + (" uniform" if self.uniform else "")
        return f"{self.platform} x {self.cpus}, from {self.reset.value}, {has}, accepts {modes}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A cell ready to be run."""

    cell: Cell
    #: the mode planned for each CPU; empty if every CPU is to be parked, None if planning refuses the image
    planned: tuple[Mode, ...] | None
    steps: tuple[Step, ...]
    findings: tuple[OutputOf, ...]
    transcript: OutputOf | None


def cells(platform: Platform, counts: Sequence[int]) -> Iterator[Cell]:
    """Every cell for ``platform``, with as many CPUs as ``counts`` says and the platform has."""
    machine = platform.emulators[0]
    alone = machine.starts_all_with == "secure"
    for secure in (True, False) if "secure" in machine.properties else (True,):
        for hyp in (True, False) if "virtualization" in machine.properties else (False,):
            for reset in _states(secure=secure, hyp=hyp):
                for modes in LISTS:
                    for uniform in (True, False) if len(modes) > 1 else (True,):
                        for cpus in counts:
                            if cpus == 1 or (cpus <= len(platform.cpus) and (secure or not alone)):
                                yield Cell(
                                    platform=platform.name,
                                    reset=reset,
                                    secure=secure,
                                    hyp=hyp,
                                    modes=modes,
                                    uniform=uniform,
                                    cpus=cpus,
                                )


def _states(*, secure: bool, hyp: bool) -> tuple[ResetState, ...]:
    """The states that CPUs can be brought into, the one that a machine starts them in first."""
    below = (ResetState.HYP, ResetState.SVC) if hyp else (ResetState.SVC,)
    return (ResetState.SECURE_SVC, ResetState.MONITOR, *below) if secure else below


def prepare(cell: Cell, base: Target, registry: Registry) -> Prepared:
    """The steps that try ``cell``.

    ``base`` is a target of the conformance payload on the cell's platform, with all its
    CPUs and materials. Raises FwbuildError for what has nothing to do with modes.
    """
    machine = _machine(cell, base.platform.emulators[0])
    platform = dataclasses.replace(
        base.platform, reset=dataclasses.replace(base.platform.reset, state=cell.reset), emulators=(machine,)
    )
    recipe = dataclasses.replace(
        base.recipe,
        name=cell.name,
        modes=None,
        cpus=cell.cpus,
        minimum_seal=Seal.RESERVED,
        verify=Verify(deadline=_DEADLINE),
    )
    target = dataclasses.replace(
        base,
        recipe=recipe,
        platform=platform,
        cpus=base.cpus[: cell.cpus],
        cores=base.cores[: cell.cpus],
        options=dataclasses.replace(base.options, modes=cell.modes, uniform=cell.uniform),
    )
    image = _planned(target, registry)
    if image is None:
        return Prepared(cell=cell, planned=None, steps=(), findings=(), transcript=None)
    real = tuple(
        dataclasses.replace(
            core, security=core.security and cell.secure, virtualization=core.virtualization and cell.hyp
        )
        for core in target.cores
    )
    return _prepared(cell, image, _planned(dataclasses.replace(target, cores=real), registry))


def _machine(cell: Cell, machine: EmulatorMachine) -> EmulatorMachine:
    has = {"secure": cell.secure, "virtualization": cell.hyp}
    properties: Mapping[str, str] = {
        **machine.properties,
        **{name: "on" if there else "off" for name, there in has.items() if name in machine.properties},
    }
    return dataclasses.replace(machine, properties=properties, reset=_states(secure=cell.secure, hyp=cell.hyp)[0])


def _planned(target: Target, registry: Registry) -> Plan | None:
    """The plan for ``target``; None if its CPUs have no mode for the payload."""
    try:
        return make_plan(target, registry)
    except FwbuildError as error:
        if any(problem.code != "no-common-mode" for problem in error.problems):
            raise
        return None


def _behind_ours(choice: Choice) -> Choice:
    """``choice`` behind an earlier stage that is fwbuild's own: what that keeps lies in ordinary memory."""
    seals = ((mode, Seal.RESERVED if seal is Seal.FIRMWARE else seal) for mode, seal in choice.seals)
    return dataclasses.replace(choice, seals=tuple(seals))


def _prepared(cell: Cell, image: Plan, expected: Plan | None) -> Prepared:
    # The image does not depend on what the machine lacks: all cells share it that differ in nothing else.
    modes = " ".join(mode.word for mode in cell.modes) + (" uniform" if cell.uniform else "")
    staged = " staged" if image.earlier_stage else ""
    name = f"{cell.platform} x {cell.cpus} for {cell.reset.value}{staged}, accepts {modes}"
    making = Lowering(image, name)
    steps = [*making.made_parts(), making.image(), *making.earlier_stage()]
    elf = making.output("proof image" if image.earlier_stage else "image", "elf")
    if expected is not None and image.earlier_stage is not None:
        expected = dataclasses.replace(expected, choices=tuple(map(_behind_ours, expected.choices)))
    proving = Proving(expected or image, deadline=_DEADLINE, name=cell.name)
    assert image.machine is not None
    console = proving.console(image.machine.type)
    console = dataclasses.replace(console, inputs={"elf": elf})
    tried = [console]
    if expected is None:
        parked = ConsoleRule(id="parked", pattern=r"^fwbuild: no mode", text="the boot CPU says why it is parked")
        began = NeverRule(id="entered", pattern=r"^conformance:", text="the payload is entered all the same")
        params = {
            **console.params,
            "expected": [proving.rule(parked)],
            "never": [dataclasses.asdict(began)],
        }
        tried = [dataclasses.replace(console, params=params)]
    elif expected.report is not None:
        report = proving.judge_report(expected.report)
        symbols = making.output(step_of(BOOT_CODE), "symbols")
        tried.append(dataclasses.replace(report, inputs={**report.inputs, "symbols": symbols}))
    return Prepared(
        cell=cell,
        planned=() if expected is None else tuple(choice.mode for choice in expected.choices),
        steps=(*steps, *tried),
        findings=tuple(OutputOf(step.name, "findings") for step in tried),
        transcript=OutputOf(console.name, "transcript"),
    )
