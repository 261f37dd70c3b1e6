# SPDX-License-Identifier: Apache-2.0
"""Runs the host's ``apt-get`` for a foreign architecture, in a private state folder.

The host gives its list of archives, its keys, its proxies and its mirrors. Nothing is
installed and nothing is written outside the state folder, so no root is needed. What
of the host's configuration must not count is undone in ``apt.conf``, beside this file.

Layout of a state folder::

    lock        held by the process that works here
    lists/      the archives' lists of packages, checked by apt
    status      the installed packages, as far as this apt knows: none
    archives/, cache/, log/, tmp/
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from fwbuild.engine import child
from fwbuild.engine.store import storage_error
from fwbuild.model.problem import FwbuildError, fail
from fwbuild.sources.debian import Found, records

Say = Callable[[str], None]

_CONFIGURATION = Path(__file__).with_name("apt.conf")

#: Time limits in seconds. apt has its own, much shorter ones for a silent server; these
#: only end an apt that hangs.
_QUERY = 120
_UPDATE = 1800
_DOWNLOAD = 7200
_LOCK = 3600
#: Seconds between two words of one that waits.
_WORD = 5

_FIELDS = ("FILENAME", "ARCHITECTURE", "TRUSTED", "BASE_URI", "SITE", "RELEASE", "SUITE", "CODENAME")


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """A list of packages that apt has fetched and checked.

    ``suites`` are the names that the archive goes by, such as `bookworm` and `oldstable`.
    ``addresses`` are the ways in which apt names the archive when it complains.
    """

    path: Path
    suites: frozenset[str]
    addresses: tuple[str, str]


class AptGet:
    """The apt of one architecture. Use it inside :meth:`locked` only.

    ``sources`` is a file of archives in deb822 format to use instead of the host's.
    """

    def __init__(self, folder: Path, architecture: str, sources: Path | None = None) -> None:
        self.folder = folder.absolute()
        self.architecture = architecture
        self.sources = sources

    @contextlib.contextmanager
    def locked(self, say: Say) -> Iterator[None]:
        """Keep other processes and threads out of the state folder.

        Raises FwbuildError ``tool-missing``, ``store``, ``unreadable-file``.
        """
        self._check_host()
        try:
            for name in ("lists/partial", "archives/partial", "cache", "log", "tmp"):
                (self.folder / name).mkdir(parents=True, exist_ok=True)
            (self.folder / "status").touch()
            handle = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise storage_error(error, self.folder) from error
        try:
            self._wait_for(handle, say)
            yield
        finally:
            os.close(handle)

    def _check_host(self) -> None:
        if shutil.which("apt-get") is None:
            raise fail(
                "tool-missing",
                "there is no apt-get here, which fetches Debian packages",
                hint="on a host without apt, put `file` or `url` sources of the same names into fwbuild.toml",
            )
        if self.sources is None:
            return
        # apt itself is silent about a file that is not there, and tells formats by the suffix.
        if self.sources.suffix != ".sources":
            raise fail(
                "bad-value",
                f"the name of {self.sources} must end in .sources",
                hint="`sources` of [apt] in fwbuild.toml names a file in deb822 format, see sources.list(5)",
            )
        if not os.access(self.sources, os.R_OK):
            raise fail(
                "unreadable-file",
                f"cannot read {self.sources}",
                hint="`sources` of [apt] in fwbuild.toml names this file",
            )

    def _wait_for(self, handle: int, say: Say) -> None:
        started = time.monotonic()
        next_word = 0.2  # seconds from the start; most locks are given back before
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                pass
            waited = time.monotonic() - started
            if waited > _LOCK:
                raise fail(
                    "store",
                    f"another process has been using {self.folder} for {_LOCK // 60} minutes",
                    hint="end it and run the command again",
                )
            if waited > next_word:
                say("waiting for another fetch of packages to end")
                next_word += _WORD
            time.sleep(0.05)

    def update(self) -> str:
        """Fetch the lists anew; what apt complained about, empty when all went well.

        A list that could not be fetched is no failure here: the others are there, and
        the package may be in one of them.
        """
        return _complaints(self._run(["update"], timeout=_UPDATE))

    def indexes(self) -> list[Index]:
        """The lists that are there, for this architecture.

        Raises FwbuildError ``fetch-failed`` when apt cannot read its configuration.
        """
        form = "\t".join(f"$({field})" for field in _FIELDS)
        listing = self._run(["indextargets", "--format", form, "Created-By: Packages"], timeout=_QUERY)
        if listing.status:
            raise self._broken(listing)
        found = []
        for line in listing.output.decode(errors="replace").splitlines():
            # apt leaves the name of a field that a list does not have.
            values = (
                "" if value == f"$({name})" else value for name, value in zip(_FIELDS, line.split("\t"), strict=True)
            )
            path, architecture, trusted, address, site, release, *others = values
            # Lists of other architectures are here when a source is limited to those; a flat
            # archive, which is a single folder, has one list for all.
            if trusted == "yes" and architecture in (self.architecture, "all", ""):
                suites = frozenset(filter(None, (release, *others)))
                found.append(Index(path=Path(path), suites=suites, addresses=(address, f"{site} {release} ")))
        return found

    def records(self, index: Index, package: str) -> list[Found]:
        """Every version of ``package`` in ``index`` that is for this architecture."""
        return [found for found in records(index.path, package) if found.architecture in (self.architecture, "all")]

    def configured(self) -> list[str]:
        """The addresses of the lists that an update would try to fetch."""
        listing = self._run(["update", "--print-uris"], timeout=_QUERY)
        if listing.status:
            raise self._broken(listing)
        return re.findall(r"^'([^']*)'", listing.output.decode(errors="replace"), re.MULTILINE)

    def download(self, package: str, version: str, target: Path) -> str:
        """Fetch one version of a package into ``target``; apt's complaints if that failed."""
        folder = self.folder / "tmp" / "download"
        shutil.rmtree(folder, ignore_errors=True)
        try:
            folder.mkdir()
            ended = self._run(["download", f"{package}={version}"], timeout=_DOWNLOAD, folder=folder)
            files = list(folder.glob("*.deb"))
            if ended.status or len(files) != 1:
                return _complaints(ended) or "apt-get gives no reason"
            shutil.move(files[0], target)
        except OSError as error:
            raise storage_error(error, self.folder) from error
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return ""

    def _run(self, arguments: list[str], *, timeout: float, folder: Path | None = None) -> child.Ended:
        command = ["apt-get", "-c", str(_CONFIGURATION), "-q"]
        for name, value in self._options():
            command += ["-o", f"{name}={value}"]
        environment = {**os.environ, "LC_ALL": "C", "TMPDIR": str(self.folder / "tmp")}
        environment.pop("LANGUAGE", None)
        ended = child.run([*command, *arguments], timeout=timeout, folder=folder, environment=environment)
        if ended.status < 0:  # nothing that another try would mend, such as the end of the build
            raise fail("step-failed", f"apt-get was ended by signal {-ended.status}")
        return ended

    def _options(self) -> Iterator[tuple[str, str | Path]]:
        """Settings that are computed. Given one by one they may hold any character."""
        yield "APT::Architecture", self.architecture
        yield "APT::Architectures::", self.architecture
        # Each by its full path: the host may have set any of them to a full path too.
        yield "Dir::State", self.folder
        yield "Dir::State::lists", self.folder / "lists"
        yield "Dir::State::status", self.folder / "status"
        yield "Dir::State::extended_states", self.folder / "extended_states"
        yield "Dir::Cache", self.folder / "cache"
        yield "Dir::Cache::archives", self.folder / "archives"
        # Container images turn this off; with it each later call is 0.3 seconds shorter.
        yield "Dir::Cache::pkgcache", self.folder / "cache" / "pkgcache.bin"
        # The same without what is installed: with nothing installed, the same 35 MB.
        yield "Dir::Cache::srcpkgcache", ""
        yield "Dir::Log", self.folder / "log"
        if self.sources is not None:
            yield "Dir::Etc::sourcelist", self.sources.absolute()
            yield "Dir::Etc::sourceparts", "/dev/null"

    def _broken(self, ended: child.Ended) -> FwbuildError:
        where = self.sources or "the host's apt configuration"
        return fail("fetch-failed", f"apt cannot use {where}:\n{_complaints(ended)}", hint="see sources.list(5)")


def _complaints(ended: child.Ended) -> str:
    """apt's errors, warnings and notices with the lines that belong to them."""
    kept: list[str] = []
    keeping = False
    for line in ended.errors.decode(errors="replace").splitlines():
        if line[:1] != " ":
            keeping = line.startswith(("E: ", "W: ", "N: "))
        if keeping:
            kept.append(line.rstrip())
    if ended.status and not kept:
        return f"apt-get ended with status {ended.status}"
    return "\n".join(kept)
