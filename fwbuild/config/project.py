# SPDX-License-Identifier: Apache-2.0
"""Finds the project that a command works in, and its layers."""

from __future__ import annotations

from pathlib import Path

import fwbuild
from fwbuild.config.structure import structure
from fwbuild.config.toml import load
from fwbuild.model.problem import FwbuildError, Problem
from fwbuild.model.project import BUILT_IN, Layer, Project, Settings
from fwbuild.model.setting import Origins, Table

FILE_NAME = "fwbuild.toml"
LAYER_FOLDERS = ("plugins", "platforms", "recipes")


def find_project(start: Path) -> Project:
    """The project around ``start``: the nearest folder upwards with a fwbuild.toml.

    Without one, ``start`` itself with the built-in layer. Raises FwbuildError.
    """
    start = start.resolve()
    for folder in (start, *start.parents):
        if (folder / FILE_NAME).is_file():
            return load_project(folder)
    return Project(folder=start, settings=Settings(), layers=(built_in_layer(),))


def load_project(folder: Path) -> Project:
    """The project whose fwbuild.toml is in ``folder``. Raises FwbuildError."""
    document = load(folder / FILE_NAME)
    settings = structure(Settings, Table(document.values, Origins(document.origin)))
    return Project(folder=folder, settings=settings, layers=_layers(settings, folder))


def built_in_layer() -> Layer:
    """The layer that comes with fwbuild: in the package if installed, else beside it."""
    package = Path(fwbuild.__file__).parent
    installed = package / "layer"
    return Layer(name=BUILT_IN, folder=installed if installed.is_dir() else package.parent)


def _layers(settings: Settings, folder: Path) -> tuple[Layer, ...]:
    layers: list[Layer] = []
    problems: list[Problem] = []
    for index, name in enumerate(settings.layers):
        origin = settings.origins.of("layers", index)
        layer = built_in_layer() if name == BUILT_IN else Layer(name=name, folder=(folder / name).resolve())
        if any(known.folder == layer.folder for known in layers):
            problems.append(Problem(code="duplicate-name", message=f"layer `{name}` is listed twice", origin=origin))
        elif not any((layer.folder / part).is_dir() for part in LAYER_FOLDERS):
            problems.append(
                Problem(
                    code="bad-layer",
                    message=f"`{name}` is no layer: {layer.folder} has none of the folders {', '.join(LAYER_FOLDERS)}",
                    origin=origin,
                    hint=f"`{BUILT_IN}` is the built-in layer; the others are folders, relative to {FILE_NAME}",
                )
            )
        else:
            layers.append(layer)
    if problems:
        raise FwbuildError(problems)
    return tuple(layers)
