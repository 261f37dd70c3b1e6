# SPDX-License-Identifier: Apache-2.0
"""An image as a person asks for it: what ``recipes/<name>.toml`` says."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from fwbuild.model.modes import Mode, Seal
from fwbuild.model.setting import Origins, Table, no_origins, setting
from fwbuild.model.source import SourceSpec


class Trampoline(enum.Enum):
    """A way back into a mode that the payload keeps for itself."""

    MONITOR = "monitor"
    HYP = "hyp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verify:
    """How the image is proven."""

    deadline: int = setting(
        "how long one run of the emulator may take", default=180, unit="seconds", minimum=1, maximum=3600
    )
    emulator: str = setting("the emulator to use; by default the platform's first", default="")
    expect: tuple[str, ...] = setting(
        "regular expressions for lines that the console must show, in this order, after those that the payload expects",
        default=(),
    )
    never: tuple[str, ...] = setting("regular expressions for lines that the console must never show", default=())
    origins: Origins = field(default_factory=no_origins, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """The whole of a recipe file."""

    summary: str = setting("what the image is, in a few words")
    platform: str = setting("the machine that the image is for")
    payload: Table = setting("what is booted: `type` names a payload plugin, the rest are its options")
    modes: tuple[Mode, ...] | None = setting(
        "the modes to enter the payload in, most preferred first, instead of what the payload itself says",
        default=None,
        nonempty=True,
        unique=True,
    )
    trampolines: tuple[Trampoline, ...] = setting(
        "stubs that the kernel finds in the modes above its own, each alone or both: `monitor` (SMC sets MVBAR to r0)"
        " and `hyp` (HVC sets HVBAR to r0)",
        default=(),
        unique=True,
    )
    notes: str | None = setting(
        "the source of a note file that speaks for the payload, made by `fwbuild note sidecar`", default=None
    )
    cpus: int | None = setting("how many of the platform's CPUs to use; by default all", default=None, minimum=1)
    minimum_seal: Seal = setting(
        "the least that modes kept from the payload must be sealed; less is an error",
        default=Seal.FIRMWARE,
    )
    layout: Mapping[str, int] = setting("fixed addresses of parts, by the part's name", default={}, minimum=0)
    fragments: tuple[str, ...] = setting("overlays (.dtso) beside the recipe, applied last", default=())
    mode_fragments: Mapping[str, tuple[str, ...]] = setting(
        "more overlays, by the mode in which the boot CPU is planned to be handed over: `hyp`, `svc`, ...", default={}
    )
    sources: Mapping[str, SourceSpec] = setting("files that only this recipe needs", default={})
    verify: Verify = setting("how the image is proven", default=Verify())
    origins: Origins = field(default_factory=no_origins, compare=False, repr=False)

    # Set by the loader, not by the file.
    name: str = ""
    folder: Path = Path()
    layer: str = ""
