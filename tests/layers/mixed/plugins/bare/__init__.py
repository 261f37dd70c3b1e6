# SPDX-License-Identifier: Apache-2.0
"""A payload that is never run: its CPUs may be in different modes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from fwbuild.plugin import (
    DEVICE_TREE,
    AddressOf,
    Contribution,
    Entry,
    Mode,
    Origins,
    Part,
    Payload,
    RegisterRule,
    SourceName,
    StartMethod,
    Target,
    hookimpl,
    no_origins,
    setting,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BareOptions:
    """What a recipe's ``[payload]`` may say."""

    type: str = setting("`bare`")
    image: SourceName = setting("the bytes")
    origins: Origins = field(default_factory=no_origins, compare=False, repr=False)


@hookimpl
def fwbuild_payloads() -> Sequence[Payload]:
    """The one payload."""
    return [Payload(name="bare", summary="bytes that nobody runs", options=BareOptions)]


@hookimpl
def fwbuild_contribute(target: Target) -> Contribution | None:
    """The bytes, and what they want."""
    options = target.options
    if not isinstance(options, BareOptions):
        return None
    image = target.material(options.image)
    return Contribution(
        entry=Entry(
            part="bare",
            modes=(Mode.HYP, Mode.SVC),
            uniform=False,
            secondaries=(StartMethod.MAILBOX,),
            carrier="recogniser",
            arguments=(0, 0xFFFFFFFF, AddressOf(DEVICE_TREE)),
        ),
        parts=(Part(name="bare", text="bytes", size=image.size, memory_size=image.size, material=image.name),),
        registers=(RegisterRule(id="bare-r0", register="r0", value=0, cpus="boot", text="r0 is 0", source="tests"),),
    )
