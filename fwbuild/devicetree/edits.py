# SPDX-License-Identifier: Apache-2.0
"""Applies typed edits to a tree, and carries them as JSON from the plan to the action."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fwbuild.devicetree.tree import Tree, is_property_name
from fwbuild.model.devicetree import Cells, DeleteNode, Edit, Flag, Number, PropertyValue, Resolve, SetProperty, Strings
from fwbuild.model.problem import FwbuildError, Problem, fail


def apply_edits(tree: Tree, edits: Iterable[Edit], resolve: Resolve) -> None:
    """Apply ``edits`` to ``tree`` in their order.

    Raises FwbuildError ``bad-device-tree`` with every edit that cannot be applied; the
    others are applied all the same.
    """
    problems: list[Problem] = []
    for edit in edits:
        try:
            if isinstance(edit, DeleteNode):
                tree.delete(edit.node)
            else:
                tree.make(edit.path(resolve)).properties[_checked_name(edit)] = _encoded(edit, resolve)
        except FwbuildError as error:
            problems.extend(error.problems)
    if problems:
        raise FwbuildError(problems)


def _checked_name(edit: SetProperty) -> str:
    if not is_property_name(edit.name):
        raise fail("bad-device-tree", f"`{edit.node}` cannot have a property called `{edit.name}`")
    return edit.name


def _encoded(edit: SetProperty, resolve: Resolve) -> bytes:
    value = edit.value
    where = f"`{edit.name}` of `{edit.node}`"
    if isinstance(value, Strings) and any("\0" in text for text in value.values):
        raise fail("bad-device-tree", f"a string in {where} has a NUL inside")
    if isinstance(value, Cells):
        for number, bits in zip(map(resolve, value.values), value.bits(), strict=True):
            if not 0 <= number < 1 << bits:
                raise fail("bad-device-tree", f"{number:#x} in {where} does not fit in {bits} bits")
    return value.encode(resolve)


def to_json(edits: Iterable[Edit], resolve: Resolve) -> list[dict[str, Any]]:
    """``edits`` as JSON, with every number resolved."""
    return [
        {"delete": edit.node}
        if isinstance(edit, DeleteNode)
        else {"set": edit.path(resolve), "name": edit.name, **_value_to_json(edit.value, resolve)}
        for edit in edits
    ]


def _value_to_json(value: PropertyValue, resolve: Resolve) -> dict[str, Any]:
    match value:
        case Cells():
            width = value.width if isinstance(value.width, int) else list(value.width)
            return {"cells": [resolve(number) for number in value.values], "width": width}
        case Strings():
            return {"strings": list(value.values)}
        case Flag():
            return {"flag": True}


def from_json(edits: Iterable[dict[str, Any]]) -> tuple[Edit, ...]:
    """The edits that :func:`to_json` was given; :func:`resolved` resolves their numbers."""
    return tuple(
        DeleteNode(edit["delete"])
        if "delete" in edit
        else SetProperty(edit["set"], edit["name"], _value_from_json(edit))
        for edit in edits
    )


def _value_from_json(edit: dict[str, Any]) -> PropertyValue:
    if "cells" in edit:
        width = edit["width"]
        return Cells(tuple(edit["cells"]), width=width if isinstance(width, int) else tuple(width))
    if "strings" in edit:
        return Strings(tuple(edit["strings"]))
    return Flag()


def resolved(number: Number) -> int:
    """Resolves what is resolved already. Raises TypeError for an address that is not known."""
    if not isinstance(number, int):
        raise TypeError(f"{number} is not resolved")
    return number
