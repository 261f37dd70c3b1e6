# SPDX-License-Identifier: Apache-2.0
"""One run of fwbuild on a project: what every command needs, made when first asked for."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from fwbuild import __version__, builtin
from fwbuild.config import lockfile
from fwbuild.config.layers import Catalogue
from fwbuild.config.project import LAYER_FOLDERS, find_project
from fwbuild.engine.action import Action
from fwbuild.engine.events import Event, Listener
from fwbuild.engine.graph import FileInput, Graph, OutputOf, Step
from fwbuild.engine.key import digest_of_file
from fwbuild.engine.schedule import Results, Scheduler
from fwbuild.engine.store import Store
from fwbuild.model.contribution import Material, Target
from fwbuild.model.lock import Lock, wanted_by
from fwbuild.model.modes import Mode
from fwbuild.model.plan import Plan
from fwbuild.model.ports import Emulator
from fwbuild.model.problem import FwbuildError, Problem, did_you_mean, fail
from fwbuild.model.project import Project
from fwbuild.model.source import DebSource, SourceSpec
from fwbuild.planning.attack import attacked, lower_attack
from fwbuild.planning.lower import Lowered, lower
from fwbuild.planning.matrix import Cell, cells, prepare
from fwbuild.planning.plan import make_plan
from fwbuild.planning.proofs import machine_of, proofs_for
from fwbuild.planning.registry import Registry
from fwbuild.planning.resolve import Request, resolve
from fwbuild.publish import publish
from fwbuild.sources.steps import steps_for
from fwbuild.uptodate import everything_in, projects_above

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def _silent(event: Event) -> None:
    """Tells nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """An image that was brought up to date."""

    name: str
    folder: Path
    #: names of the files that are new or changed
    written: tuple[str, ...]
    #: the verdict as written to verdict.json; None if the image was not verified
    verdict: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """A cell of the matrix and what came of it."""

    cell: Cell
    #: the mode planned for each CPU; empty if every CPU is to be parked, None if planning refuses the image
    planned: tuple[Mode, ...] | None
    findings: tuple[Mapping[str, Any], ...]
    transcript: bytes

    @property
    def broken(self) -> list[Mapping[str, Any]]:
        """The rules that did not hold."""
        return [finding for finding in self.findings if not finding["passed"]]

    @property
    def passed(self) -> bool:
        """Whether all was as expected, which for an image that planning refuses is nothing at all."""
        return not self.broken and (self.planned is None) == (not self.findings)


