# SPDX-License-Identifier: Apache-2.0
"""Puts the conformance payload in the place of an image's own, and leaves all else as it is."""

from __future__ import annotations

import dataclasses

from fwbuild.model.contribution import Contribution, Target
from fwbuild.model.plan import Code, Layout, Placed, Plan
from fwbuild.model.problem import did_you_mean, fail
from fwbuild.model.rule import ConsoleRule
from fwbuild.planning.lower import Lowered, Lowering
from fwbuild.planning.plan import code_of
from fwbuild.planning.proofs import default_proofs
from fwbuild.planning.proving import Proving
from fwbuild.planning.registry import Registry

#: The kind of payload that attacks.
_ADVERSARY = "conformance"
#: Seconds that an attack may take: it prints all the time, and is over in a few.
_DEADLINE = 60


def attacked(plan: Plan, registry: Registry) -> Plan:
    """``plan`` with the conformance payload at its payload's entry.

    Platform, layout, boot code and device tree stay the same. Raises FwbuildError for a
    platform without an emulator, or a payload that is smaller than what replaces it.
    """
    target = plan.target
    if plan.machine is None:
        raise fail(
            "bad-value",
            f"the platform of {target.recipe.name} names no emulator machine, so it cannot be attacked",
            origin=target.platform.origins.of("emulators"),
        )
    gift = _gift(target, registry)
    (assembly,) = gift.assemblies
    needed = sum(part.memory_size for part in gift.parts)
    placed = plan.layout.place(plan.entry.part)
    offset = plan.entry_address - placed.region.start
    if placed.region.size - offset < needed:
        raise fail(
            "reserve-exceeded",
            f"the conformance payload needs {needed:,} bytes at {plan.entry_address:#x};"
            f" {placed.part.name} has {placed.region.size - offset:,}",
        )
    # Its size stays what it was: the device tree may speak of it.
    empty = Placed(part=dataclasses.replace(placed.part, material=""), region=placed.region)
    layout = Layout(tuple(empty if each is placed else each for each in plan.layout.placed))
    code = code_of(dataclasses.replace(assembly, part=placed.part.name), plan.boot, layout, plan.entry_address)
    verify = dataclasses.replace(target.recipe.verify, deadline=_DEADLINE)
    return dataclasses.replace(
        plan,
        target=dataclasses.replace(target, recipe=dataclasses.replace(target.recipe, verify=verify)),
        layout=layout,
        code=(*_others(plan), dataclasses.replace(code, offset=offset)),
        console=tuple(rule for rule in gift.console if isinstance(rule, ConsoleRule)),
        never=gift.never,
        report=gift.report,
    )


def _others(plan: Plan) -> tuple[Code, ...]:
    """Code of plugins that is not the payload itself."""
    return tuple(code for code in plan.code if code.assembly.part != plan.entry.part)


def _gift(target: Target, registry: Registry) -> Contribution:
    """What the conformance plugin would give to an image of its own on the same platform."""
    payloads = registry.payloads()
    registry.check()
    if _ADVERSARY not in payloads:
        hint = did_you_mean(_ADVERSARY, payloads)
        raise fail("unknown-name", f"there is no payload `{_ADVERSARY}` to attack with", hint=hint)
    options = payloads[_ADVERSARY].options(type=_ADVERSARY)
    gifts = registry.contributions(dataclasses.replace(target, payload=_ADVERSARY, options=options))
    registry.check()
    return next(gift for _, gift in gifts if gift.report is not None)


def lower_attack(plan: Plan) -> Lowered:
    """The steps that build and judge ``plan``, which :func:`attacked` made."""
    name = f"{plan.target.recipe.name} under attack"
    lowering = Lowering(plan, name)
    proofs = default_proofs(plan)
    assert proofs is not None
    steps = [*lowering.made_parts(), lowering.image(), *lowering.earlier_stage()]
    steps += Proving(plan, deadline=_DEADLINE, name=name).attack(proofs)
    files = {
        "adversary.log": lowering.output("console proof", "transcript"),
        "adversary.json": lowering.output("verdict", "verdict"),
    }
    return Lowered(tuple(steps), files)
