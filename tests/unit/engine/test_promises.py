# SPDX-License-Identifier: Apache-2.0
"""Steps whose outputs' digests are known before they run."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from fwbuild.engine.action import Context
from fwbuild.engine.events import Event, StepEnded
from fwbuild.engine.graph import Graph, Json, OutputOf, Step
from fwbuild.engine.key import digest_of
from fwbuild.engine.schedule import Results, Scheduler
from fwbuild.engine.store import Store
from fwbuild.model.problem import fail


@dataclass
class Write:
    """Writes its parameter ``text``, or fails when that is empty."""

    runs: list[str] = field(default_factory=list)
    name: str = "write"
    version: int = 1

    def tools(self, params: Mapping[str, Json]) -> Mapping[str, str]:
        return {}

    def run(self, context: Context) -> None:
        self.runs.append(context.step)
        if not context.params["text"]:
            raise fail("fetch-failed", "no text")
        context.outputs["file"].write_text(context.params["text"])


@dataclass
class Join:
    """Writes its inputs one after the other."""

    name: str = "join"
    version: int = 1

    def tools(self, params: Mapping[str, Json]) -> Mapping[str, str]:
        return {}

    def run(self, context: Context) -> None:
        texts = [context.inputs[name].read_text() for name in sorted(context.inputs)]
        context.outputs["file"].write_text("".join(texts) + context.params["end"])


def fetch(name: str, text: str, promised: str = "") -> Step:
    promises = {"file": digest_of((promised or text).encode())}
    return Step(name=name, action="write", params={"text": text}, outputs=("file",), promises=promises)


def join(name: str, *makers: str, end: str = ".") -> Step:
    inputs = {f"{index}": OutputOf(maker, "file") for index, maker in enumerate(makers)}
    return Step(name=name, action="join", params={"end": end}, inputs=inputs, outputs=("file",))


@dataclass
class Bench:
    folder: Path
    write: Write = field(default_factory=Write)
    events: list[Event] = field(default_factory=list)

    @property
    def store(self) -> Store:
        return Store(self.folder)

    def run(self, *steps: Step, goals: tuple[OutputOf, ...] = (), jobs: int = 2) -> Results:
        self.write.runs.clear()
        self.events.clear()
        scheduler = Scheduler(self.store, {"write": self.write, "join": Join()}, jobs, self.events.append)
        return scheduler.run(Graph(steps), goals)

    def text(self, results: Results, step: str) -> str:
        return self.store.path(results.digest(OutputOf(step, "file"))).read_text()

    def ended(self) -> dict[str, str]:
        return {event.step: event.how for event in self.events if isinstance(event, StepEnded)}


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "store")


def test_a_promised_file_is_made_for_a_step_that_runs(bench: Bench) -> None:
    results = bench.run(fetch("f", "abc"), join("j", "f"))
    assert results.problems == []
    assert bench.text(results, "j") == "abc."
    assert bench.ended() == {"f": "ran", "j": "ran"}
    assert results.ran == 2


def test_it_is_not_made_for_a_step_that_was_done_before(bench: Bench) -> None:
    bench.run(fetch("f", "abc"), join("j", "f"))
    bench.store.path(digest_of(b"abc")).unlink()
    results = bench.run(fetch("f", "abc"), join("j", "f"))
    assert bench.text(results, "j") == "abc."
    assert bench.ended() == {"j": "cached"}
    assert not bench.store.has(digest_of(b"abc"))
    assert results.digest(OutputOf("f", "file")) == digest_of(b"abc")


def test_it_is_not_made_when_the_store_has_it(bench: Bench) -> None:
    bench.store.add_bytes(b"abc")
    results = bench.run(fetch("f", "abc"), join("j", "f"))
    assert bench.text(results, "j") == "abc."
    assert bench.ended() == {"j": "ran"}


def test_it_is_made_again_when_it_is_gone_and_needed(bench: Bench) -> None:
    bench.run(fetch("f", "abc"), join("j", "f"))
    bench.store.path(digest_of(b"abc")).unlink()
    results = bench.run(fetch("f", "abc"), join("j", "f", end="!"))
    assert bench.text(results, "j") == "abc!"
    assert bench.ended() == {"f": "ran", "j": "ran"}


def test_it_is_made_for_its_own_sake_when_nothing_takes_it(bench: Bench) -> None:
    results = bench.run(fetch("f", "abc"))
    assert bench.text(results, "f") == "abc"


def test_it_is_made_when_it_is_a_goal(bench: Bench) -> None:
    bench.run(fetch("f", "abc"), join("j", "f"))
    bench.store.path(digest_of(b"abc")).unlink()
    results = bench.run(fetch("f", "abc"), join("j", "f"), goals=(OutputOf("f", "file"),))
    assert bench.text(results, "f") == "abc"
    assert bench.ended() == {"f": "ran", "j": "cached"}


@pytest.mark.parametrize("jobs", [1, 2, 8])
def test_it_is_made_once_for_many_steps(bench: Bench, jobs: int) -> None:
    takers = [join(f"j{index}", "f", "g", end=str(index)) for index in range(20)]
    results = bench.run(fetch("f", "abc"), fetch("g", "def"), *takers, jobs=jobs)
    assert results.problems == []
    assert sorted(bench.write.runs) == ["f", "g"]
    assert [bench.text(results, f"j{index}") for index in range(20)] == [f"abcdef{index}" for index in range(20)]


def test_a_step_that_asks_when_the_file_has_just_been_made(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """One step looks for the file before it is there and says so after: it is not made again."""
    looked, made = threading.Event(), threading.Event()
    has, run = Store.has, Write.run
    looks = itertools.count(1)

    def second_look_is_slow(store: Store, digest: str) -> bool:
        found = has(store, digest)
        if digest == digest_of(b"abc") and next(looks) == 2:
            looked.set()
            made.wait(10)
        return found

    def run_after_second_look(action: Write, context: Context) -> None:
        assert looked.wait(10)
        run(action, context)
        threading.Timer(0.2, made.set).start()

    monkeypatch.setattr(Store, "has", second_look_is_slow)
    monkeypatch.setattr(Write, "run", run_after_second_look)
    results = bench.run(fetch("f", "abc"), join("a", "f"), join("b", "f", end="!"), jobs=3)
    assert results.problems == []
    assert (bench.text(results, "a"), bench.text(results, "b")) == ("abc.", "abc!")
    assert bench.write.runs == ["f"]


def test_a_file_that_cannot_be_found_though_it_was_made(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not made again and again: the step that takes it goes on and says what it misses."""
    has, looks = Store.has, itertools.count()

    def never(store: Store, digest: str) -> bool:
        assert next(looks) < 50
        return digest != digest_of(b"abc") and has(store, digest)

    monkeypatch.setattr(Store, "has", never)
    results = bench.run(fetch("f", "abc"), join("j", "f"))
    assert results.problems == []
    assert bench.write.runs == ["f"]


