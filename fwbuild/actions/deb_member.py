# SPDX-License-Identifier: Apache-2.0
"""Takes single files out of a Debian package."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fwbuild.engine.action import Context
from fwbuild.engine.graph import Json
from fwbuild.sources.deb import LARGEST, take_members


@dataclass(frozen=True, slots=True)
class DebMemberAction:
    """Step `deb-member`: files out of a package, all in one go, since opening it takes seconds.

    Input ``deb``. Params: ``package`` (what messages call it), ``members`` (output to path
    in the package, where ``*`` and ``?`` may stand for what changes with the version) and,
    if wanted, ``limit``: the most bytes that one file may have. Outputs: the keys of
    ``members``.
    """

    name: str = "deb-member"
    version: int = 1

    def tools(self, params: Mapping[str, Json]) -> Mapping[str, str]:
        """No tool that the outputs depend on: any dpkg-deb finds the same in a package."""
        return {}

    def run(self, context: Context) -> None:
        """Copy the files out. Raises FwbuildError ``no-such-member`` or ``bad-archive``."""
        take_members(
            context.inputs["deb"],
            context.params["members"],
            context.outputs,
            scratch=context.scratch,
            package=context.params["package"],
            largest=context.params.get("limit", LARGEST),
        )
