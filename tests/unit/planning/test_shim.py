# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, cast

import pytest

from fwbuild.config.layers import BOOT_FOLDER
from fwbuild.config.rules import load_rules
from fwbuild.model.contribution import Contribution, Entry, Passage, Shim, Target
from fwbuild.model.modes import Mode, ResetState
from fwbuild.model.problem import FwbuildError
from fwbuild.model.rule import RegisterRule
from fwbuild.planning.shim import Way, behind, find_shim, passed_on, way_through
from tests.unit.planning.test_choose import A15, choice, entry

MINE = RegisterRule(id="mine", register="MVBAR", value="s:stub", text="mine", source="test")
TO_HYP = Passage(mode=Mode.HYP, lifts=("smc-sealed",), rules=(MINE,))
SHIM = Shim(part="s", modes=(Mode.MONITOR,), passages={Mode.MONITOR: TO_HYP})
TABLE = load_rules(BOOT_FOLDER / "armv7" / "rules.toml")
THEIRS = tuple(dataclasses.replace(MINE, id=name) for name in ("smc-sealed", "hvc-open"))


def asked(*modes: Mode, carrier: str = "recogniser", overruled: Sequence[tuple[str, tuple[Mode, ...]]] = ()) -> Entry:
    return dataclasses.replace(entry(*modes, uniform=False), carrier=carrier, overruled=tuple(overruled))


def test_without_a_shim_nothing_changes() -> None:
    said = asked(Mode.HYP, Mode.SVC)
    way = way_through(said, None)
    assert (way.entry, way.accepts) == (said, said.modes)
    chosen = choice(said, A15)
    assert passed_on(chosen, way) == chosen
    assert behind(None, chosen, THEIRS, TABLE) == THEIRS
    assert chosen[0].payload_mode is Mode.HYP


def test_the_shim_is_entered_in_its_own_modes_first() -> None:
    way = way_through(asked(Mode.HYP, Mode.MONITOR), SHIM)
    assert way.entry.modes == (Mode.MONITOR, Mode.HYP)
    assert way.entry.uniform
    assert way.accepts == (Mode.HYP, Mode.MONITOR)


def test_the_recipe_speaks_of_the_image_and_the_kernel_for_itself() -> None:
    said = asked(Mode.MONITOR, carrier="recipe", overruled=[("notes", (Mode.HYP,)), ("recogniser", (Mode.SVC,))])
    way = way_through(said, SHIM)
    assert way.entry.modes == (Mode.MONITOR,)
    assert way.accepts == (Mode.HYP,)


def test_a_cpu_is_passed_on_in_another_mode_and_by_other_rules() -> None:
    way = way_through(asked(Mode.HYP), SHIM)
    found = passed_on(choice(way.entry, A15, A15), way)
    assert [(each.mode, each.payload_mode) for each in found] == [(Mode.MONITOR, Mode.HYP)] * 2
    assert [rule.id for rule in behind(SHIM, found, THEIRS, TABLE)] == ["hvc-open", "mine"]


def test_a_mode_that_the_shim_does_not_know_is_passed_on_as_it_is() -> None:
    way = way_through(asked(Mode.HYP), SHIM)
    found = passed_on(choice(way.entry, A15, state=ResetState.HYP), way)
    assert [(each.mode, each.payload_mode) for each in found] == [(Mode.HYP, Mode.HYP)]
    assert behind(SHIM, found, THEIRS, TABLE) == THEIRS


def test_a_payload_that_does_not_accept_the_mode_behind_the_shim_is_refused() -> None:
    way = way_through(asked(Mode.SVC), SHIM)
    with pytest.raises(FwbuildError) as error:
        passed_on(choice(way.entry, A15), way)
    (problem,) = error.value.problems
    assert problem.code == "no-common-mode"
    assert problem.message == "behind the shim CPU 0x0 is in hyp, but the payload accepts svc"


def test_a_shim_that_lifts_an_unknown_rule_is_refused() -> None:
    shim = dataclasses.replace(SHIM, passages={Mode.MONITOR: dataclasses.replace(TO_HYP, lifts=("smc-saeled",))})
    way = Way(entry=asked(Mode.MONITOR), accepts=(Mode.HYP,), shim=shim)
    with pytest.raises(FwbuildError, match="the shim s lifts rules that there are not: smc-saeled"):
        behind(shim, choice(way.entry, A15), THEIRS, TABLE)


class _Recipe:
    """As much of a recipe as is looked at."""

    def __init__(self, *trampolines: str) -> None:
        self.trampolines = trampolines
        self.origins: Any = self

    def of(self, key: str) -> None:
        return None


def target(*trampolines: str) -> Target:
    class _Target:
        recipe = _Recipe(*trampolines)

    return cast(Target, _Target())


def test_two_shims_are_one_too_many() -> None:
    gifts = [("a", Contribution(shim=SHIM)), ("b", Contribution(shim=SHIM))]
    assert find_shim(target(), gifts[:1]) is SHIM
    with pytest.raises(FwbuildError, match="the plugins a and b both put a shim before the payload"):
        find_shim(target(), gifts)


def test_trampolines_that_nobody_gives_are_refused() -> None:
    assert find_shim(target(), [("a", Contribution())]) is None
    with pytest.raises(FwbuildError, match="asks for trampolines, but no plugin gives any"):
        find_shim(target("hyp"), [("a", Contribution())])