class Session:
    """The project around a folder and everything that commands do with it."""

    def __init__(self, start: Path, tell: Listener = _silent, *, jobs: int | None = None) -> None:
        self._start = start
        self._tell = tell
        self._jobs = jobs
        #: files outside the store that steps of this run have taken
        self._taken: set[str] = set()

    @cached_property
    def project(self) -> Project:
        """The project; FwbuildError if its fwbuild.toml is wrong."""
        return find_project(self._start)

    @cached_property
    def catalogue(self) -> Catalogue:
        """What the project's layers offer."""
        return Catalogue(self.project)

    @cached_property
    def registry(self) -> Registry:
        """The plugins; FwbuildError if one cannot be loaded."""
        registry = Registry(self.project.layers, (builtin,))
        registry.check()
        return registry

    @cached_property
    def store(self) -> Store:
        """The project's store; FWBUILD_STORE in the environment names another folder."""
        elsewhere = os.environ.get("FWBUILD_STORE")
        return Store(Path(elsewhere) if elsewhere else self.project.store)

    @cached_property
    def emulators(self) -> Mapping[str, Emulator]:
        """Emulators by name."""
        emulators = self.registry.emulators()
        self.registry.check()
        return emulators

    def emulator(self, name: str) -> Emulator:
        """The emulator called ``name``. Raises FwbuildError ``unknown-name``."""
        found = self.emulators.get(name)
        if found is None:
            hint = did_you_mean(name, self.emulators)
            raise fail("unknown-name", f"there is no emulator `{name}`", hint=hint)
        return found

    @cached_property
    def actions(self) -> Mapping[str, Action]:
        """Every action by name: fwbuild's own and those of plugins."""
        from fwbuild.actions.all import own_actions

        own = own_actions(self.project, self.store, self.emulator)
        found = {**{action.name: action for action in own}, **self.registry.actions()}
        self.registry.check()
        return found

    def request(self, name: str) -> Request:
        """The recipe ``name`` with everything that it refers to."""
        payloads = self.registry.payloads()
        self.registry.check()
        return resolve(name, self.catalogue, payloads)

    def requests(self, names: Sequence[str]) -> list[Request]:
        """Several recipes; every problem of all of them is reported at once."""
        return _collect(names, self.request)

    @cached_property
    def lock(self) -> Lock:
        """What fwbuild.lock says."""
        return lockfile.read(self.project.lock_file)

    def pin(self, requests: Sequence[Request]) -> None:
        """Pin the packages of ``requests`` that fwbuild.lock does not have yet."""
        sources = [item for request in requests for item in request.needed()]
        missing = [
            spec for _, spec in sources if isinstance(spec, DebSource) and self.lock.find(wanted_by(spec)) is None
        ]
        if missing:
            self.update_lock(sources, keep=True)

    def update_lock(
        self, sources: Sequence[tuple[str, SourceSpec]], *, update: Sequence[str] | None = None, keep: bool = False
    ) -> Lock:
        """Bring fwbuild.lock up to date with ``sources`` and write it.

        ``update`` names what to pin anew (all when empty); ``keep`` leaves pins alone that
        no source of ``sources`` needs.
        """
        from fwbuild.actions.all import apt_of
        from fwbuild.sources.lock import lock, write

        made = lock(sources, self.lock, apt_of(self.project, self.store), update)
        kept = [pin for pin in self.lock.deb if keep and made.find(pin.wanted) is None]
        self.lock = Lock(deb=(*made.deb, *kept))
        write(self.project.lock_file, self.lock)
        return self.lock

    def run(self, steps: Sequence[Step], goals: Sequence[OutputOf] = ()) -> Results:
        """Bring ``steps`` up to date; FwbuildError with what went wrong."""
        results = self.try_run(steps, goals)
        if results.problems:
            raise FwbuildError(results.problems)
        return results

    def try_run(self, steps: Sequence[Step], goals: Sequence[OutputOf] = ()) -> Results:
        """Bring ``steps`` up to date as far as it goes."""
        sources = (source for step in steps for source in step.inputs.values())
        self._taken.update(source.path for source in sources if isinstance(source, FileInput))
        jobs = self._jobs or self.project.settings.jobs or os.cpu_count() or 1
        return Scheduler(self.store, self.actions, jobs, self._tell).run(Graph(steps), goals)

    def targets(self, requests: Sequence[Request]) -> list[Target]:
        """Fetch or make the materials of ``requests`` and open them."""
        self.pin(requests)
        epoch = source_date_epoch()
        wanted = [steps_for({**request.sources}, self.lock, wanted=request.wanted, epoch=epoch) for request in requests]
        steps = {step.name: step for materials in wanted for step in materials.steps}
        goals = [file for materials in wanted for file in materials.files.values() if isinstance(file, OutputOf)]
        results = self.run(list(steps.values()), goals)
        return [
            request.target(
                {name: self._material(name, request, materials.files[name], results) for name in request.wanted}
            )
            for request, materials in zip(requests, wanted, strict=True)
        ]

    def _material(self, name: str, request: Request, file: FileInput | OutputOf, results: Results) -> Material:
        spec = request.sources[name]
        if isinstance(file, FileInput):
            # A plan may depend on a file that no step takes, such as a sidecar of notes.
            self._taken.add(file.path)
            path = Path(file.path)
            digest = digest_of_file(path)
        else:
            digest = results.digest(file)
            path = self.store.path(digest)
        return Material(
            name=name,
            path=path,
            digest=digest,
            size=path.stat().st_size,
            version=self.lock.pin(spec).version if isinstance(spec, DebSource) else "",
            type=spec.type,
            origin=request.wanted[name],
        )

    def plans(self, names: Sequence[str]) -> list[Plan]:
        """The plans of several images; problems of all are reported at once."""
        targets = self.targets(self.requests(names))
        return _collect(targets, lambda target: make_plan(target, self.registry))

    def build(self, names: Sequence[str], *, verify: bool = True) -> list[Built]:
        """Bring images up to date in the output folder.

        What can be built is built and published before FwbuildError is raised for the
        rest. A verdict that failed is no error here: see ``Built.verdict``.
        """
        lowered = {plan.target.recipe.name: self.lowered(plan, verify=verify) for plan in self.plans(names)}
        steps = {step.name: step for image in lowered.values() for step in image.steps}
        results = self.try_run(list(steps.values()))
        built = [self._publish(name, image, results) for name, image in lowered.items() if _is_done(image, results)]
        if results.problems:
            raise FwbuildError(results.problems)
        return built

    def attack(self, names: Sequence[str]) -> list[Built]:
        """Build images with the conformance payload in place of their own, and judge what it reports.

        The files go beside those of the images themselves, which are left alone.
        """
        lowered = {plan.target.recipe.name: lower_attack(attacked(plan, self.registry)) for plan in self.plans(names)}
        steps = {step.name: step for image in lowered.values() for step in image.steps}
        results = self.run(list(steps.values()))
        return [self._publish(name, image, results, verdict="adversary.json") for name, image in lowered.items()]

    def matrix(self, names: Sequence[str], counts: Sequence[int]) -> list[Tried]:
        """Try every cell for the platforms of ``names``, recipes of the conformance payload; all when empty.

        ``counts`` are numbers of CPUs.
        """
        chosen = names or [name for name in self.catalogue.recipes if self.request(name).payload == "conformance"]
        bases = self.targets([self.whole(name) for name in chosen])
        prepared = [prepare(cell, base, self.registry) for base in bases for cell in cells(base.platform, counts)]
        steps = {step.name: step for each in prepared for step in each.steps}
        results = self.run(list(steps.values()))
        return [
            Tried(
                cell=each.cell,
                planned=each.planned,
                findings=tuple(
                    finding for output in each.findings for finding in json.loads(self._bytes(results, output))
                ),
                transcript=b"" if each.transcript is None else self._bytes(results, each.transcript),
            )
            for each in prepared
        ]

    def whole(self, name: str) -> Request:
        """The request for the recipe ``name`` with all CPUs of its platform."""
        request = self.request(name)
        return dataclasses.replace(request, recipe=dataclasses.replace(request.recipe, cpus=None))

    def _bytes(self, results: Results, output: OutputOf) -> bytes:
        return self.store.path(results.digest(output)).read_bytes()

    def lowered(self, plan: Plan, *, verify: bool = True) -> Lowered:
        """The steps for ``plan``, with the proofs that can be made on this machine."""
        proofs = proofs_for(plan, self.emulators) if verify else None
        return lower(plan, verify=verify, version=__version__, proofs=proofs)

    def watched(self) -> set[str]:
        """Every file and folder outside the store that the results of this run depend on."""
        found = {*self._taken, *projects_above(), str(self.project.lock_file)}
        found |= everything_in(str(Path(__file__).parent))
        for layer in self.project.layers:
            for part in LAYER_FOLDERS:
                found |= everything_in(str(layer.folder / part))
        # Installed libraries: installing another version changes the folder that holds them.
        found.update(path for path in sys.path if path.endswith("-packages"))
        programs = [program for emulator in self.emulators.values() for program in emulator.programs()]
        found.update(shutil.which(program) or program for program in programs)
        return found

    def run_command(self, name: str) -> list[str]:
        """Build the image ``name`` without verifying; the command that boots it interactively.

        Raises FwbuildError, also ``tool-missing``.
        """
        (plan,) = self.plans([name])
        machine = plan.machine
        if machine is None:
            raise fail(
                "bad-value",
                f"{plan.target.platform.name} names no emulator machine to run {name} on",
                origin=plan.target.platform.origins.of("emulators"),
            )
        (built,) = self.build([name], verify=False)
        emulator = self.emulator(machine.type)
        missing = emulator.missing()
        if missing is not None:
            raise FwbuildError(missing)
        return emulator.command(machine_of(plan, machine), built.folder / f"{name}.elf", interactive=True)

    def _publish(self, name: str, image: Lowered, results: Results, verdict: str = "verdict.json") -> Built:
        folder = self.project.output / name
        files = {file: results.digest(output) for file, output in image.files.items()}
        written = publish(folder, files, self.store, beside=verdict != "verdict.json")
        found = json.loads(self.store.path(files[verdict]).read_bytes()) if verdict in files else None
        return Built(name=name, folder=folder, written=tuple(written), verdict=found)


def source_date_epoch() -> int:
    """SOURCE_DATE_EPOCH, in seconds since 1970; 0 when it is not set.

    Raises FwbuildError ``usage`` for something that is no number
    (reproducible-builds.org, "SOURCE_DATE_EPOCH specification").
    """
    text = os.environ.get("SOURCE_DATE_EPOCH", "0")
    if not text.isascii() or not text.isdigit():
        raise fail("usage", f"SOURCE_DATE_EPOCH is `{text}`, which is no number of seconds")
    return int(text)


def _is_done(image: Lowered, results: Results) -> bool:
    return all(output.step in results.outputs for output in image.files.values())


def _collect(items: Sequence[_Item], act: Callable[[_Item], _Result]) -> list[_Result]:
    """``act`` on every item; the problems of all of them are raised together."""
    done: list[_Result] = []
    problems: list[Problem] = []
    for item in items:
        try:
            done.append(act(item))
        except FwbuildError as error:
            problems.extend(error.problems)
    if problems:
        raise FwbuildError(problems)
    return done
