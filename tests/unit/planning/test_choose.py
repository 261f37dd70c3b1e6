# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from fwbuild.config.layers import Catalogue
from fwbuild.config.project import built_in_layer
from fwbuild.model.contribution import Entry
from fwbuild.model.modes import Mode, Ownership, ResetState, Seal, StartMethod
from fwbuild.model.plan import Choice
from fwbuild.model.platform import Core, Platform, Reset
from fwbuild.model.problem import FwbuildError, Origin
from fwbuild.model.project import Project, Settings
from fwbuild.planning.choose import choose, modes_at_run_time, too_weak

CATALOGUE = Catalogue(Project(folder=Path(), settings=Settings(), layers=(built_in_layer(),)))
PLATFORM = CATALOGUE.platform("vexpress-a15")
A15 = CATALOGUE.cores(PLATFORM)[0]
NO_HYP = dataclasses.replace(A15, virtualization=False)
PLAIN = dataclasses.replace(A15, virtualization=False, security=False)


def starting_in(state: ResetState) -> Platform:
    return dataclasses.replace(PLATFORM, reset=Reset(state=state, source="test"))


def entry(*modes: Mode, uniform: bool = True) -> Entry:
    return Entry(
        part="p",
        modes=modes,
        uniform=uniform,
        secondaries=(StartMethod.MAILBOX,),
        carrier="recogniser",
        arguments=(),
    )


def choice(asked: Entry, *cores: Core, state: ResetState = ResetState.SECURE_SVC) -> tuple[Choice, ...]:
    return choose(asked, starting_in(state), PLATFORM.cpus[: len(cores)], cores)


@pytest.mark.parametrize(
    ("modes", "core", "state", "mode", "secure", "hyp"),
    [
        ((Mode.HYP, Mode.SVC), A15, ResetState.SECURE_SVC, Mode.HYP, Ownership.SEALED, Ownership.OWN),
        ((Mode.HYP, Mode.SVC), A15, ResetState.HYP, Mode.HYP, Ownership.FIRMWARE, Ownership.OWN),
        ((Mode.HYP, Mode.SVC), A15, ResetState.SVC, Mode.SVC, Ownership.FIRMWARE, Ownership.FIRMWARE),
        ((Mode.SVC, Mode.HYP), A15, ResetState.MONITOR, Mode.SVC, Ownership.SEALED, Ownership.SEALED),
        ((Mode.HYP, Mode.SVC), NO_HYP, ResetState.SECURE_SVC, Mode.SVC, Ownership.FIRMWARE, Ownership.ABSENT),
        ((Mode.MONITOR, Mode.HYP), A15, ResetState.SECURE_SVC, Mode.MONITOR, Ownership.OWN, Ownership.OWN),
        ((Mode.MONITOR, Mode.SVC), PLAIN, ResetState.SVC, Mode.SVC, Ownership.ABSENT, Ownership.ABSENT),
        ((Mode.SECURE_SVC,), A15, ResetState.MONITOR, Mode.SECURE_SVC, Ownership.OWN, Ownership.OWN),
    ],
)
def test_first_mode_that_can_be_reached(
    modes: tuple[Mode, ...], core: Core, state: ResetState, mode: Mode, secure: Ownership, hyp: Ownership
) -> None:
    (chosen,) = choice(entry(*modes), core, state=state)
    assert (chosen.mode, chosen.secure, chosen.hyp) == (mode, secure, hyp)


def test_what_was_refused_is_said() -> None:
    (chosen,) = choice(entry(Mode.MONITOR, Mode.HYP, Mode.SVC), NO_HYP, state=ResetState.HYP)
    assert chosen.refused == (
        (Mode.MONITOR, "it starts in hyp, which cannot reach secure state"),
        (Mode.HYP, "the core has no Virtualization Extensions"),
    )


def test_uniform_takes_the_first_mode_that_all_share() -> None:
    asked = entry(Mode.HYP, Mode.SVC)
    assert [each.mode for each in choice(asked, A15, NO_HYP)] == [Mode.SVC, Mode.SVC]
    assert choice(asked, A15, NO_HYP)[0].refused == ((Mode.HYP, "another CPU cannot be in it"),)
    each_its_own = entry(Mode.HYP, Mode.SVC, uniform=False)
    assert [each.mode for each in choice(each_its_own, A15, NO_HYP)] == [Mode.HYP, Mode.SVC]


def test_no_common_mode_is_an_error_with_a_table() -> None:
    with pytest.raises(FwbuildError) as caught:
        choice(entry(Mode.HYP), A15, NO_HYP)
    (problem,) = caught.value.problems
    assert problem.code == "no-common-mode"
    assert problem.message.splitlines() == [
        "the payload accepts no mode that all CPUs share (recogniser says so):",
        "  cpu 0x000 cortex-a15   hyp        possible",
        "  cpu 0x001 cortex-a15   hyp        the core has no Virtualization Extensions",
    ]


@pytest.mark.parametrize(
    ("mode", "core", "state", "seals"),
    [
        (Mode.HYP, A15, ResetState.SECURE_SVC, {Mode.MONITOR: Seal.SEALED}),
        (Mode.HYP, A15, ResetState.HYP, {Mode.MONITOR: Seal.FIRMWARE}),
        (Mode.SVC, A15, ResetState.MONITOR, {Mode.MONITOR: Seal.SEALED, Mode.HYP: Seal.SEALED}),
        (Mode.SVC, A15, ResetState.HYP, {Mode.MONITOR: Seal.FIRMWARE, Mode.HYP: Seal.RESERVED}),
        (Mode.SVC, A15, ResetState.SVC, {Mode.MONITOR: Seal.FIRMWARE, Mode.HYP: Seal.FIRMWARE}),
        (Mode.SVC, NO_HYP, ResetState.SECURE_SVC, {Mode.MONITOR: Seal.RESERVED}),
        (Mode.SVC, PLAIN, ResetState.SVC, {}),
        (Mode.MONITOR, A15, ResetState.SECURE_SVC, {}),
        (Mode.SECURE_SVC, A15, ResetState.SECURE_SVC, {}),
    ],
)
def test_what_is_left_behind_is_sealed(mode: Mode, core: Core, state: ResetState, seals: dict[Mode, Seal]) -> None:
    (chosen,) = choice(entry(mode), core, state=state)
    assert dict(chosen.seals) == seals


def test_a_seal_that_is_weaker_than_demanded() -> None:
    chosen = choice(entry(Mode.SVC), NO_HYP)
    assert too_weak(chosen, Seal.RESERVED, Origin(path="r.toml")) == []
    (problem,) = too_weak(chosen, Seal.FIRMWARE, Origin(path="r.toml"))
    assert problem.code == "seal-too-weak"
    assert problem.message == (
        "secure state would be reserved: the code that answers for it lies in ordinary memory, "
        "kept from the payload by the device tree only; at least firmware is demanded"
    )
    assert problem.hint == '`minimum-seal = "reserved"` in the recipe accepts that'


def test_the_boot_code_of_a_uniform_payload_knows_what_no_core_shares() -> None:
    asked = entry(Mode.MONITOR, Mode.HYP, Mode.SVC)
    assert modes_at_run_time(asked, (A15, NO_HYP)) == (Mode.MONITOR, Mode.SVC)
    assert modes_at_run_time(asked, (A15, PLAIN)) == (Mode.SVC,)
    each_its_own = entry(Mode.MONITOR, Mode.HYP, Mode.SVC, uniform=False)
    assert modes_at_run_time(each_its_own, (A15, NO_HYP)) == each_its_own.modes
