# SPDX-License-Identifier: Apache-2.0
"""Takes single files out of a Debian package, which is not trusted.

``dpkg-deb`` undoes the package's compression in a child process; what comes out is a
tar stream, read here once from front to back. Nothing is unpacked: the stream is
listed, and the files that are asked for are copied to paths that the caller chose. So
no name, link or device in a package can make anything be written elsewhere.
"""

from __future__ import annotations

import contextlib
import itertools
import re
import shutil
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from fwbuild.engine import child
from fwbuild.model.problem import FwbuildError, closest, fail
from fwbuild.sources.tar import Entry, TarReader, UnsoundError

#: The largest file that is taken out, in bytes.
LARGEST = 1 << 30

_TIME_LIMIT = 900  # seconds; a kernel's 43 MB take one or two
_HOPS = 40  # links that lead to links; as many as Linux follows
_LIST_LIMIT = 128 << 20  # bytes of memory for the list of names, about
_CHUNK = 1 << 20


@dataclass(slots=True)
class _Listing:
    """What a package holds, by path from its root, without a slash in front."""

    nodes: dict[str, Entry] = field(default_factory=dict)
    room: int = field(default_factory=lambda: _LIST_LIMIT)

    def add(self, name: str, node: Entry) -> None:
        """Note what is at ``name``. A later entry replaces an earlier one, as in dpkg."""
        self.room -= len(name) + len(node.target) + 512
        if self.room < 0:
            raise UnsoundError(f"more names than fit into {_LIST_LIMIT >> 20} MiB")
        self.nodes[name] = node

    def real(self, name: str) -> str:
        """Where ``name`` leads when links are followed, with the package as the root.

        Raises UnsoundError for a link that leads out of the package or in a circle.
        """
        pending = name.split("/")[::-1]
        real: list[str] = []
        hops = 0
        while pending:
            part = pending.pop()
            if part in ("", "."):
                continue
            if part == "..":
                if not real:
                    raise UnsoundError(f"`{name}`, a link that leads out of the package")
                real.pop()
                continue
            node = self.nodes.get("/".join([*real, part]))
            if node is None or not node.target:
                real.append(part)
                continue
            hops += 1
            if hops > _HOPS:
                raise UnsoundError(f"`{name}`, a link that leads in a circle")
            if node.kind == "hard link" or node.target.startswith("/"):
                real = []
            pending += node.target.split("/")[::-1]
        return "/".join(real)

    def is_file(self, name: str) -> bool:
        node = self.nodes.get(name)
        return node is not None and node.kind == "file"

    def matching(self, pattern: str) -> list[str]:
        """The names that ``pattern`` stands for; a plain path may lead through links."""
        if not set(pattern) & set("*?"):
            return [pattern]
        wanted = _compiled(pattern)
        return [name for name in self.nodes if wanted.fullmatch(name)]


