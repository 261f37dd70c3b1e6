# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import pytest

from fwbuild.asm.encoder import Statement
from fwbuild.asm.program import assemble
from fwbuild.model.problem import Exit, FwbuildError
from tests.unit.asm.programs import Recorder, problems, program


class Refuser:
    """An encoder with an answer of its own for each mnemonic."""

    def encode(self, statements: Sequence[Statement]) -> Sequence[bytes | str]:
        answers: dict[str, bytes | str] = {"wfi": "it does not like this", "wfe": b"\0\0"}
        return [answers.get(statement.text, bytes(4)) for statement in statements]

    def fingerprint(self) -> Mapping[str, str]:
        return {}


def test_tables_come_first_in_their_order() -> None:
    found = assemble(
        program("a: .word cpus, modes\n", tables={"modes": (1, 0xFFFFFFFF), "empty": (), "cpus": (2,)}), Recorder()
    )
    assert found.code.hex() == "01000000ffffffff02000000" + "08800000" + "00800000"
    assert found.symbols == {"modes": 0x8000, "empty": 0x8008, "cpus": 0x8008, "a": 0x800C}
    assert found.lines == ((0x800C, "a.S", 1), (0x8010, "a.S", 1))


def test_tables_can_come_last_at_a_multiple_of_four() -> None:
    last = dataclasses.replace(program("a: .word cpus\n.byte 7\n", tables={"cpus": (2,)}), tables_last=True)
    found = assemble(last, Recorder())
    assert found.code.hex() == "08800000" + "07000000" + "02000000"
    assert found.symbols == {"a": 0x8000, "cpus": 0x8008}


def test_sources_are_one_unit() -> None:
    found = assemble(program("b: .word c\n1: .equ A, 5", "c: .word b, A, 1b", ""), Recorder())
    assert found.code.hex() == "04800000" + "00800000" + "05000000" + "04800000"
    assert found.lines[-1] == (0x800C, "b.S", 1)


def test_an_empty_program_is_empty() -> None:
    found = assemble(program(), Recorder())
    assert (found.code, found.symbols, found.lines) == (b"", {}, ())


def test_all_problems_are_found_at_once_in_the_order_of_the_sources() -> None:
    found = problems(
        "mov r0, #UNDEF\n.word 1 +\nbad:\n.if X\n.endif\n ldr r0, [r1, #5000]",
        "frob\nbad: .word 1 << 40\n.equ LATE, UNDEF\nmul pc, r0, r1\n.unknown\n.if 1",
    )
    assert [line.partition(": ")[0] for line in found] == [
        "a.S:1:10",
        "a.S:2:10",
        "a.S:4:5",
        "a.S:6:16",
        "b.S:1:1",
        "b.S:2:1",
        "b.S:2:12",
        "b.S:3:12",
        "b.S:4:5",
        "b.S:5:1",
        "b.S:6:1",
    ]


def test_a_problem_that_is_met_twice_is_said_once() -> None:
    assert problems(".equ A, UNDEF\n.word A, A\nmov r0, #A") == ["a.S:1:9: undefined symbol `UNDEF`"]


def test_what_an_encoder_refuses_is_said_with_its_place() -> None:
    with pytest.raises(FwbuildError) as caught:
        assemble(program("nop\n wfi\n", "x: wfe ; mov r0, #UNDEF"), Refuser())
    assert [f"{problem.origin}: {problem.message}" for problem in caught.value.problems] == [
        "a.S:2:2: `wfi` cannot be encoded: it does not like this",
        "b.S:1:4: `wfe` cannot be encoded: it became 2 bytes",
        "b.S:1:19: undefined symbol `UNDEF`",
    ]
    assert caught.value.exit == Exit.BAD_INPUT


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"symbols": {"A": -1}}, "the symbol `A` is -1, which is no u32"),
        ({"symbols": {"A": 1 << 32}}, "the symbol `A` is 4294967296 (0x100000000), which is no u32"),
        ({"symbols": {"r0": 1}}, "a symbol from outside: `r0` is the name of a register"),
        ({"symbols": {"a b": 1}}, "a symbol from outside: `a b` is not a name"),
        ({"symbols": {".": 1}}, "a symbol from outside: `.` is not a name"),
        ({"tables": {"t": (0, -5)}}, "a word of the table `t` is -5, which is no u32"),
        ({"tables": {"lr": (0,)}}, "`lr` is the name of a register"),
        ({"tables": {"t": (0,)}, "symbols": {"t": 1}}, "`t` is both a table and a symbol from outside"),
        ({"address": 0x8002}, "the address of the program, 0x8002, is not a multiple of 4"),
        ({"address": -4}, "the address of the program is -4, which is no u32"),
        ({"architecture": "armv9"}, "unknown architecture `armv9`"),
        ({"cpu": "z80"}, "unknown cpu `z80` for armv7-a"),
    ],
)
def test_what_comes_from_outside_is_checked(change: dict[str, object], expected: str) -> None:
    with pytest.raises(FwbuildError) as caught:
        assemble(dataclasses.replace(program("nop"), **change), Recorder())  # type: ignore[arg-type]
    assert [problem.message for problem in caught.value.problems] == [expected]


def test_a_label_of_a_source_cannot_be_a_tables() -> None:
    with pytest.raises(FwbuildError, match="`t` is defined already"):
        assemble(program("t: nop", tables={"t": (0,)}), Recorder())


def test_a_statement_can_hold_nothing_but_one_instruction() -> None:
    for text in ("nop\nnop", "nop; nop", "nop @ x", ".word 0", "x: nop", "NOP", "nop // x", 'nop "x"', ""):
        with pytest.raises(ValueError, match="not in normal form"):
            Statement(text=text)
