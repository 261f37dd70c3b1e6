# SPDX-License-Identifier: Apache-2.0
"""Fetches one exact Debian package file through the host's apt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fwbuild.engine.action import Context
from fwbuild.engine.graph import Json
from fwbuild.sources.apt import Apt, PackageFile


@dataclass(frozen=True, slots=True)
class FetchDebAction:
    """Step `fetch-deb`: a package file that a lock names.

    Params: ``package``, ``version``, ``architecture``, ``suite``, ``sha256`` and ``size``
    in bytes. Output ``deb``. ``apt``, its folder and its archives are no parameters: the
    digest alone says what the output is, wherever it came from.
    """

    apt: Apt
    name: str = "fetch-deb"
    version: int = 1

    def tools(self, params: Mapping[str, Json]) -> Mapping[str, str]:
        """No tool that the output depends on."""
        return {}

    def run(self, context: Context) -> None:
        """Fetch. Raises FwbuildError ``version-gone``, ``wrong-digest``, ``fetch-failed``..."""
        self.apt.download(PackageFile(**context.params), context.outputs["deb"], context.say)
