# SPDX-License-Identifier: Apache-2.0
"""Makes the device tree of an image: the base, then the fragments, then the edits."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fwbuild.devicetree.blob import Offsets, write_located_blob
from fwbuild.devicetree.edits import apply_edits, from_json, resolved
from fwbuild.devicetree.overlay import apply_fragment, read_base
from fwbuild.devicetree.source import to_source
from fwbuild.devicetree.tree import Tree
from fwbuild.engine.action import Context
from fwbuild.engine.graph import Json
from fwbuild.engine.key import digest_of_file
from fwbuild.model.problem import FwbuildError, Origin, Problem, fail


class DeviceTreeAction:
    """The action ``device-tree``.

    Inputs: ``base``, a DTB; ``fragment-0`` and so on, overlay sources.

    Parameters:

    * ``fragments``: what messages call each of them, in the order of application
    * ``edits``: see :func:`fwbuild.devicetree.edits.to_json`
    * ``cells``: ``[{"node": PATH, "properties": [NAME, ...]}, ...]``, properties of one
      u32 cell that the boot code overwrites
    * ``reserve``: how many bytes the blob may take

    Outputs: ``dtb``; ``dts``, the same as text; ``cells``, JSON: path -> name -> offset
    of the cell in the blob.
    """

    name = "device-tree"
    version = 1

    def tools(self, params: Mapping[str, Json]) -> Mapping[str, str]:
        """The digest of the parser's source, for its version number never changes."""
        if not params["fragments"]:
            return {}
        from importlib.util import find_spec

        parser = find_spec("devicetree.dtlib")
        if parser is None or parser.origin is None:
            raise fail("tool-missing", "fragments need the Python package devicetree", hint="`pip install devicetree`")
        return {"dtlib": digest_of_file(Path(parser.origin))}

    def run(self, context: Context) -> None:
        """Make the tree.

        Raises FwbuildError ``bad-device-tree`` or ``reserve-exceeded``.
        """
        params = context.params
        tree = read_base(context.inputs["base"].read_bytes(), "base device tree")
        if params["fragments"]:
            for index, name in enumerate(params["fragments"]):
                apply_fragment(tree, _text(context.inputs[f"fragment-{index}"], name), name)
        apply_edits(tree, from_json(params["edits"]), resolved)
        blob, offsets = write_located_blob(tree)
        _check_reserve(len(blob), params["reserve"])
        cells = _cells(tree, offsets, params["cells"])
        context.outputs["dtb"].write_bytes(blob)
        context.outputs["dts"].write_text(to_source(tree), encoding="utf-8")
        context.outputs["cells"].write_text(json.dumps(cells, sort_keys=True) + "\n", encoding="utf-8")


def _text(path: Path, name: str) -> str:
    try:
        return path.read_bytes().decode()
    except UnicodeDecodeError as error:
        message = f"not UTF-8 text: byte {error.object[error.start]:#04x} at offset {error.start}"
        raise fail("bad-device-tree", message, origin=Origin(path=name)) from error


def _check_reserve(size: int, reserve: int) -> None:
    if size > reserve:
        raise fail(
            "reserve-exceeded",
            f"the device tree takes {size:,} bytes, more than the {reserve:,} reserved for it",
            hint=f"reserve at least {size:#x} bytes for the part `device-tree`, or leave nodes out of the fragments",
        )


def _cells(tree: Tree, offsets: Offsets, wanted: list[dict[str, Any]]) -> Offsets:
    """Where each wanted cell is in the blob."""
    found: Offsets = {}
    problems: list[Problem] = []
    for entry in wanted:
        path = entry["node"]
        try:
            node = tree.node(path)
            for name in entry["properties"]:
                node.cell(name)  # says what is wrong if it is none
                found.setdefault(path, {})[name] = offsets[path][name]
        except FwbuildError as error:
            problems.extend(error.problems)
    if problems:
        raise FwbuildError(problems)
    return found
