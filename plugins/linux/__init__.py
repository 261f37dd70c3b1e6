# SPDX-License-Identifier: Apache-2.0
"""Linux as the payload: a 32-bit zImage, entered in hyp mode if the CPUs have it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fwbuild.plugin import Contribution, LinuxOptions, Payload, Target, hookimpl, linux32, setting


@dataclass(frozen=True, slots=True, kw_only=True)
class Options(LinuxOptions):
    """What a recipe's ``[payload]`` may say."""

    type: str = setting("`linux`")


@hookimpl
def fwbuild_payloads() -> Sequence[Payload]:
    """Linux."""
    return [Payload(name="linux", summary="Linux for 32-bit ARM, a zImage", options=Options)]


@hookimpl
def fwbuild_contribute(target: Target) -> Contribution | None:
    """The kernel, its RAM disk, its command line and its rules."""
    options = target.options
    return linux32(target, options) if isinstance(options, Options) else None
