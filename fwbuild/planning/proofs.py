# SPDX-License-Identifier: Apache-2.0
"""Decides by which emulators an image is proven on this machine, and what stays unproven."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fwbuild.model.board import Board, BoardConsole, BoardCpu, BoardGic
from fwbuild.model.plan import Plan
from fwbuild.model.platform import EmulatorMachine
from fwbuild.model.ports import Emulator, Machine
from fwbuild.model.problem import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Proofs:
    """The emulators, by name; an empty one means that the proof is not made."""

    #: follows the CPUs to the payload; and again, to compare
    entry: str
    second: str = ""
    #: runs the payload
    console: str = ""
    #: the proofs that are not made, each with the reason
    missing: tuple[str, ...] = ()


def board_of(plan: Plan) -> Board:
    """The platform of ``plan`` in the numbers that an embedded emulator needs."""
    target = plan.target
    platform = target.platform
    gic = platform.gic
    return Board(
        reset=platform.reset.state,
        cpus=tuple(BoardCpu(core=cpu.core, mpidr=cpu.mpidr) for cpu in target.cpus),
        memory=tuple((bank.start, bank.size) for bank in platform.memory),
        gic=BoardGic(distributor=gic.distributor, cpu_interface=gic.cpu_interface, interrupts=gic.interrupts),
        console=BoardConsole(driver=platform.console.driver, address=platform.console.address),
        mailbox=platform.secondaries.mailbox,
    )


def machine_of(plan: Plan, model: EmulatorMachine | None) -> Machine:
    """The machine to prove the image of ``plan`` on; without a model it is the platform itself."""
    cpus = len(plan.target.cpus)
    memory = sum(bank.size for bank in plan.target.platform.memory)
    if model is None:
        cores = ", ".join(dict.fromkeys(cpu.core for cpu in plan.target.cpus))
        return Machine(machine=plan.target.platform.name, cpu=cores, properties={}, cpus=cpus, memory=memory)
    return Machine(machine=model.machine, cpu=model.cpu, properties=dict(model.properties), cpus=cpus, memory=memory)


def default_proofs(plan: Plan) -> Proofs | None:
    """Both proofs by the emulator that the platform or the recipe names; None if it names none."""
    if plan.machine is None:
        return None
    return Proofs(entry=plan.machine.type, console=plan.machine.type)


def proofs_for(plan: Plan, emulators: Mapping[str, Emulator]) -> Proofs | None:
    """The proofs that can be made with those of ``emulators`` that are installed.

    The emulator that is named makes both proofs, an embedded one beside it makes the first
    again. Without the one that is named the embedded one stands in, unless the recipe
    insists. None if there is nothing to prove with, and nobody named anything.
    """
    board = board_of(plan)
    embedded = [name for name, each in emulators.items() if each.embeds(board) and each.missing() is None]
    wanted = default_proofs(plan)
    if wanted is None:
        return _embedded(embedded, f"{plan.target.platform.name} names no emulator machine that runs the payload")
    named = emulators.get(wanted.entry)
    if wanted.entry in embedded:
        return _embedded([wanted.entry], f"{wanted.entry} has CPUs only and does not run the payload")
    problem = named.missing() if named is not None else None
    if problem is None:
        # Behind an earlier stage the registers that it set are its own, and differ.
        second = embedded[0] if embedded and plan.earlier_stage is None else ""
        return Proofs(entry=wanted.entry, second=second, console=wanted.entry)
    insists = plan.target.recipe.verify.emulator == wanted.entry
    return (None if insists else _embedded(embedded, _in_words(problem))) or wanted


def _embedded(names: Sequence[str], why: str) -> Proofs | None:
    """The entry alone; None if there is no emulator for it."""
    return Proofs(entry=names[0], missing=(f"console proof: {why}",)) if names else None


def _in_words(problem: Problem) -> str:
    return f"{problem.message} ({problem.hint})" if problem.hint else problem.message
