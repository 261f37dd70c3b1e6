# SPDX-License-Identifier: Apache-2.0
"""Writes down what an image is made of and what was decided about it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from fwbuild.engine.action import Context
from fwbuild.engine.graph import Json
from fwbuild.engine.key import digest_of_file


@dataclass(frozen=True, slots=True)
class ManifestAction:
    """Step `manifest`: what the plan says, and the digest and size of every input.

    Params: ``facts``, taken over as they are, and ``files``: input name to the name of
    the file beside the manifest. Output ``manifest`` (JSON).
    """

    name: str = "manifest"
    version: int = 1

    def tools(self, params: Mapping[str, Json]) -> Mapping[str, str]:
        """No tool."""
        return {}

    def run(self, context: Context) -> None:
        """Write the manifest."""
        files = {
            shown: {
                "sha256": digest_of_file(context.inputs[name]),
                "size": context.inputs[name].stat().st_size,
            }
            for name, shown in context.params["files"].items()
        }
        manifest = {**context.params["facts"], "files": files}
        context.outputs["manifest"].write_text(json.dumps(manifest, indent=2, sort_keys=True) + "\n", "utf-8")
