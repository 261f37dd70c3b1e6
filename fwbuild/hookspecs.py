# SPDX-License-Identifier: Apache-2.0
"""Every hook that a plugin may implement, on one screen.

A plugin is a module in a layer's ``plugins/`` folder whose functions carry
:data:`fwbuild.plugin.hookimpl`. Hooks return values and are given nothing they could
change. One that raises is reported under its plugin's name; the others go on.
"""

from __future__ import annotations

from collections.abc import Sequence

import pluggy

from fwbuild.engine.action import Action
from fwbuild.model.contribution import Contribution, Payload, Target
from fwbuild.model.plan import Plan
from fwbuild.model.ports import Emulator
from fwbuild.model.problem import Problem

hookspec = pluggy.HookspecMarker("fwbuild")


@hookspec
def fwbuild_payloads() -> Sequence[Payload]:
    """The kinds of payload that the plugin knows: what ``[payload] type`` may name."""
    raise NotImplementedError


@hookspec
def fwbuild_contribute(target: Target) -> Contribution | None:
    """What the plugin adds to the image for ``target``; None when it is not concerned.

    Raise FwbuildError for input that is wrong.
    """
    raise NotImplementedError


@hookspec
def fwbuild_actions() -> Sequence[Action]:
    """Ways to make bytes that the plugin brings."""
    raise NotImplementedError


@hookspec
def fwbuild_emulators() -> Sequence[Emulator]:
    """Machines to prove images on: what ``[[emulators]] type`` may name."""
    raise NotImplementedError


@hookspec
def fwbuild_review(plan: Plan) -> Sequence[Problem]:
    """What is wrong with a finished plan. A review may veto, never change."""
    raise NotImplementedError
