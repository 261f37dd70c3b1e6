# SPDX-License-Identifier: Apache-2.0
"""The payload's shim: who gives one, what it does to the modes, and which rules it lifts."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from fwbuild.config.rules import Rules
from fwbuild.model.contribution import Contribution, Entry, Shim, Target
from fwbuild.model.modes import Mode
from fwbuild.model.plan import Choice
from fwbuild.model.problem import fail
from fwbuild.model.rule import RegisterRule


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How a payload is entered, and what it accepts itself, behind its shim if it has one."""

    entry: Entry
    accepts: tuple[Mode, ...]
    shim: Shim | None = None


def find_shim(target: Target, contributions: Sequence[tuple[str, Contribution]]) -> Shim | None:
    """The shim that a plugin gave. Raises FwbuildError for two, or none where the recipe wants trampolines."""
    shims = [(owner, gift.shim) for owner, gift in contributions if gift.shim is not None]
    if len(shims) > 1:
        owners = " and ".join(owner for owner, _ in shims)
        raise fail("plugin-failed", f"the plugins {owners} both put a shim before the payload")
    if not shims and target.recipe.trampolines:
        raise fail(
            "plugin-failed",
            "the recipe asks for trampolines, but no plugin gives any",
            origin=target.recipe.origins.of("trampolines"),
            hint="the plugin `trampolines` is in the layer `fwbuild`",
        )
    return shims[0][1] if shims else None


def way_through(entry: Entry, shim: Shim | None) -> Way:
    """``entry`` as the boot code has to see it, with ``shim`` before the payload.

    What a recipe says about modes is about the image, shim included. All CPUs go through
    the shim in the same mode, for its rules are about one way.
    """
    if shim is None:
        return Way(entry=entry, accepts=entry.modes)
    if entry.carrier == "recipe":
        own = entry.overruled[0][1] if entry.overruled else entry.modes
        return Way(entry=dataclasses.replace(entry, uniform=True), accepts=own, shim=shim)
    modes = tuple(dict.fromkeys((*shim.modes, *entry.modes)))
    return Way(entry=dataclasses.replace(entry, modes=modes, uniform=True), accepts=entry.modes, shim=shim)


def passed_on(choices: Sequence[Choice], way: Way) -> tuple[Choice, ...]:
    """``choices`` with the mode behind the shim. Raises FwbuildError if the payload does not accept that."""
    if way.shim is None:
        return tuple(choices)
    passages = way.shim.passages
    found = []
    for choice in choices:
        mode = passages[choice.mode].mode if choice.mode in passages else choice.mode
        if mode not in way.accepts:
            accepted = ", ".join(each.word for each in way.accepts)
            raise fail(
                "no-common-mode",
                f"behind the shim CPU {choice.cpu.mpidr:#x} is in {mode.word}, but the payload accepts {accepted}",
                hint="a payload that wants secure state for itself needs no trampolines: leave them out",
            )
        found.append(dataclasses.replace(choice, passed_on=mode))
    return tuple(found)


def behind(
    shim: Shim | None, choices: Sequence[Choice], registers: Sequence[RegisterRule], table: Rules
) -> tuple[RegisterRule, ...]:
    """The rules of the boot code, ``registers``, as they are behind ``shim``. ``table`` knows all their names."""
    if shim is None:
        return tuple(registers)
    passage = shim.passages.get(choices[0].mode)
    if passage is None:
        return tuple(registers)
    unknown = set(passage.lifts) - {row.id for row in table.register}
    if unknown:
        raise fail(
            "plugin-failed", f"the shim {shim.part} lifts rules that there are not: {', '.join(sorted(unknown))}"
        )
    return (*(rule for rule in registers if rule.id not in passage.lifts), *passage.rules)
