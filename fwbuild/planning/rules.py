# SPDX-License-Identifier: Apache-2.0
"""Turns the rows of a rules file into rules for one image, with its numbers filled in."""

from __future__ import annotations

from collections.abc import Mapping

from fwbuild.config.rules import RegisterRow, Rules, WriteRow, number
from fwbuild.model.contribution import Target
from fwbuild.model.modes import ResetState
from fwbuild.model.platform import Core, Platform
from fwbuild.model.rule import RegisterRule, WriteRule


def rules_for(
    target: Target, rules: Rules, symbols: Mapping[str, int]
) -> tuple[tuple[RegisterRule, ...], tuple[WriteRule, ...]]:
    """The register and write rules of ``rules`` that apply to ``target``.

    ``symbols`` are the numbers that the boot code was given. Raises FwbuildError for a
    row that names a symbol nobody defines.
    """
    known = dict(symbols)
    known["GIC_SHARED_GROUPS"] = (target.platform.gic.interrupts + 31) // 32 - 1
    registers = tuple(_register(row, known) for row in rules.register if _applies(row, target))
    writes = tuple(_write(row, known) for row in rules.write if _applies(row, target))
    return registers, writes


def features(core: Core, platform: Platform) -> frozenset[str]:
    """What rules may need that ``core`` has on ``platform``, which must say how fast its timer counts."""
    found = {
        "virtualization": core.virtualization,
        "generic-timer": core.generic_timer and platform.timer is not None,
    }
    return frozenset(name for name, there in found.items() if there)


def _applies(row: RegisterRow | WriteRow, target: Target) -> bool:
    """Whether there is a CPU that the rule is about, and the boot code starts where it can keep it."""
    state = target.platform.reset.state
    secure = state in (ResetState.SECURE_SVC, ResetState.MONITOR)
    can = {"": True, "hyp": secure or state is ResetState.HYP, "secure": secure}
    has = not row.cores or any(row.cores in features(core, target.platform) for core in target.cores)
    return has and can[row.start]


def _register(row: RegisterRow, symbols: Mapping[str, int]) -> RegisterRule:
    # A name that is no symbol is a label of the boot code, known once it is assembled.
    value = symbols.get(row.value, row.value) if isinstance(row.value, str) else row.value
    return RegisterRule(
        id=row.id,
        register=row.register,
        value=value,
        mask=number(row.mask, symbols, row),
        modes=row.modes,
        cpus=row.cpus,
        needs=row.cores,
        text=row.text,
        source=row.source,
    )


def _write(row: WriteRow, symbols: Mapping[str, int]) -> WriteRule:
    targets: tuple[str | int, ...] = (row.target,)
    if row.target in symbols:
        first = symbols[row.target] + row.offset
        targets = tuple(first + 4 * index for index in range(number(row.words, symbols, row)))
    return WriteRule(
        id=row.id,
        targets=targets,
        value=number(row.value, symbols, row),
        mask=number(row.mask, symbols, row),
        modes=row.modes,
        cpus=row.cpus,
        needs=row.cores,
        text=row.text,
        source=row.source,
    )
