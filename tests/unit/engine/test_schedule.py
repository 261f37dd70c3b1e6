# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import errno
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from fwbuild.engine.action import Action, Context
from fwbuild.engine.events import Event, StepEnded
from fwbuild.engine.graph import FileInput, Graph, OutputOf, Step
from fwbuild.engine.schedule import Results, Scheduler
from fwbuild.engine.store import Store
from fwbuild.model.problem import FwbuildError, fail


@dataclass
class Join:
    """Joins its inputs; counts its runs."""

    name: str = "join"
    version: int = 1
    keep: bool = True
    fingerprint: Mapping[str, str] = field(default_factory=dict)
    runs: list[str] = field(default_factory=list)
    before: Callable[[Context], None] = lambda context: None

    def tools(self, params: Mapping[str, Any]) -> Mapping[str, str]:
        return self.fingerprint

    def run(self, context: Context) -> None:
        self.runs.append(context.step)
        self.before(context)
        context.keep = self.keep
        data = b"".join(context.inputs[name].read_bytes() for name in sorted(context.inputs))
        context.outputs["out"].write_bytes(data + str(context.params.get("tail", "")).encode())


class Build:
    """A store, an action and what the engine told."""

    def __init__(self, folder: Path) -> None:
        self.store = Store(folder / "store")
        self.join = Join()
        self.events: list[Event] = []

    def __call__(self, *steps: Step, jobs: int = 2) -> Results:
        actions: dict[str, Action] = {"join": self.join}
        return Scheduler(self.store, actions, jobs, self.events.append).run(Graph(steps))

    def text(self, results: Results, step: str) -> bytes:
        return self.store.path(results.outputs[step]["out"]).read_bytes()


@pytest.fixture
def build(tmp_path: Path) -> Build:
    return Build(tmp_path)


def step(name: str, *inputs: str | Path, tail: str = "") -> Step:
    sources = {
        f"i{index}": FileInput(str(each)) if isinstance(each, Path) else OutputOf(each, "out")
        for index, each in enumerate(inputs)
    }
    return Step(name=name, action="join", inputs=sources, outputs=("out",), params={"tail": tail})


def test_steps_run_once_and_in_order(build: Build, tmp_path: Path) -> None:
    source = tmp_path / "a.txt"
    source.write_text("a")
    steps = (step("c", "b", tail="c"), step("b", source, tail="b"))
    assert build.text(build(*steps), "c") == b"abc"
    assert build.join.runs == ["b", "c"]
    assert build.text(build(*steps), "c") == b"abc"
    assert build.join.runs == ["b", "c"], "nothing changed, so nothing runs"
    how = [event.how for event in build.events if isinstance(event, StepEnded)]
    assert how == ["ran", "ran", "cached", "cached"]


def test_a_change_that_changes_no_output_stops_there(build: Build, tmp_path: Path) -> None:
    source = tmp_path / "a.txt"
    source.write_text("a")
    build(step("b", source, tail="b"), step("c", "b", tail="c"))
    build.join.runs.clear()
    # Another way to the same bytes: `b` runs, `c` finds its input as it was.
    source.write_text("ab")
    build(step("b", source), step("c", "b", tail="c"))
    assert build.join.runs == ["b"]


@pytest.mark.parametrize("what", ["version", "fingerprint", "params", "input"])
def test_everything_that_matters_is_in_the_key(build: Build, tmp_path: Path, what: str) -> None:
    source = tmp_path / "a.txt"
    source.write_text("a")
    tail = "b"
    build(step("b", source, tail=tail))
    match what:
        case "version":
            build.join.version = 2
        case "fingerprint":
            build.join.fingerprint = {"tool": "2"}
        case "params":
            tail = "c"
        case "input":
            source.write_text("changed")
    build(step("b", source, tail=tail))
    assert build.join.runs == ["b", "b"]


def test_names_and_paths_are_not_in_the_key(build: Build, tmp_path: Path) -> None:
    for name in ("one", "two"):
        source = tmp_path / name
        source.write_text("same")
        build(step(name, source))
    assert build.join.runs == ["one"]


