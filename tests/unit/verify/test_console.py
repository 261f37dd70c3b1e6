# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Sequence

import pytest

from fwbuild.model.rule import ConsoleRule, NeverRule
from fwbuild.model.verdict import ConsoleEvidence
from fwbuild.verify.console import Watch
from fwbuild.verify.judge import judge_console

EXPECTED = [
    ConsoleRule(id="alive", pattern="Hello", text="it lives"),
    ConsoleRule(id="done", pattern=r"done \d+", text="it is done"),
]
NEVER = [NeverRule(id="panic", pattern="panic", text="it panics")]


def fed(*data: bytes) -> Watch:
    watch = Watch(EXPECTED, NEVER, deadline=1)
    for piece in data:
        watch.feed(piece)
    return watch


def findings(evidence: ConsoleEvidence) -> list[tuple[str, bool, str]]:
    return [(each.rule, each.passed, each.evidence) for each in judge_console(evidence, EXPECTED, NEVER)]


def test_lines_in_order_complete_a_run() -> None:
    watch = fed(b"junk\r\nHel", b"lo world\r\n", b"done 12\r\nmore")
    assert watch.ended == "complete"
    assert findings(watch.evidence()) == [
        ("alive", True, "Hello world"),
        ("done", True, "done 12"),
        ("never", True, "1 patterns watched"),
    ]


def test_one_line_may_satisfy_several_rules() -> None:
    assert fed(b"Hello, done 1\n").ended == "complete"


def test_lines_out_of_order_do_not() -> None:
    assert fed(b"done 1\nHello\n").ended == ""


def test_half_a_line_counts_only_when_it_is_whole() -> None:
    assert fed(b"Hello\ndone 1").ended == ""
    assert fed(b"Hello\ndone 1", b"\n").ended == "complete"


def test_control_sequences_do_not_hide_a_line() -> None:
    assert fed(b"\x1b[1;32mHel\x1b[0mlo\x07\n\x1b[6ndone 3\n").ended == "complete"


def test_what_must_never_come_ends_the_run() -> None:
    watch = fed(b"Hello\nKernel panic - not syncing\ndone 1\n")
    assert watch.ended == "never"
    assert findings(watch.evidence()) == [
        ("alive", True, "Hello"),
        (
            "done",
            False,
            r"no line with `done \d+`: the run was ended by a line that must never come; last line: done 1",
        ),
        ("panic", False, "Kernel panic - not syncing"),
    ]


def watched(command: Sequence[str], *, deadline: float = 20, silence: float = 20) -> Watch:
    watch = Watch(EXPECTED, NEVER, deadline=deadline, silence=silence)
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        watch.read_from(process.stdout)
        process.kill()
    return watch


@pytest.mark.parametrize(
    ("script", "ended", "evidence"),
    [
        ("echo Hello; echo done 1; sleep 60", "complete", ""),
        ("echo Hello; printf 'done 1'", "complete", ""),
        ("echo Hello", "exited", "the emulator ended by itself (exit status 1); last line: Hello"),
        ("echo Hello; sleep 60", "silent", "the console was silent for too long (1 s in all); last line: Hello"),
        ("sleep 60", "silent", "the console was silent for too long (0 s in all); it printed nothing at all"),
        ("while echo tick; do sleep 0.1; done", "deadline", "the deadline came after 1 s; last line: tick"),
    ],
)
def test_how_a_run_ends(script: str, ended: str, evidence: str) -> None:
    watch = watched(["sh", "-c", script], deadline=1.2, silence=0.4)
    assert watch.ended == ended
    if evidence:
        assert findings(watch.evidence("exit status 1"))[1][2].partition(": ")[2].replace("(0 s", "(1 s") == (
            evidence.replace("(0 s", "(1 s")
        )


def test_the_transcript_keeps_every_byte_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    assert fed(b"\x00\xffHello\r\n").evidence().transcript == b"\x00\xffHello\r\n"
    monkeypatch.setattr("fwbuild.verify.console._TRANSCRIPT_LIMIT", 10)
    watch = fed(b"x" * 8, b"y" * 8, b"\nHello\ndone 1\n")
    assert watch.evidence().transcript == b"xxxxxxxxyy"
    assert watch.ended == "complete", "lines beyond the limit still count"


def test_reading_starts_before_everything_is_there() -> None:
    read, write = os.pipe()
    watch = Watch(EXPECTED, NEVER, deadline=20)
    with os.fdopen(read, "rb") as stream:
        thread = threading.Thread(target=watch.read_from, args=(stream,))
        thread.start()
        os.write(write, b"Hello\n")
        os.write(write, b"done 1\n")
        thread.join(10)
        assert watch.ended == "complete"
        os.close(write)
