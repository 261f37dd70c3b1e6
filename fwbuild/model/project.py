# SPDX-License-Identifier: Apache-2.0
"""The project around the recipes: what ``fwbuild.toml`` says, and the layers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from fwbuild.model.setting import Origins, no_origins, setting
from fwbuild.model.source import SourceSpec

#: The name of the layer that comes with fwbuild.
BUILT_IN = "fwbuild"


@dataclass(frozen=True, slots=True, kw_only=True)
class Apt:
    """How packages are looked up."""

    sources: str = setting(
        "a file in apt's deb822 format to use instead of the host's own list of archives, relative to fwbuild.toml",
        default="",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The whole of a ``fwbuild.toml``."""

    layers: tuple[str, ...] = setting(
        "layers in order, a later one wins: `fwbuild` is the built-in one, the others are"
        " folders relative to this file",
        default=(BUILT_IN,),
        nonempty=True,
    )
    store: str = setting("folder for fetched and built files, relative to this file", default=".fwbuild")
    output: str = setting("folder for the images, relative to this file", default="build")
    jobs: int = setting("how many steps run at once; 0 means one for each CPU", default=0, minimum=0, maximum=1024)
    assembler: Literal["auto", "keystone", "gnu"] = setting(
        "the assembler: `keystone`, `gnu` (as from binutils), or whichever is there", default="auto"
    )
    apt: Apt = setting("how packages are looked up", default=Apt())
    sources: Mapping[str, SourceSpec] = setting(
        "files by name; they stand in for sources of the same name in layers", default={}
    )
    origins: Origins = field(default_factory=no_origins, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A folder with ``plugins/``, ``platforms/`` and ``recipes/``."""

    name: str
    folder: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A folder that images are built in."""

    folder: Path
    settings: Settings
    layers: tuple[Layer, ...]

    @property
    def store(self) -> Path:
        return self.folder / self.settings.store

    @property
    def output(self) -> Path:
        return self.folder / self.settings.output

    @property
    def lock_file(self) -> Path:
        return self.folder / "fwbuild.lock"
