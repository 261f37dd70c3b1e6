# SPDX-License-Identifier: Apache-2.0
"""The exact files that ``deb`` sources stand for: what ``fwbuild.lock`` says.

An archive moves on; a lock does not. Everything that a ``deb`` source leaves open (which
version, which package a pointer points to) is answered once, by ``fwbuild lock``, and
written down with the digest of the file.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from fwbuild.model.problem import fail
from fwbuild.model.setting import Origins, no_origins, setting
from fwbuild.model.source import DebSource

#: Counts up when the file changes its meaning.
LOCK_FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Wanted:
    """What a ``deb`` source asks for, without the file that is taken out of it.

    Sources that differ only in their ``member`` want the same and share one pin.
    """

    package: str
    architecture: str
    suite: str
    depends: str = ""

    def __str__(self) -> str:
        through = f", its dependency {self.depends}" if self.depends else ""
        return f"{self.package} ({self.architecture}, {self.suite}{through})"


def wanted_by(source: DebSource) -> Wanted:
    """What ``source`` asks for."""
    return Wanted(package=source.package, architecture=source.architecture, suite=source.suite, depends=source.depends)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """One exact package file, and what it is pinned for."""

    package: str = setting("the package that sources ask for", pattern=r"[a-z0-9][a-z0-9+.-]+")
    architecture: str = setting("its architecture", pattern=r"[a-z0-9-]+")
    suite: str = setting("the suite that it comes from", pattern=r"[A-Za-z0-9./_-]+")
    depends: str = setting("which of its dependencies is taken instead", default="")
    resolved: str = setting("the package that is fetched", pattern=r"[a-z0-9][a-z0-9+.-]+")
    version: str = setting("its version", pattern=r"[0-9][A-Za-z0-9.+:~-]*")
    sha256: str = setting("SHA-256 of the package file, 64 hex digits", pattern=r"[0-9a-f]{64}")
    size: int = setting("size of the package file", unit="bytes", minimum=1)
    origins: Origins = field(default_factory=no_origins, compare=False, repr=False)

    @property
    def wanted(self) -> Wanted:
        return Wanted(package=self.package, architecture=self.architecture, suite=self.suite, depends=self.depends)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """The whole of a ``fwbuild.lock``."""

    format: int = setting("the version of this file's format", default=LOCK_FORMAT)
    deb: tuple[Pin, ...] = setting("the packages, sorted", default=())

    def find(self, wanted: Wanted) -> Pin | None:
        """The pin for ``wanted``, if there is one."""
        return next((pin for pin in self.deb if pin.wanted == wanted), None)

    def pin(self, source: DebSource) -> Pin:
        """The pin for ``source``.

        Raises FwbuildError ``lock-stale`` when the source was written, or changed in what
        it asks for, after the lock.
        """
        wanted = wanted_by(source)
        pin = self.find(wanted)
        if pin is None:
            raise fail(
                "lock-stale",
                f"fwbuild.lock has no entry for {wanted}",
                origin=source.origins.of("package"),
                hint="run `fwbuild lock`, which adds what is missing and leaves the rest as it is",
            )
        return pin