def _compiled(pattern: str) -> re.Pattern[str]:
    """``*`` and ``?`` stand for anything but a slash; all else for itself."""
    special = {"*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(special.get(character, re.escape(character)) for character in pattern))


def take_members(
    deb: Path,
    members: Mapping[str, str],
    outputs: Mapping[str, Path],
    *,
    scratch: Path,
    package: str,
    largest: int = LARGEST,
) -> None:
    """Copy single files out of the package ``deb``.

    ``members`` gives each output's name a path in the package, in which ``*`` and ``?``
    may stand for what changes with the version; links are followed inside the package
    and exactly one file must be meant. ``outputs`` says where each goes, ``scratch`` is
    an empty folder, ``package`` what messages call the package, and ``largest`` how many
    bytes one file may have.

    Raises FwbuildError ``no-such-member``, ``bad-archive``, ``tool-missing`` and
    ``step-timeout``; OSError when the outputs cannot be written.
    """
    reader = _Reader(deb, scratch, package, largest)
    # One pass keeps what matches by name. Only a link to something else, whose place in
    # the stream may have passed by then, needs another one.
    listing = reader.read([_compiled(pattern) for pattern in members.values()])
    real = {output: _only(listing, pattern, package) for output, pattern in members.items()}
    if not reader.kept.keys() >= set(real.values()):
        reader.read([re.compile(re.escape(name)) for name in real.values()])
    for output, name in real.items():
        shutil.copyfile(reader.kept[name], outputs[output])


def _only(listing: _Listing, pattern: str, package: str) -> str:
    """The one file that ``pattern`` means. Raises ``no-such-member`` or ``bad-archive``."""
    matching = listing.matching(pattern)
    try:
        leads_to = {name: listing.real(name) for name in matching}
    except UnsoundError as error:
        raise _bad_archive(package, str(error)) from error
    files = {real for real in leads_to.values() if listing.is_file(real)}
    if len(files) == 1:
        return files.pop()
    if files:
        raise fail(
            "no-such-member",
            f"{len(files)} files of {package} match `{pattern}`, and it must be one",
            hint="they are: " + _some(files),
        )
    for name, real in leads_to.items():
        node = listing.nodes.get(real)
        if node is not None:
            raise fail("no-such-member", f"`{name}` in {package} is a {node.kind}, not a file")
        if name in listing.nodes:
            message = f"`{name}` in {package} is a link to `{real}`, which is not in the package"
            raise fail("no-such-member", message, hint="take it from the package that has it")
    raise fail("no-such-member", f"no file of {package} matches `{pattern}`", hint=_near(pattern, listing))


def _near(pattern: str, listing: _Listing) -> str:
    """What could have been meant: a file of that name elsewhere, or a similar path."""
    files = [name for name, node in listing.nodes.items() if node.kind != "directory"]
    if not files:
        return "the package holds no files; does it only point to another (`depends`)?"
    last = _compiled(pattern.rpartition("/")[2])
    elsewhere = [name for name in files if last.fullmatch(name.rpartition("/")[2])]
    if elsewhere:
        return "did you mean " + _some(elsewhere) + "?"
    match = closest(pattern, files[:5000])  # comparing is slow, and a kernel has that many
    return f"did you mean `{match}`?" if match else "it has: " + _some(files)


def _some(names: Iterable[str]) -> str:
    names = sorted(names)
    more = f" and {len(names) - 8} more" if len(names) > 8 else ""
    return ", ".join(f"`{name}`" for name in names[:8]) + more


class _Reader:
    """Reads one package, as often as needed, and keeps files that are asked for."""

    def __init__(self, deb: Path, scratch: Path, package: str, largest: int) -> None:
        self.deb = deb
        self.scratch = scratch
        self.package = package
        self.largest = largest
        #: the files that were kept: name in the package -> its copy in the scratch folder
        self.kept: dict[str, Path] = {}
        self._numbers = itertools.count()

    def read(self, keep: list[re.Pattern[str]]) -> _Listing:
        """List the package; a file for each pattern of ``keep`` is kept."""
        if shutil.which("dpkg-deb") is None:
            hint = "it comes with Debian's dpkg; on another host use `file` or `url` sources"
            raise fail("tool-missing", "there is no dpkg-deb here, which opens Debian packages", hint=hint)
        listing = _Listing()
        with self._stream() as stream:
            archive = TarReader(stream)
            for entry in archive:
                self._take(archive, entry, listing, keep)
        return listing

    def _take(self, archive: TarReader, entry: Entry, listing: _Listing, keep: list[re.Pattern[str]]) -> None:
        parts = [part for part in entry.name.split("/") if part not in ("", ".")]
        if ".." in parts:
            raise UnsoundError(f"`{entry.name}`, a name that leads out of the package")
        name = "/".join(parts)
        listing.add(name, entry)
        if name in self.kept:
            self.kept.pop(name).unlink()
        # A pattern with one file already is an error or a case for another pass, so that
        # a pattern which matches everything does not copy everything.
        if entry.kind == "file" and any(pattern.fullmatch(name) and not self._has(pattern) for pattern in keep):
            self._keep(archive, entry, name)

    def _has(self, pattern: re.Pattern[str]) -> bool:
        return any(pattern.fullmatch(name) for name in self.kept)

    def _keep(self, archive: TarReader, entry: Entry, name: str) -> None:
        if entry.size > self.largest:
            raise UnsoundError(f"`{name}` has {entry.size} bytes, and at most {self.largest} are taken out")
        copy = self.scratch / str(next(self._numbers))
        with copy.open("wb") as file:
            archive.copy(file)
        self.kept[name] = copy

    @contextlib.contextmanager
    def _stream(self) -> Iterator[IO[bytes]]:
        """The package's files as a tar stream; what is wrong with it is raised at the end.

        When both dpkg-deb and the reader of the stream complain, dpkg-deb is right: the
        stream of a damaged package is cut short, and then its end looks wrong too.
        """
        words = self.scratch / "words"
        command = ["dpkg-deb", "--fsys-tarfile", str(self.deb)]
        late = threading.Event()
        wrong: UnsoundError | None = None
        with words.open("wb") as errors, child.started(command, stderr=errors.fileno()) as process:
            stream = process.stdout
            assert stream is not None  # it is a pipe

            def end() -> None:
                late.set()
                process.kill()

            timer = threading.Timer(_TIME_LIMIT, end)
            timer.start()
            try:
                yield stream
                while stream.read(_CHUNK):  # padding behind the end
                    pass
                process.wait()
            except UnsoundError as error:
                wrong = error
                if not stream.read(1):  # else dpkg-deb had no complaint so far
                    process.wait()
            finally:
                timer.cancel()
            status = process.poll()
        if late.is_set():
            raise fail("step-timeout", f"dpkg-deb took more than {_TIME_LIMIT} seconds for {self.package}")
        if status:
            said = words.read_text(errors="replace").strip() or f"dpkg-deb ended with status {status}"
            raise _bad_archive(self.package, said)
        if wrong is not None:
            raise _bad_archive(self.package, str(wrong)) from wrong


def _bad_archive(package: str, what: str) -> FwbuildError:
    return fail(
        "bad-archive",
        f"{package} is not a sound Debian package: {what}",
        hint="nothing of it was used",
    )
