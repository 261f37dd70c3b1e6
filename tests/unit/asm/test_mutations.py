# SPDX-License-Identifier: Apache-2.0
"""Damaged sources: whatever is written, there is a program or an error, and soon."""

from __future__ import annotations

import dataclasses
import random
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from hypothesis import given, settings
from hypothesis import strategies as st

from fwbuild.asm.encoder import Encoder
from fwbuild.asm.find import find_encoder
from fwbuild.asm.program import Program, SourceText, assemble
from fwbuild.model.problem import FwbuildError
from tests.unit.asm import oracle
from tests.unit.asm.programs import Recorder, boot_program, program

#: What has crashed or hung an assembler before, and what has a meaning anywhere.
NASTY = [
    *(
        '"',
        "'",
        "/*",
        "*/",
        "//",
        "@",
        "#",
        "\\@",
        "\\",
        "~",
        "!",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "^",
        "=",
        ":",
        ";",
        ",",
        "-",
    ),
    *("\0", "\r", "\f", "\N{NO-BREAK SPACE}", "é", "1b", "2f", "9f", "0b", "0x", "08", "1e9", "'a", ".", "..", "$"),
    *("0xffffffff", "0x100000000", "-1", "99999999999999999999999", "1 << 63", "1 / 0", "-0", "<<", "&&", "==", "<>"),
    *(
        ".if 1",
        ".if",
        ".else",
        ".endif",
        ".ifdef X",
        ".align -1",
        ".space 0x7fffffff",
        ".section x",
        ".word",
        ".byte 1",
    ),
    *(
        '.incbin "x"',
        ".macro m",
        ".rept 1000000000",
        ".ltorg",
        ".equ A, A",
        "r0",
        "sp",
        "pc",
        "{r0-r3}",
        "lsl #3",
        "rrx",
    ),
    *("#:lower16:entry", "=entry", "entry", "choose + 4", "mov", "ldr r0, =0x12345678", "b .", "x: y: z:", "1: 1: 1:"),
]
SECONDS = 10


@contextmanager
def soon() -> Iterator[None]:
    """Fails when what is inside takes too long."""

    def ring(number: int, frame: FrameType | None) -> None:
        raise AssertionError(f"it still ran after {SECONDS} seconds")

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def is_taken(made: Program, encoder: Encoder) -> bool:
    """Whether a program can be assembled. If not, it is the sources' fault."""
    try:
        with soon():
            assemble(made, encoder)
    except FwbuildError as error:
        if {problem.code for problem in error.problems} != {"assembly"}:
            raise
        return False
    return True


def mutated(text: str, chance: random.Random) -> str:
    """The text with one to three changes."""
    for _ in range(chance.randrange(1, 4)):
        lines = text.split("\n")
        at = chance.randrange(len(lines))
        start = chance.randrange(len(text))
        end = min(len(text), start + chance.randrange(1, 12))
        match chance.randrange(7):
            case 0:
                text = text[:start] + text[end:]
            case 1:
                text = text[:start] + chance.choice(NASTY) + text[start:]
            case 2:
                text = text[:start] + chance.choice(NASTY) + text[end:]
            case 3:
                text = "\n".join([*lines[:at], chance.choice(NASTY), *lines[at:]])
            case 4:
                text = "\n".join([*lines[:at], *lines[at + 1 :]])
            case 5:
                text = "\n".join([*lines[:at], lines[at], *lines[at:]])
            case _:
                words = lines[at].split(" ")
                chance.shuffle(words)
                text = "\n".join([*lines[:at], " ".join(words), *lines[at + 1 :]])
    return text


def mutants(count: int) -> Iterator[Program]:
    chance = random.Random(1138)
    whole = boot_program()
    for _ in range(count):
        sources = list(whole.sources)
        at = chance.randrange(len(sources))
        sources[at] = SourceText(path=sources[at].path, text=mutated(sources[at].text, chance))
        yield dataclasses.replace(whole, sources=tuple(sources))


def test_a_damaged_boot_program_is_a_program_or_an_error() -> None:
    recorder = Recorder()
    assert 50 < sum(is_taken(mutant, recorder) for mutant in mutants(300)) < 250
    # What the front end lets through, both encoders can do, and in the same way.
    distinct = list(dict.fromkeys(recorder.statements))
    assert len(distinct) > 300
    with soon():
        keystone = find_encoder("keystone", "armv7-a").encode(distinct)
    assert keystone == find_encoder("gnu", "armv7-a").encode(distinct)
    assert all(isinstance(answer, bytes) for answer in keystone)


def test_a_damaged_boot_program_that_is_taken_is_that_of_gnu_as() -> None:
    encoder = find_encoder("gnu", "armv7-a")
    taken = [mutant for mutant in mutants(150) if is_taken(mutant, Recorder())]
    assert len(taken) > 25
    for mutant in taken:
        ours, theirs = assemble(mutant, encoder).code, oracle.image(mutant)
        assert ours == theirs[: len(ours)]
        assert len(theirs) - len(ours) < 4


PIECES = [
    *NASTY,
    *(
        "\n",
        "\n",
        "\n",
        " ",
        " ",
        "\t",
        "nop",
        "ldr r0, ",
        "mov r1, ",
        ".word ",
        ".equ ",
        "a: ",
        "a",
        "b a",
        "push ",
        "#",
    ),
    *(".if ", ".ascii ", '"text"', "0", "1", "4", "[r1", ", ", "]", "!", ".balign ", ".space ", "adr r0, ", "+ ", "- "),
]


@settings(max_examples=500, deadline=None, derandomize=True, database=None)
@given(st.lists(st.sampled_from(PIECES), max_size=30))
def test_any_text_is_a_program_or_an_error(pieces: list[str]) -> None:
    is_taken(program("".join(pieces)), Recorder())


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(st.text(max_size=60))
def test_any_characters_are_a_program_or_an_error(text: str) -> None:
    is_taken(program(text), Recorder())
