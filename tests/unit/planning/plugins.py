# SPDX-License-Identifier: Apache-2.0
"""Plugins that are written on the spot, each in a layer of its own."""

from __future__ import annotations

import textwrap
from pathlib import Path

from fwbuild.model.project import Layer
from fwbuild.planning.registry import Registry

HEAD = """\
from dataclasses import dataclass
from fwbuild.plugin import *

@dataclass(frozen=True, kw_only=True)
class Options:
    type: str = setting("the type")

"""
#: How many lines stand before what a test writes.
LINES = HEAD.count("\n")


def payload(name: str) -> str:
    """A plugin that knows one payload."""
    return f"""
        @hookimpl
        def fwbuild_payloads():
            return [Payload(name="{name}", summary="x", options=Options)]
    """


def write_plugin(layer: Path, name: str, text: str) -> Path:
    """Write a plugin and return its file."""
    path = layer / "plugins" / name / "__init__.py"
    path.parent.mkdir(parents=True)
    path.write_text(HEAD + textwrap.dedent(text).lstrip("\n"))
    return path


def registry(folder: Path, **plugins: str) -> Registry:
    """The registry of one layer, called ``layer``, with these plugins."""
    for name, text in plugins.items():
        write_plugin(folder, name, text)
    return Registry([Layer(name="layer", folder=folder)], ())