def test_what_is_not_kept_runs_again(build: Build) -> None:
    build.join.keep = False
    build(step("verdict"))
    build(step("verdict"))
    assert build.join.runs == ["verdict", "verdict"]


def test_a_failure_stops_only_what_needs_it(build: Build) -> None:
    def fails(context: Context) -> None:
        if context.step == "bad":
            raise fail("bad-payload", "no good")

    build.join.before = fails
    results = build(step("bad"), step("needs", "bad"), step("good", tail="g"))
    assert [problem.message for problem in results.problems] == ["no good"]
    assert set(results.outputs) == {"good"}
    assert not list((build.store.folder / "work").iterdir()), "nothing is left of the step that failed"


def test_what_the_system_refuses_is_said(build: Build) -> None:
    def refused(context: Context) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", "/some/file")

    build.join.before = refused
    (problem,) = build(step("bad")).problems
    assert problem.code == "step-failed"
    assert problem.message == "step bad: [Errno 13] Permission denied: '/some/file'"


def test_a_full_disk_loses_nothing(build: Build) -> None:
    def full(context: Context) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    build.join.before = full
    (problem,) = build(step("b")).problems
    assert problem.code == "no-space"
    assert problem.message == f"no space left for {build.store.folder}"
    build.join.before = lambda context: None
    assert build.text(build(step("b", tail="x")), "b") == b"x"


def test_steps_run_side_by_side(build: Build) -> None:
    meeting = threading.Barrier(2, timeout=10)
    build.join.before = lambda context: void(meeting.wait())
    build(step("one", tail="1"), step("two", tail="2"), jobs=2)


def test_a_build_that_is_given_up_ends_steps_at_their_next_word(build: Build) -> None:
    talking = threading.Event()
    ended: list[str] = []

    def before(context: Context) -> None:
        if context.step == "interrupted":
            assert talking.wait(10)
            raise KeyboardInterrupt
        for _ in range(1000):
            try:
                context.say("still here")
            except FwbuildError as error:
                ended.extend(problem.code for problem in error.problems)
                raise
            talking.set()
            time.sleep(0.01)

    build.join.before = before
    with pytest.raises(KeyboardInterrupt):
        build(step("interrupted"), step("talks"))
    assert ended == ["interrupted"]


def test_a_scheduler_can_be_used_again_after_it_was_given_up(build: Build) -> None:
    scheduler = Scheduler(build.store, {"join": build.join}, 2, build.events.append)

    def interrupt(context: Context) -> None:
        raise KeyboardInterrupt

    build.join.before = interrupt
    with pytest.raises(KeyboardInterrupt):
        scheduler.run(Graph([step("a")]))
    build.join.before = lambda context: context.say("again")
    assert scheduler.run(Graph([step("a")])).problems == []


def void(value: object) -> None:
    """Throws a value away: a callback returns nothing."""


def test_a_missing_file_is_named(build: Build, tmp_path: Path) -> None:
    results = build(step("b", tmp_path / "gone"))
    (problem,) = results.problems
    assert problem.code == "unreadable-file"
    assert str(tmp_path / "gone") in problem.message


def test_an_output_that_was_not_made_is_a_bug(build: Build) -> None:
    wrong = Step(name="b", action="join", outputs=("out", "other"))
    (problem,) = build(wrong).problems
    assert (problem.code, problem.message) == ("bug", "step b did not make its output `other`")


def test_an_unknown_action_is_a_bug(build: Build) -> None:
    (problem,) = build(Step(name="b", action="mix", outputs=("out",))).problems
    assert problem.message == "step b: there is no action `mix`"


def test_graph_refuses_what_cannot_be_run() -> None:
    with pytest.raises(ValueError, match="wait for each other: a, b"):
        Graph([step("a", "b"), step("b", "a")])
    with pytest.raises(ValueError, match="nothing makes"):
        Graph([step("a", "nobody")])
    with pytest.raises(ValueError, match="two different steps are called a"):
        Graph([step("a"), step("a", tail="x")])
