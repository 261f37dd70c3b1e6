# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fwbuild.model.problem import Origin
from fwbuild.model.setting import Origins
from fwbuild.model.source import DebSource, FileSource, RamdiskSource, UrlSource


@dataclass(frozen=True)
class Folder:
    """A folder with a TOML file that names sources."""

    path: Path

    @property
    def origins(self) -> Origins:
        toml = str(self.path / "sources.toml")
        return Origins(lambda key: Origin(path=toml, line=7, column=1, key=".".join(map(str, key))), ("sources", "s"))

    def deb(self, member: str, package: str = "linux", depends: str = "") -> DebSource:
        return DebSource(
            type="deb",
            package=package,
            architecture="armhf",
            suite="stable",
            member=member,
            depends=depends,
            origins=self.origins,
        )

    def file(self, path: str) -> FileSource:
        return FileSource(type="file", path=path, origins=self.origins)

    def ramdisk(self, busybox: str = "busybox", init: str = "init.sh") -> RamdiskSource:
        return RamdiskSource(type="ramdisk", busybox=busybox, init=init, origins=self.origins)

    def url(self, url: str, sha256: str = "c" * 64) -> UrlSource:
        return UrlSource(type="url", url=url, sha256=sha256, origins=self.origins)
