# SPDX-License-Identifier: Apache-2.0
"""From a recipe's name to everything that it refers to, misspellings reported."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fwbuild.config.layers import Catalogue
from fwbuild.config.structure import structure
from fwbuild.model.contribution import Material, Payload, SourceName, Target
from fwbuild.model.platform import Core, Platform
from fwbuild.model.problem import FwbuildError, Origin, Problem, did_you_mean, fail
from fwbuild.model.recipe import Recipe
from fwbuild.model.setting import Origins, key_of
from fwbuild.model.source import RamdiskSource, SourceSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A recipe with its platform, options and the sources that it really uses."""

    recipe: Recipe
    platform: Platform
    cores: tuple[Core, ...]
    payload: str
    options: Any
    #: every source that the image could use
    sources: Mapping[str, SourceSpec]
    #: those that it does use, each with the place that names it
    wanted: Mapping[str, Origin]

    def needs(self) -> set[str]:
        """The sources that the image is made of, those behind others included."""
        busyboxes = {spec.busybox for name in self.wanted if isinstance(spec := self.sources[name], RamdiskSource)}
        return {*self.wanted, *busyboxes}

    def needed(self) -> list[tuple[str, SourceSpec]]:
        """The sources of :meth:`needs` with their definitions."""
        return [(name, self.sources[name]) for name in sorted(self.needs()) if name in self.sources]

    def target(self, materials: Mapping[str, Material]) -> Target:
        """What plugins are asked about, once the materials are there."""
        count = self.recipe.cpus or len(self.platform.cpus)
        return Target(
            recipe=self.recipe,
            platform=self.platform,
            cpus=self.platform.cpus[:count],
            cores=self.cores[:count],
            payload=self.payload,
            options=self.options,
            materials=materials,
        )


def resolve(name: str, catalogue: Catalogue, payloads: Mapping[str, Payload]) -> Request:
    """Look up everything that the recipe ``name`` refers to.

    Raises FwbuildError with every name that is unknown.
    """
    recipe = catalogue.recipe(name)
    problems: list[Problem] = []
    options: Any = None
    payload = ""
    try:
        payload, options = _options(recipe, payloads)
    except FwbuildError as error:
        problems.extend(error.problems)
    try:
        platform = catalogue.platform(recipe.platform, recipe.origins.of("platform"))
        cores = catalogue.cores(platform)
        known = catalogue.sources(recipe, platform)
    except FwbuildError as error:
        raise FwbuildError([*problems, *error.problems]) from error
    problems.extend(_too_many_cpus(recipe, platform))
    wanted = dict(source_names(options)) if options is not None else {}
    if recipe.notes:
        wanted.setdefault(recipe.notes, recipe.origins.of("notes"))
    wanted.setdefault(platform.device_tree.base, platform.device_tree.origins.of("base"))
    for source, origin in wanted.items():
        if source not in known:
            hint = did_you_mean(source, known)
            message = f"there is no source `{source}`"
            problems.append(Problem(code="unknown-name", message=message, origin=origin, hint=hint))
    if problems:
        raise FwbuildError(problems)
    return Request(
        recipe=recipe,
        platform=platform,
        cores=cores,
        payload=payload,
        options=options,
        sources=known,
        wanted=wanted,
    )


def _options(recipe: Recipe, payloads: Mapping[str, Payload]) -> tuple[str, Any]:
    kind = recipe.payload.values.get("type")
    origins = recipe.payload.origins
    if kind is None:
        hint = "one of: " + ", ".join(sorted(payloads))
        raise fail("missing-key", "[payload] needs the key `type`", origin=origins.of(), hint=hint)
    if not isinstance(kind, str) or kind not in payloads:
        hint = did_you_mean(str(kind), payloads)
        raise fail("unknown-name", f"there is no payload `{kind}`", origin=origins.of("type"), hint=hint)
    return kind, structure(payloads[kind].options, recipe.payload)


def _too_many_cpus(recipe: Recipe, platform: Platform) -> list[Problem]:
    if recipe.cpus is None or recipe.cpus <= len(platform.cpus):
        return []
    message = f"`cpus` is {recipe.cpus}, but {platform.name} has {len(platform.cpus)}"
    return [Problem(code="bad-value", message=message, origin=recipe.origins.of("cpus"))]


def source_names(options: Any) -> Iterator[tuple[str, Origin]]:
    """The sources that a plugin's options name, also in tables inside them."""
    hints = typing.get_type_hints(type(options))
    origins: Origins | None = getattr(options, "origins", None)
    for field in dataclasses.fields(options):
        value = getattr(options, field.name)
        if dataclasses.is_dataclass(value) and not isinstance(value, Origins):
            yield from source_names(value)
        elif value and _names_source(hints[field.name]):
            key = key_of(field.name)
            yield value, origins.of(key) if origins else Origin(path="<options>", key=key)


def _names_source(kind: Any) -> bool:
    return kind is SourceName or SourceName in typing.get_args(kind)
