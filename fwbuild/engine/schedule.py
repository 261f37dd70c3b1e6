# SPDX-License-Identifier: Apache-2.0
"""Runs the steps of a graph, each at most once and only when it was not done before."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path

from fwbuild.engine import child
from fwbuild.engine.action import Action, Context
from fwbuild.engine.events import Event, Listener, StepEnded, StepSaid, StepStarted
from fwbuild.engine.graph import FileInput, Graph, OutputOf, Step, StoredInput
from fwbuild.engine.key import digest_of_file, key_of_step
from fwbuild.engine.store import Store, is_full, storage_error
from fwbuild.model.problem import FwbuildError, Origin, Problem, fail


@dataclass(slots=True)
class Results:
    """What a run of a graph made: step name -> output name -> digest.

    A promised output is here too when it was not needed; the store may lack it.
    """

    outputs: dict[str, dict[str, str]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    ran: int = 0

    def digest(self, output: OutputOf) -> str:
        return self.outputs[output.step][output.output]


class _NeedsError(Exception):
    """A step has to run, and these steps on demand have to make files for it first."""

    def __init__(self, makers: set[str]) -> None:
        super().__init__()
        self.makers = makers


class _Agenda:
    """What is still to be done in one run of a graph, and what of it may start."""

    def __init__(self, graph: Graph, goals: Iterable[OutputOf]) -> None:
        self._graph = graph
        #: steps that nobody has asked for so far; their digests are known all the same
        self._on_demand = graph.on_demand(goals)
        self._waiting = [name for name in graph.order if name not in self._on_demand]
        #: steps that turned out to have to run -> the steps on demand that they wait for
        self._held: dict[str, set[str]] = {}
        self.made: set[str] = set()
        self.results = Results({name: dict(graph.steps[name].promises) for name in self._on_demand})

    def startable(self) -> list[str]:
        """The steps that may start now. They are handed out once."""
        outputs = self.results.outputs
        found = [
            name
            for name in self._waiting
            if self._held.get(name, set()) <= self.made
            and all(maker in outputs for maker in self._graph.steps[name].needs())
        ]
        self._waiting = [name for name in self._waiting if name not in found]
        return found

    def collect(self, name: str, future: Future[dict[str, str]]) -> None:
        """Take in how a step ended."""
        try:
            self.results.outputs[name] = future.result()
            self.made.add(name)
        except FwbuildError as error:
            self.results.problems.extend(error.problems)
        except _NeedsError as needs:
            self._held[name] = needs.makers
            asked = self._on_demand & needs.makers
            self._on_demand -= asked
            self._waiting += [name, *sorted(asked)]


class Scheduler:
    """Runs graphs against one store with ``jobs`` steps at a time."""

    def __init__(self, store: Store, actions: Mapping[str, Action], jobs: int, tell: Listener) -> None:
        self.store = store
        self.actions = actions
        self.jobs = jobs
        self._tell = tell
        self._telling = threading.Lock()
        self._given_up = threading.Event()

    def tell(self, event: Event) -> None:
        with self._telling:
            self._tell(event)

    def run(self, graph: Graph, goals: Iterable[OutputOf] = ()) -> Results:
        """Bring every step up to date.

        A step that promises its outputs is only run for another one that has to run and
        takes them, unless they are among ``goals``: what the caller wants to find in the
        store afterwards.

        A step that fails does not stop the others; what needs it is left out.
        ``Results.problems`` has what went wrong. On an interrupt every child process
        is ended before KeyboardInterrupt goes on, and a step ends at its next word.
        """
        agenda = _Agenda(graph, goals)
        self._given_up.clear()
        running: dict[Future[dict[str, str]], str] = {}
        with ThreadPoolExecutor(self.jobs) as pool:
            try:
                while True:
                    for name in agenda.startable():
                        running[pool.submit(self._step, graph.steps[name], agenda)] = name
                    if not running:
                        break  # done, or all that is left needs a step that failed
                    done, _ = wait(running, return_when=FIRST_COMPLETED)
                    for future in done:
                        agenda.collect(running.pop(future), future)
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                self._given_up.set()
                child.end_all()
                raise
        return agenda.results

    def _step(self, step: Step, agenda: _Agenda) -> dict[str, str]:
        results = agenda.results
        action = self.actions.get(step.action)
        if action is None:
            raise fail("bug", f"step {step.name}: there is no action `{step.action}`")
        inputs = {name: self._input(source, results) for name, source in step.inputs.items()}
        digests = {name: digest for name, (digest, _) in inputs.items()}
        key = key_of_step(step, action.version, action.tools(step.params), digests)
        known = self.store.results(key)
        if known is not None:
            self.tell(StepEnded(step=step.name, action=step.action, how="cached", seconds=0.0, key=key))
            return known
        self._require(step, agenda)
        self.tell(StepStarted(step=step.name, action=step.action))
        started = time.monotonic()
        how = "failed"
        try:
            outputs = self._run(step, action, {name: path for name, (_, path) in inputs.items()}, key)
            how = "ran"
        finally:
            results.ran += 1
            seconds = time.monotonic() - started
            ended = StepEnded(
                step=step.name,
                action=step.action,
                how="ran" if how == "ran" else "failed",
                seconds=seconds,
                key=key,
            )
            self.tell(ended)
        return outputs

    def _require(self, step: Step, agenda: _Agenda) -> None:
        """Raise _NeedsError when inputs of ``step`` were only promised so far."""
        promised = [source for source in step.inputs.values() if isinstance(source, OutputOf)]
        missing = {source.step for source in promised if not self.store.has(agenda.results.digest(source))}
        if missing - agenda.made:
            raise _NeedsError(missing - agenda.made)

    def _input(self, source: FileInput | StoredInput | OutputOf, results: Results) -> tuple[str, Path]:
        if isinstance(source, FileInput):
            path = Path(source.path)
            try:
                return digest_of_file(path), path
            except OSError as error:
                raise fail(
                    "unreadable-file",
                    f"cannot read {path}: {error.strerror}",
                    origin=Origin(path=str(path)),
                ) from error
        digest = source.digest if isinstance(source, StoredInput) else results.digest(source)
        return digest, self.store.path(digest)

    def _say(self, step: Step, text: str) -> None:
        if self._given_up.is_set():
            raise fail("interrupted", f"step {step.name} was given up")
        self.tell(StepSaid(step=step.name, text=text))

    def _run(self, step: Step, action: Action, inputs: Mapping[str, Path], key: str) -> dict[str, str]:
        with self.store.workspace() as folder:
            scratch = folder / "scratch"
            scratch.mkdir()
            context = Context(
                step=step.name,
                params=step.params,
                inputs=inputs,
                outputs={name: folder / f"out-{index}" for index, name in enumerate(step.outputs)},
                scratch=scratch,
                say=lambda text: self._say(step, text),
            )
            try:
                action.run(context)
            except OSError as error:
                if is_full(error):
                    raise storage_error(error, self.store.folder) from error
                raise fail("step-failed", f"step {step.name}: {error}") from error
            outputs: dict[str, str] = {}
            for name, path in context.outputs.items():
                if not path.is_file():
                    raise fail("bug", f"step {step.name} did not make its output `{name}`")
                outputs[name] = self.store.add(path)
                promised = step.promises.get(name, outputs[name])
                if outputs[name] != promised:
                    raise fail("wrong-digest", f"{step.name}: SHA-256 is {outputs[name]} instead of {promised}")
            if context.keep:
                self.store.remember(key, outputs)
            return outputs
