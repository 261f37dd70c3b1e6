# SPDX-License-Identifier: Apache-2.0
"""Plans how the files of sources are had: from definitions and a lock to steps.

Nothing is fetched or written here; all that is asked of the disk is whether a user's
file is there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from fwbuild.engine.graph import FileInput, OutputOf, Step
from fwbuild.model.lock import Lock, Pin
from fwbuild.model.problem import FwbuildError, Origin, Problem, did_you_mean
from fwbuild.model.source import DebSource, FileSource, RamdiskSource, SourceSpec, UrlSource

File = FileInput | OutputOf


@dataclass(frozen=True, slots=True, kw_only=True)
class Materials:
    """The files that sources stand for, by the source's name, and the steps that make them."""

    steps: tuple[Step, ...]
    files: Mapping[str, File]


def steps_for(
    sources: Mapping[str, SourceSpec], lock: Lock, *, wanted: Iterable[str] | None = None, epoch: int = 0
) -> Materials:
    """Plan the sources called ``wanted`` (all, when left out) and what they are made of.

    ``epoch`` is the time of the files in a RAM disk, in seconds since 1970. Equal
    arguments give equal steps in equal order, and the plans for several images may go
    into one graph.

    Raises FwbuildError with every problem found: ``unknown-name``, ``bad-value`` for a
    RAM disk made of a RAM disk, ``lock-stale``, ``unreadable-file``.
    """
    planner = _Planner(sources)
    for name in sorted(sources if wanted is None else set(wanted)):
        planner.want(name)
    planner.packages(lock)
    planner.single_files()
    planner.ramdisks(epoch)
    if planner.problems:
        raise FwbuildError(planner.problems)
    return Materials(steps=tuple(planner.steps), files=planner.files)


class _Planner:
    def __init__(self, sources: Mapping[str, SourceSpec]) -> None:
        self._sources = sources
        self._wanted: dict[str, SourceSpec] = {}
        self.steps: list[Step] = []
        self.files: dict[str, File] = {}
        self.problems: list[Problem] = []

    def want(self, name: str) -> None:
        """Note a source, and the one that a RAM disk takes BusyBox from."""
        spec = self._sources.get(name)
        if spec is None:
            hint = did_you_mean(name, self._sources)
            self.problems.append(Problem(code="unknown-name", message=f"there is no source `{name}`", hint=hint))
            return
        self._wanted[name] = spec
        if isinstance(spec, RamdiskSource):
            self._want_busybox(name, spec)

    def _want_busybox(self, name: str, spec: RamdiskSource) -> None:
        """Only RAM disks are made of other sources, so without this nothing goes in circles."""
        busybox = self._sources.get(spec.busybox)
        if busybox is not None and not isinstance(busybox, RamdiskSource):
            self._wanted[spec.busybox] = busybox
            return
        if busybox is None:
            code, message = "unknown-name", f"there is no source `{spec.busybox}`, which the RAM disk `{name}` needs"
        else:
            code, message = "bad-value", f"the RAM disk `{name}` needs a BusyBox, and `{spec.busybox}` is a RAM disk"
        programs = [other for other, kind in self._sources.items() if not isinstance(kind, RamdiskSource)]
        origin = spec.origins.of("busybox")
        hint = did_you_mean(spec.busybox, programs)
        self.problems.append(Problem(code=code, message=message, origin=origin, hint=hint))

    def packages(self, lock: Lock) -> None:
        """One step that fetches each package file, and one that takes files out of it."""
        pins: dict[tuple[str, str, str, str], Pin] = {}
        takers: dict[tuple[str, str, str, str], dict[str, str]] = {}
        for name, spec in sorted(self._wanted.items()):
            if not isinstance(spec, DebSource):
                continue
            try:
                pin = lock.pin(spec)
            except FwbuildError as error:
                self.problems.extend(error.problems)
                continue
            file = (pin.suite, pin.resolved, pin.version, pin.architecture)
            if pins.setdefault(file, pin).sha256 != pin.sha256:
                self.problems.append(_two_digests(pin))
            takers.setdefault(file, {})[name] = spec.member
        for file in sorted(pins):
            self._package(pins[file], takers[file])

    def _package(self, pin: Pin, takers: Mapping[str, str]) -> None:
        label = f"{pin.resolved} {pin.version} ({pin.architecture})"
        fetch = Step(
            name=f"fetch {pin.suite}/{label}",
            action="fetch-deb",
            params={
                "package": pin.resolved,
                "version": pin.version,
                "architecture": pin.architecture,
                "suite": pin.suite,
                "sha256": pin.sha256,
                "size": pin.size,
            },
            outputs=("deb",),
            # So nothing is fetched for files that were taken out before.
            promises={"deb": pin.sha256},
        )
        members = sorted(set(takers.values()))
        take = Step(
            # Another image may take other files out of the same package.
            name=f"take {', '.join(members)} from {pin.suite}/{label}",
            action="deb-member",
            params={"package": label, "members": {member: member for member in members}},
            inputs={"deb": OutputOf(fetch.name, "deb")},
            outputs=tuple(members),
        )
        self.steps += [fetch, take]
        self.files |= {name: OutputOf(take.name, member) for name, member in takers.items()}

    def single_files(self) -> None:
        """Files of the user's, and of the network."""
        for name, spec in sorted(self._wanted.items()):
            if isinstance(spec, UrlSource):
                step = Step(
                    name=f"fetch {spec.url} ({spec.sha256[:12]})",
                    action="fetch-url",
                    params={"url": spec.url, "sha256": spec.sha256},
                    outputs=("file",),
                    promises={"file": spec.sha256},
                )
                if step not in self.steps:
                    self.steps.append(step)
                self.files[name] = OutputOf(step.name, "file")
            elif isinstance(spec, FileSource):
                file = self._file(spec.path, spec.origins.of("path"), f"the file of the source `{name}`")
                if file is not None:
                    self.files[name] = file

    def ramdisks(self, epoch: int) -> None:
        """A step for each RAM disk, once its BusyBox is planned."""
        for name, spec in sorted(self._wanted.items()):
            if not isinstance(spec, RamdiskSource):
                continue
            init = self._file(spec.init, spec.origins.of("init"), f"the script of the RAM disk `{name}`")
            busybox = self.files.get(spec.busybox)
            if init is None or busybox is None:
                continue  # why is among the problems
            step = Step(
                name=f"make the RAM disk {name} of {init.path}",
                action="ramdisk",
                params={"epoch": epoch},
                inputs={"busybox": busybox, "init": init},
                outputs=("cpio",),
            )
            self.steps.append(step)
            self.files[name] = OutputOf(step.name, "cpio")

    def _file(self, path: str, origin: Origin, what: str) -> FileInput | None:
        """A file that a person named, relative to the file that names it."""
        place = Path(origin.path).parent / path
        if place.is_file():
            return FileInput(str(place))
        message = f"{place}, {what}, " + ("is not a file" if place.exists() else "does not exist")
        hint = "the path is relative to the file that names it"
        self.problems.append(Problem(code="unreadable-file", message=message, origin=origin, hint=hint))
        return None


def _two_digests(pin: Pin) -> Problem:
    return Problem(
        code="lock-stale",
        message=f"fwbuild.lock has two different files for {pin.resolved} {pin.version} ({pin.architecture})",
        origin=pin.origins.of("sha256"),
        hint=f"run `fwbuild lock --update {pin.resolved}`",
    )
