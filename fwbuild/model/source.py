# SPDX-License-Identifier: Apache-2.0
"""Where the files come from that an image is made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from fwbuild.model.setting import Origins, no_origins, setting

_SHA256 = r"[0-9a-f]{64}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DebSource:
    """A file out of a Debian package, fetched through the host's own apt."""

    type: Literal["deb"] = setting("`deb`")
    package: str = setting("name of the package", pattern=r"[a-z0-9][a-z0-9+.-]+")
    architecture: str = setting("its architecture, such as `armhf`", pattern=r"[a-z0-9-]+")
    suite: str = setting("the suite to take it from, such as `bookworm`", pattern=r"[A-Za-z0-9./_-]+")
    member: str = setting(
        "path of the file in the package; `*` and `?` may stand for what changes with the"
        " version, and exactly one file must match",
        pattern=r"[^/].*",
    )
    depends: str = setting(
        "for a package that only points to another: the name of the one to take among its"
        " dependencies, with `*` for what changes with the version",
        default="",
    )
    origins: Origins = field(default_factory=no_origins, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSource:
    """A file of the user's."""

    type: Literal["file"] = setting("`file`")
    path: str = setting("the file, relative to the TOML file that names it", pattern=r".+")
    origins: Origins = field(default_factory=no_origins, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlSource:
    """A file from the network, pinned by its digest."""

    type: Literal["url"] = setting("`url`")
    url: str = setting("an https, http or file address", pattern=r"(https?|file)://.+")
    sha256: str = setting("SHA-256 of the file, 64 hex digits", pattern=_SHA256)
    origins: Origins = field(default_factory=no_origins, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RamdiskSource:
    """A small initial RAM disk that fwbuild builds: BusyBox and an /init script."""

    type: Literal["ramdisk"] = setting("`ramdisk`")
    busybox: str = setting("the source of a statically linked BusyBox")
    init: str = setting("the script that becomes /init, relative to the TOML file that names it")
    origins: Origins = field(default_factory=no_origins, compare=False, repr=False)


SourceSpec = DebSource | FileSource | UrlSource | RamdiskSource