def test_promises_may_stand_on_promises(bench: Bench) -> None:
    middle = Step(
        name="m",
        action="join",
        params={"end": "+"},
        inputs={"0": OutputOf("f", "file")},
        outputs=("file",),
        promises={"file": digest_of(b"abc+")},
    )
    results = bench.run(fetch("f", "abc"), middle, join("j", "m"))
    assert bench.text(results, "j") == "abc+."
    bench.store.path(digest_of(b"abc")).unlink()
    bench.store.path(digest_of(b"abc+")).unlink()
    bench.run(fetch("f", "abc"), middle, join("j", "m"))
    assert bench.ended() == {"j": "cached"}


def test_what_fails_leaves_out_only_those_that_have_to_run(bench: Bench) -> None:
    bench.run(fetch("f", "abc"), join("j", "f"))
    bench.store.path(digest_of(b"abc")).unlink()
    broken = fetch("f", "", promised="abc")
    results = bench.run(broken, join("j", "f"), join("k", "f", end="!"), join("l", "k"), join("m", "f", end="?"))
    assert [problem.message for problem in results.problems] == ["no text"]
    assert "j" in results.outputs
    assert not {"k", "l", "m"} & results.outputs.keys()


def test_a_broken_promise_is_an_error(bench: Bench) -> None:
    results = bench.run(fetch("f", "abc", promised="abd"), join("j", "f"))
    (problem,) = results.problems
    assert problem.code == "wrong-digest"
    assert problem.message == f"f: SHA-256 is {digest_of(b'abc')} instead of {digest_of(b'abd')}"
    assert "j" not in results.outputs


def test_a_promise_is_for_all_outputs_or_for_none() -> None:
    step = Step(name="s", action="write", outputs=("a", "b"), promises={"a": digest_of(b"")})
    with pytest.raises(ValueError, match="s promises some of its outputs, and it must be all or none"):
        Graph([step])
