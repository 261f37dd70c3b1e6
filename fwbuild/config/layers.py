# SPDX-License-Identifier: Apache-2.0
"""Finds what the layers of a project offer, by name, and reads it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol, TypeVar

from fwbuild.config.structure import structure
from fwbuild.config.toml import load
from fwbuild.model.platform import Core, Platform
from fwbuild.model.problem import FwbuildError, Origin, Problem, did_you_mean, fail
from fwbuild.model.project import Layer, Project
from fwbuild.model.recipe import Recipe
from fwbuild.model.setting import Origins, Table, setting
from fwbuild.model.source import SourceSpec

T = TypeVar("T")

#: Where fwbuild's own boot code and core descriptions are.
BOOT_FOLDER = Path(__file__).parent.parent / "boot"
SHARED_SOURCES = "sources.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class _SharedSources:
    """The whole of a ``recipes/sources.toml``."""

    sources: Mapping[str, SourceSpec] = setting("files that recipes and platforms of the layer may name", default={})


@dataclass(frozen=True, slots=True)
class _Place:
    layer: Layer
    path: Path


class Catalogue:
    """Recipes, platforms, cores and sources of a project's layers."""

    def __init__(self, project: Project) -> None:
        self.project = project

    @cached_property
    def recipes(self) -> dict[str, _Place]:
        """Recipe files by name."""
        return self._find("recipe", lambda layer: _toml_files(layer.folder / "recipes"))

    @cached_property
    def platforms(self) -> dict[str, _Place]:
        """Platform files by name."""
        return self._find("platform", lambda layer: _platform_files(layer.folder / "platforms"))

    def _find(self, kind: str, look: _Look) -> dict[str, _Place]:
        found: dict[str, _Place] = {}
        problems: list[Problem] = []
        for layer in self.project.layers:
            for name, path in look(layer):
                if name in found:
                    problems.append(_twice(f"{kind} `{name}`", str(path), str(found[name].path)))
                else:
                    found[name] = _Place(layer, path)
        if problems:
            raise FwbuildError(problems)
        return found

    def recipe(self, name: str) -> Recipe:
        """The recipe called ``name``. Raises FwbuildError, also for a name that is unknown."""
        place = self.recipes.get(name)
        if place is None:
            raise fail("unknown-name", f"there is no recipe `{name}`", hint=did_you_mean(name, self.recipes))
        recipe = _read(Recipe, place.path, place.layer.name)
        return dataclasses.replace(recipe, name=name, folder=place.path.parent, layer=place.layer.name)

    def platform(self, name: str, origin: Origin | None = None) -> Platform:
        """The platform called ``name``; ``origin`` is where it was asked for."""
        place = self.platforms.get(name)
        if place is None:
            hint = did_you_mean(name, self.platforms)
            raise fail("unknown-name", f"there is no platform `{name}`", origin=origin, hint=hint)
        platform = _read(Platform, place.path, place.layer.name)
        return dataclasses.replace(platform, name=name, folder=place.path.parent, layer=place.layer.name)

    def cores(self, platform: Platform) -> tuple[Core, ...]:
        """The core of each CPU of ``platform``, in the same order."""
        folder = BOOT_FOLDER / architecture_folder(platform.architecture) / "cores"
        known = {path.stem: path for path in sorted(folder.glob("*.toml"))}
        read: dict[str, Core] = {}
        problems: list[Problem] = []
        for cpu in platform.cpus:
            if cpu.core in known and cpu.core not in read:
                read[cpu.core] = _read(Core, known[cpu.core], "")
            elif cpu.core not in known:
                problems.append(
                    Problem(
                        code="unknown-name",
                        message=f"there is no core `{cpu.core}`",
                        origin=cpu.origins.of("core"),
                        hint=did_you_mean(cpu.core, known),
                    )
                )
        if problems:
            raise FwbuildError(problems)
        return tuple(read[cpu.core] for cpu in platform.cpus)

    def sources(self, recipe: Recipe, platform: Platform) -> dict[str, SourceSpec]:
        """Every source that ``recipe`` on ``platform`` may use.

        A source of fwbuild.toml stands in for one of the same name in a layer; any other
        name that is defined twice is an error that shows both places.
        """
        found: dict[str, SourceSpec] = {}
        problems: list[Problem] = []
        for group in (*self._shared_sources, platform.sources, recipe.sources):
            for name, spec in group.items():
                if name in found:
                    here, there = spec.origins.of(), found[name].origins.of()
                    problems.append(_twice(f"source `{name}`", str(here), str(there)))
                found[name] = spec
        if problems:
            raise FwbuildError(problems)
        return {**found, **self.project.settings.sources}

    @cached_property
    def _shared_sources(self) -> tuple[Mapping[str, SourceSpec], ...]:
        paths = ((layer, layer.folder / "recipes" / SHARED_SOURCES) for layer in self.project.layers)
        return tuple(_read(_SharedSources, path, layer.name).sources for layer, path in paths if path.is_file())


class _Look(Protocol):
    def __call__(self, layer: Layer) -> Iterable[tuple[str, Path]]: ...


def core_source(name: str) -> Path:
    """A source of the boot code that a plugin may use too, such as `armv7/registers` or `console/pl011`.

    Raises FwbuildError ``unknown-name``.
    """
    known = {f"{path.parent.name}/{path.stem}": path for path in sorted(BOOT_FOLDER.glob("*/*.S"))}
    if name not in known:
        raise fail("unknown-name", f"the boot code has no source `{name}`", hint=did_you_mean(name, known))
    return known[name]


def architecture_folder(architecture: str) -> str:
    """The folder of an architecture's boot code below ``fwbuild/boot``."""
    return {"armv7-a": "armv7"}[architecture]


def _toml_files(folder: Path) -> Iterable[tuple[str, Path]]:
    return [(path.stem, path) for path in sorted(folder.glob("*.toml")) if path.name != SHARED_SOURCES]


def _platform_files(folder: Path) -> Iterable[tuple[str, Path]]:
    return [(path.parent.name, path) for path in sorted(folder.glob("*/platform.toml"))]


def _read(kind: type[T], path: Path, layer: str) -> T:
    document = load(path, layer)
    return structure(kind, Table(document.values, Origins(document.origin)))


def _twice(what: str, here: str, there: str) -> Problem:
    return Problem(
        code="duplicate-name",
        message=f"{what} is defined twice: in {there} and in {here}",
        hint="give one of them another name, or take its layer out of fwbuild.toml",
    )
