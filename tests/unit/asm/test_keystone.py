# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from fwbuild.asm import keystone
from fwbuild.asm.encoder import Statement
from fwbuild.asm.keystone import KeystoneEncoder, find_keystone
from fwbuild.asm.program import assemble
from fwbuild.model.problem import Exit, FwbuildError
from tests.unit.asm.programs import program

NOP = bytes.fromhex("00f020e3")
CHILD = Path(keystone.__file__).with_name("keystone_child.py")

#: A child like ours, in which certain statements do what keystone may do at any.
FRAIL = """
import os, runpy, signal, sys, time

child = runpy.run_path({child!r})
real = child["encoding"]

def encoding(statement, *rest):
    if statement == "udf #1":
        os.kill(os.getpid(), signal.SIGSEGV)
    if statement == "udf #2" and not os.path.exists({flag!r}):
        open({flag!r}, "w").close()
        os.kill(os.getpid(), signal.SIGKILL)
    if statement == "udf #3":
        time.sleep(100)
    if statement == "udf #4":
        print("=00f020e", end="", flush=True)
        os._exit(0)
    if statement == "udf #5":
        return type("Odd", (), {{"hex": lambda self: "00f0"}})()
    return real(statement, *rest)

child["main"].__globals__["encoding"] = encoding
child["main"]()
"""


def encoder() -> KeystoneEncoder:
    found = find_keystone("armv7-a")
    assert isinstance(found, KeystoneEncoder), found
    return found


@pytest.fixture
def frail(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> KeystoneEncoder:
    script = tmp_path / "frail.py"
    script.write_text(FRAIL.format(child=str(CHILD), flag=str(tmp_path / "flag")))
    monkeypatch.setattr(keystone, "_CHILD", script)
    return encoder()


def statements(*texts: str) -> list[Statement]:
    return [Statement(text=text) for text in texts]


def test_each_statement_has_its_bytes() -> None:
    branch = Statement(text="bne", branch=-8)
    answers = encoder().encode([*statements("nop", "mov r0, #1"), branch])
    assert answers == [NOP, bytes.fromhex("0100a0e3"), bytes.fromhex("fcffff1a")]


def test_nothing_needs_no_process() -> None:
    assert KeystoneEncoder("armv7-a", Path("/nonexistent"), Path("/nonexistent")).encode([]) == []


def test_a_long_program_fits_through_the_pipes() -> None:
    assert encoder().encode(statements(*["add r0, r1, r2, lsl #3"] * 20_000)) == [bytes.fromhex("820181e0")] * 20_000


def test_a_bad_statement_is_refused_and_the_others_are_not() -> None:
    answers = encoder().encode(statements("nop", "frobnicate r0", "nop", "sevl"))
    assert answers[::2] == [NOP, NOP]
    assert [str(answer)[:16] for answer in answers[1::2]] == ["keystone: Invali", "keystone: Missin"]


def test_a_statement_that_crashes_it_is_found(frail: KeystoneEncoder) -> None:
    assert frail.encode(statements("nop", "udf #1", "nop", "udf #1")) == [
        NOP,
        "keystone crashed (signal 11) at this statement",
        NOP,
        "keystone crashed (signal 11) at this statement",
    ]


def test_a_statement_that_crashes_it_once_is_tried_again(frail: KeystoneEncoder) -> None:
    assert frail.encode(statements("nop", "udf #2", "nop")) == [NOP, bytes.fromhex("f200f0e7"), NOP]


def test_a_statement_at_which_it_hangs_is_found(frail: KeystoneEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keystone, "_TIME_LIMIT", 1.5)
    answers = frail.encode(statements("nop", "udf #3", "nop"))
    assert answers[::2] == [NOP, NOP]
    assert answers[1] == "keystone did not answer within 1.51 seconds at this statement"


def test_half_an_answer_is_none(frail: KeystoneEncoder) -> None:
    assert frail.encode(statements("nop", "udf #4", "nop")) == [NOP, "keystone stopped at this statement", NOP]


def test_an_odd_answer_is_none(frail: KeystoneEncoder) -> None:
    assert frail.encode(statements("udf #5", "nop")) == ["keystone's process answered '=00f0'", NOP]


def test_it_is_given_up_in_the_end(frail: KeystoneEncoder) -> None:
    answers = frail.encode(statements(*["udf #1"] * 4, "nop", "nop"))
    assert answers[4:] == ["not tried, because keystone failed at statements before it"] * 2


def test_a_crash_is_reported_with_file_and_line(frail: KeystoneEncoder) -> None:
    with pytest.raises(FwbuildError) as caught:
        assemble(program("nop\n udf 1\nnop"), frail)
    (problem,) = caught.value.problems
    assert str(problem.origin) == "a.S:2:2"
    assert problem.message == "`udf #1` cannot be encoded: keystone crashed (signal 11) at this statement"


@pytest.mark.parametrize(
    ("keystone_path", "capstone_path"),
    [("/nonexistent/k.so", None), (None, "/nonexistent/c.so")],
)
def test_a_library_that_cannot_be_loaded_is_reported(keystone_path: str | None, capstone_path: str | None) -> None:
    paths = encoder().libraries
    broken = KeystoneEncoder(
        "armv7-a", Path(keystone_path or paths["keystone"]), Path(capstone_path or paths["capstone"])
    )
    with pytest.raises(FwbuildError) as caught:
        broken.encode(statements("nop"))
    (problem,) = caught.value.problems
    assert problem.exit == Exit.TOOL_MISSING
    assert "keystone cannot be used" in problem.message
    assert "/nonexistent/" in problem.message


def test_what_kills_keystone_now_and_then_does_not_kill_us() -> None:
    """These are refused before they get here; it dies at about one in 300 of them."""
    texts = [f"push {{r0, r{number % 12 + 1}, sp, pc}}" for number in range(600)]
    answers = encoder().encode(statements(*texts, "nop"))
    assert len(answers) == 601
    assert answers[-1] in (NOP, "not tried, because keystone failed at statements before it")
