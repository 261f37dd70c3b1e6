# SPDX-License-Identifier: Apache-2.0
"""``fwbuild show``: a recipe with everything that it refers to, and where it stands."""

from __future__ import annotations

import argparse
import dataclasses
import enum
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from fwbuild.cli.options import add_names
from fwbuild.cli.style import Style
from fwbuild.model.problem import Exit
from fwbuild.model.setting import Origins, Table, key_of, setting_of
from fwbuild.session import Session


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_names(parser)
    parser.add_argument("--origin", action="store_true", help="say of each value which layer and file it comes from")


def run(arguments: argparse.Namespace) -> int:
    """Show each recipe, its platform and the sources that it uses."""
    session = Session(Path.cwd())
    style = Style(sys.stdout)
    for request in session.requests(arguments.names):
        recipe, platform = request.recipe, request.platform
        decided = "recipe" if recipe.modes else "the payload's notes, or what its plugin recognises: see `fwbuild plan`"
        sections: list[tuple[str, Any]] = [
            (f"recipe {recipe.name}", recipe),
            (f"platform {platform.name}", platform),
            *((f"source {name}", request.sources[name]) for name in sorted(request.needs())),
        ]
        for title, value in sections:
            sys.stdout.write(style(title, "bold") + "\n")
            for key, text, origin in _rows(value, request.options if value is recipe else None):
                place = f"  # {origin}" if arguments.origin and origin else ""
                sys.stdout.write(f"  {key} = {text}{style(place, 'dim')}\n")
            if value is recipe:
                sys.stdout.write(f"  # modes stated by: {decided}\n")
    return int(Exit.GOOD)


def _rows(value: Any, options: Any, prefix: str = "") -> Iterator[tuple[str, str, str]]:
    """Key, value and origin of every setting of ``value``, tables inside it included."""
    origins: Origins | None = getattr(value, "origins", None)
    for field in dataclasses.fields(value):
        if setting_of(field) is None:
            continue
        key = key_of(field.name)
        item = getattr(value, field.name)
        if isinstance(item, Table):
            item = options
        if key == "sources" and not prefix:
            continue  # shown on their own, and only those that are used
        yield from _item(item, f"{prefix}{key}", _place(origins, key))


def _item(item: Any, key: str, place: str) -> Iterator[tuple[str, str, str]]:
    if dataclasses.is_dataclass(item):
        yield from _rows(item, None, f"{key}.")
    elif isinstance(item, Mapping):
        for name, each in item.items():
            yield from _item(each, f"{key}.{name}", place)
    elif isinstance(item, tuple) and item and dataclasses.is_dataclass(item[0]):
        for index, each in enumerate(item):
            yield from _rows(each, None, f"{key}[{index}].")
    elif item is not None and item != ():
        yield key, _text(item, key), place


def _place(origins: Origins | None, key: str) -> str:
    if origins is None:
        return ""
    origin = origins.of(key)
    if origin.key.rpartition(".")[2] != key:
        return "default"
    return f"{origin.layer}: {origin}" if origin.layer else str(origin)


def _text(item: Any, key: str) -> str:
    if isinstance(item, enum.Enum):
        return str(getattr(item, "word", item.value))
    if isinstance(item, tuple):
        return "[" + ", ".join(_text(each, key) for each in item) + "]"
    if isinstance(item, bool):
        return str(item).lower()
    if isinstance(item, int):
        return f"{item:#x}" if item > 0xFFFF and not key.endswith(("frequency", "clock", "baud")) else str(item)
    return json.dumps(item, ensure_ascii=False)  # a string as TOML has it, quotes inside escaped
