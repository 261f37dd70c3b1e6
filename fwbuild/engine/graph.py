# SPDX-License-Identifier: Apache-2.0
"""Steps and how they hang together. Nothing here knows what the steps are for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

#: What JSON can carry. Parameters are part of a step's key, so they must be plain.
Json = Any


@dataclass(frozen=True, slots=True)
class FileInput:
    """A file outside the store, known by its content."""

    path: str


@dataclass(frozen=True, slots=True)
class StoredInput:
    """A file in the store."""

    digest: str


@dataclass(frozen=True, slots=True)
class OutputOf:
    """What another step makes."""

    step: str
    output: str


Input = FileInput | StoredInput | OutputOf


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One way to make files out of files.

    ``name`` is for people and must be unique in a graph; it is no part of the key.
    ``outputs`` are names, each a single file. ``promises`` gives their digests if they
    are known beforehand, as for a file that is fetched: then what takes the outputs can
    be looked up in the cache without them, and the step runs only for a step that does
    run and only if the store lacks the file.
    """

    name: str
    action: str
    params: Mapping[str, Json] = field(default_factory=dict)
    inputs: Mapping[str, Input] = field(default_factory=dict)
    outputs: tuple[str, ...]
    promises: Mapping[str, str] = field(default_factory=dict)

    def needs(self) -> Iterator[str]:
        """The names of the steps whose outputs this one takes."""
        for source in self.inputs.values():
            if isinstance(source, OutputOf):
                yield source.step


class Graph:
    """Steps by name, every input accounted for and no cycle among them."""

    def __init__(self, steps: Iterable[Step]) -> None:
        self.steps: dict[str, Step] = {}
        for step in steps:
            if self.steps.setdefault(step.name, step) != step:
                raise ValueError(f"two different steps are called {step.name}")
        for step in self.steps.values():
            self._check_inputs(step)
            if step.promises and set(step.promises) != set(step.outputs):
                raise ValueError(f"{step.name} promises some of its outputs, and it must be all or none")
        self.order = self._sorted()

    def _check_inputs(self, step: Step) -> None:
        for name, source in step.inputs.items():
            if not isinstance(source, OutputOf):
                continue
            maker = self.steps.get(source.step)
            if maker is None or source.output not in maker.outputs:
                raise ValueError(f"{step.name}: nothing makes {name} ({source})")

    def on_demand(self, goals: Iterable[OutputOf]) -> set[str]:
        """The steps that run only when one that takes their outputs does.

        They promise what they make. One that makes a goal, or that nothing takes from, is
        in the graph for its own sake and is not among them.
        """
        taken = {maker for step in self.steps.values() for maker in step.needs()}
        taken -= {goal.step for goal in goals}
        return {name for name in taken if self.steps[name].promises}

    def _sorted(self) -> tuple[str, ...]:
        """Names in an order in which each comes after what it needs."""
        missing = {name: set(step.needs()) for name, step in self.steps.items()}
        users: dict[str, list[str]] = {}
        for name, needed in missing.items():
            for maker in needed:
                users.setdefault(maker, []).append(name)
        ready = [name for name, needed in missing.items() if not needed]
        order: list[str] = []
        while ready:
            name = ready.pop()
            order.append(name)
            for user in users.get(name, ()):
                missing[user].discard(name)
                if not missing[user]:
                    ready.append(user)
        if len(order) != len(self.steps):
            stuck = sorted(set(self.steps) - set(order))
            raise ValueError(f"steps wait for each other: {', '.join(stuck)}")
        return tuple(order)
