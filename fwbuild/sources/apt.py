# SPDX-License-Identifier: Apache-2.0
"""Looks up Debian packages for a foreign architecture and fetches exact versions of them.

Which archives there are, and which keys sign them, is the host's apt configuration or the
file that ``fwbuild.toml`` names. How apt is run without touching the host is in
:mod:`fwbuild.sources.aptget`; this module decides what to ask for and what went wrong.
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from fwbuild.engine.key import digest_of_file
from fwbuild.model.problem import FwbuildError, closest, did_you_mean, fail
from fwbuild.sources.aptget import AptGet, Index, Say
from fwbuild.sources.debian import Found, package_names, version_key

_OWN_SOURCES = '`sources = "archives.sources"` under [apt] in fwbuild.toml names a file of archives to use instead'

#: What apt's complaints mean for a person, by a word in them.
_CAUSES = (
    (
        r"resolv|connect|unreachable|timed out",
        "check the network and the proxy; what is in the store already is not fetched again",
    ),
    (
        r"NO_PUBKEY|not signed|BADSIG|EXPKEYSIG|signature",
        "only what is signed by a key that this host trusts is used: see Signed-By in sources.list(5)",
    ),
    (
        r"unexpected size|Hash Sum mismatch|Mirror sync",
        "the archive does not agree with its own signed list; when it is being updated, try again in some minutes",
    ),
    (r"certificate", "the archive's certificate is not trusted here; is the package ca-certificates installed?"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageFile:
    """One exact package file, as a lock names it. ``size`` in bytes."""

    package: str
    version: str
    architecture: str
    suite: str
    sha256: str
    size: int

    def __str__(self) -> str:
        return f"{self.package} {self.version} ({self.architecture})"


class Archives(Protocol):
    """Where packages are looked up: :class:`Apt`, or something simpler in a test."""

    def candidate(self, package: str, architecture: str, suite: str, *, version: str = "") -> Found: ...


def _silent(text: str) -> None:
    pass


class Apt:
    """The host's archives. Each architecture has its own state folder below ``folder``.

    May be used from several threads and processes at once: they wait for each other.
    """

    def __init__(self, folder: Path, *, sources: Path | None = None, say: Say = _silent) -> None:
        self.folder = folder
        self.sources = sources
        self._say = say
        #: architectures whose lists are fresh -> what apt complained about
        self._complaints: dict[str, str] = {}
        self._own = threading.Lock()

    def candidate(self, package: str, architecture: str, suite: str, *, version: str = "") -> Found:
        """The newest ``package`` in ``suite`` now, or its given ``version``.

        ``suite`` is a suite, a code name, or what the list of archives calls it. The
        lists are brought up to date first, once in a process.

        Raises FwbuildError ``no-such-package``, ``fetch-failed``, ``tool-missing``,
        ``store`` and what is wrong with the list of archives.
        """
        apt = self._apt(architecture)
        with apt.locked(self._say):
            self._refresh(apt, self._say)
            versions = self._versions(apt, package, suite)
        newest = max(versions, key=lambda found: version_key(found.version))
        if not version:
            return newest
        for found in versions:
            if found.version == version:
                return found
        raise fail(
            "no-such-package",
            f"`{suite}` has {package} {newest.version} for {architecture}, but not {version}",
            hint="the archive is between two states: try again in some minutes",
        )

    def download(self, wanted: PackageFile, target: Path, say: Say = _silent) -> None:
        """Fetch exactly ``wanted`` into the file ``target``, whose bytes are checked.

        The lists are brought up to date only when those that are there do not lead to it.

        Raises FwbuildError ``version-gone``, ``wrong-digest`` and what :meth:`candidate`
        raises.
        """
        apt = self._apt(wanted.architecture)
        with apt.locked(say):
            failure = self._attempt(apt, wanted, target, say)
            if failure is not None:
                self._refresh(apt, say)
                failure = self._attempt(apt, wanted, target, say)
        if failure is not None:
            raise failure
        _check(wanted, target)

    def _apt(self, architecture: str) -> AptGet:
        return AptGet(self.folder / architecture, architecture, self.sources)

    def _refresh(self, apt: AptGet, say: Say) -> None:
        """Update the lists, unless this process has done so."""
        with self._own:
            if apt.architecture not in self._complaints:
                say(f"updating the lists of packages for {apt.architecture}")
                self._complaints[apt.architecture] = apt.update()

    def _complained(self, apt: AptGet) -> str:
        return self._complaints.get(apt.architecture, "")

    def _versions(self, apt: AptGet, package: str, suite: str) -> list[Found]:
        """All versions of ``package`` in ``suite``; at least one."""
        indexes = apt.indexes()
        lists = [index for index in indexes if suite in index.suites]
        if not lists:
            raise self._no_list(apt, suite, indexes)
        if _is_about(self._complained(apt), lists):
            self._say(f"apt could not update the list of `{suite}` for {apt.architecture}; the old one is used")
        versions = [found for index in lists for found in apt.records(index, package)]
        if not versions:
            raise self._no_package(apt, package, suite, indexes)
        return versions

    def _attempt(self, apt: AptGet, wanted: PackageFile, target: Path, say: Say) -> FwbuildError | None:
        """Download by way of the lists that are there; why it did not work."""
        indexes = apt.indexes()
        if not indexes:
            return self._no_list(apt, wanted.suite, indexes)
        # Any suite will do: a package that moves from one to another keeps its digest.
        versions = [found for index in indexes for found in apt.records(index, wanted.package)]
        same = {found.sha256 for found in versions if found.version == wanted.version}
        if not same:
            return self._gone(apt, wanted, indexes)
        if wanted.sha256 not in same:
            return _other_file(wanted, min(same))
        say(f"fetching {wanted}, {wanted.size / 1e6:.1f} MB")
        complaints = apt.download(wanted.package, wanted.version, target)
        if not complaints:
            return None
        return fail("fetch-failed", f"apt could not fetch {wanted}:\n{complaints}", hint=cause_of(complaints))

    def _gone(self, apt: AptGet, wanted: PackageFile, indexes: list[Index]) -> FwbuildError:
        in_suite = [index for index in indexes if wanted.suite in index.suites]
        if not in_suite:
            return self._no_list(apt, wanted.suite, indexes)
        complaints = self._complained(apt)
        if _is_about(complaints, in_suite):
            message = f"{wanted} is not in the old list of `{wanted.suite}`, and apt could not fetch the new one"
            return fail("fetch-failed", f"{message}:\n{complaints}", hint=cause_of(complaints))
        versions = [found.version for index in in_suite for found in apt.records(index, wanted.package)]
        now = f"{max(versions, key=version_key)} now" if versions else "no version of it now"
        return fail(
            "version-gone",
            f"{wanted}, pinned in fwbuild.lock, is no longer in the archive: `{wanted.suite}` has {now}"
            + _and_apt_said(complaints),
            hint=f"run `fwbuild lock --update {wanted.package}` to pin what is there now; to keep the old version, "
            f"use an archive that has it, such as a snapshot: {_OWN_SOURCES}",
        )

    def _no_list(self, apt: AptGet, suite: str, indexes: list[Index]) -> FwbuildError:
        """Why there is no list of ``suite``: not asked for, or asked for and not had."""
        complaints, architecture = self._complained(apt), apt.architecture
        configured = apt.configured()
        of_suite = [address for address in configured if f"/dists/{suite}/" in address]
        if any(f"/binary-{architecture}/" in address for address in of_suite):
            the_list = f"the list of packages of `{suite}` for {architecture}"
            if complaints:
                message = f"apt could not fetch {the_list}:\n{complaints}"
                return fail("fetch-failed", message, hint=cause_of(complaints))
            hint = f"does the archive have {architecture}? Packages for `all` are in every architecture's list"
            return fail("no-such-package", f"{the_list} is empty, or is not there", hint=hint)
        hints = [] if self.sources else [_OWN_SOURCES]
        where = "the host's apt" if self.sources is None else str(self.sources)
        if not configured:
            message = f"{where} has no archives"
        elif of_suite:
            message = f"{where} has `{suite}`, but not for {architecture}: its `Architectures` leave that out"
        else:
            message = f"{where} has no suite `{suite}` for {architecture}"
            known = {name for index in indexes for name in index.suites}
            hints = [did_you_mean(suite, known), *hints] if known else hints
        return fail("no-such-package", message + _and_apt_said(complaints), hint="; ".join(hints))

    def _no_package(self, apt: AptGet, package: str, suite: str, indexes: list[Index]) -> FwbuildError:
        message = f"there is no package `{package}` in `{suite}` for {apt.architecture}"
        elsewhere = {min(index.suites) for index in indexes if apt.records(index, package)}
        if elsewhere:
            hint = "it is in " + ", ".join(f"`{name}`" for name in sorted(elsewhere))
        else:
            hint = _similar(package, [index.path for index in indexes if suite in index.suites])
        return fail("no-such-package", message + _and_apt_said(self._complained(apt)), hint=hint)


def _similar(package: str, lists: list[Path]) -> str:
    """A hint for a misspelt package: one list may have 60,000 names, so look at a few."""
    names = {name for path in lists for name in package_names(path) if name[:2] == package[:2]}
    match = closest(package, names)
    return f"did you mean `{match}`?" if match else "look for its name with `apt-cache search`"


def cause_of(complaints: str) -> str:
    """What a person can do about apt's complaints."""
    for pattern, hint in _CAUSES:
        if re.search(pattern, complaints, re.IGNORECASE):
            return hint
    return "the lines above are apt's own"


def _is_about(complaints: str, lists: list[Index]) -> bool:
    """Whether one of ``lists`` is an old one, because apt could not fetch it anew."""
    return any(address in complaints for index in lists for address in index.addresses)


def _and_apt_said(complaints: str) -> str:
    return f"\napt could not fetch everything:\n{complaints}" if complaints else ""


def _other_file(wanted: PackageFile, found: str) -> FwbuildError:
    return fail(
        "wrong-digest",
        f"{wanted} is not the file that fwbuild.lock pins: its SHA-256 is {found}, pinned is {wanted.sha256}",
        hint=f"if the archive was built anew on purpose, run `fwbuild lock --update {wanted.package}`",
    )


def _check(wanted: PackageFile, target: Path) -> None:
    """apt has compared the file with its lists; this compares it with the lock."""
    digest = digest_of_file(target)
    if digest != wanted.sha256:
        raise _other_file(wanted, digest)
