# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from tests.unit.asm.programs import assembled, normal, problem, problems, words


def test_labels_have_absolute_addresses() -> None:
    found = assembled("a: nop\n.Lb: c: .word 0\nd:", "e: nop", symbols={"OUTSIDE": 4})
    assert found.symbols == {"a": 0x8000, ".Lb": 0x8004, "c": 0x8004, "d": 0x8008, "e": 0x8008}


def test_constants_are_no_symbols_of_the_result() -> None:
    assert assembled(".equ A, 1\nB = .\n.set C, 3\na:").symbols == {"a": 0x8000}


@pytest.mark.parametrize(
    "text",
    [
        ".equ A, 5\n.word A",
        ".set A, 5\n.word A",
        "A = 5\n.word A",
        ".word A\n.equ A, 5",
        ".equ A, B + 1\n.equ B, 4\n.word A",
        ".equ A, 5\n.equ A, 2 + 3\n.word A",
        ".equ OUT, 5\n.word OUT",
        ".word OUT\nOUT = 5",
        ".equ A, 3f - 2f\n2: .word A\n.byte 0\n3:",
    ],
)
def test_a_constant_has_one_value_wherever_it_is_used(text: str) -> None:
    assert words(text, symbols={"OUT": 5})[0] == 5


def test_a_constant_keeps_the_place_where_it_is_defined() -> None:
    assert words("nop\n.equ A, . + 1\nnop\n1: .equ B, 1b\n1: .word A, B, . - A") == [0, 0, 0x8005, 0x8008, 11]


def test_many_constants_by_one_another_take_no_time() -> None:
    """Each is evaluated once, or this would take 2**40 steps."""
    chain = "\n".join(f".equ A{number}, A{number + 1} + A{number + 1}" for number in range(40))
    assert words(f"{chain}\n.equ A40, 0\n.word A0") == [0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (".equ A, A + 1", "1:9: `A` is defined by itself, or by too many others"),
        ("a: nop\na: nop", "2:1: `a` is defined already at a.S:1"),
        (".equ a, 1\na: nop", "2:1: `a` is defined already, as a constant at a.S:1"),
        ("a: nop\n  .equ a, 1", "2:8: `a` is defined already at a.S:1"),
        ("OUT: nop", "1:1: `OUT` is defined already, outside of the sources"),
        (
            ".equ A, 1\n.set A, 2",
            "2:6: `A` is defined already at a.S:1, as 1 (a constant has one value in the whole program)",
        ),
        (
            ".equ OUT, 6",
            "1:6: `OUT` is defined already, outside of the sources, as 5 (a constant has one value in the whole",
        ),
        ("r5: nop", "1:1: `r5` is the name of a register"),
        ("SP: nop", "1:1: `SP` is the name of a register"),
        (".equ lr, 1", "1:6: `lr` is the name of a register"),
        (".: nop", "1:1: `.` is not a name"),
        (". = 5", "1:1: `.` is not a name"),
        (".equ 5, 1", "1:6: expected a symbol but found `5`"),
        (".equ A", "1:7: expected `,` but found the end of the statement"),
        (".equ A, 1, 2", "1:10: expected the end of the statement but found `,`"),
        (".equ A == 1", "1:8: expected `,` but found `==`"),
        ("0x10: nop", "1:1: a numeric label is a decimal number, not `0x10`"),
    ],
)
def test_a_name_means_one_thing(text: str, expected: str) -> None:
    assert problem(text, symbols={"OUT": 5})[: len(expected)] == expected


def test_a_circle_is_found_wherever_it_is_entered() -> None:
    found = problems(".equ A, B\n.equ B, A\n.word A, B")
    assert found == [
        "a.S:1:9: `B` is defined by itself, or by too many others",
        "a.S:2:9: `A` is defined by itself, or by too many others",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (".word entri", "1:7: undefined symbol `entri` (did you mean `entry`?)"),
        (".word zzz", "1:7: undefined symbol `zzz`"),
        (".word 1 + (CONSOL)", "1:12: undefined symbol `CONSOL` (did you mean `CONSOLE`?)"),
        ("mov r0, #UNDEF", "1:10: undefined symbol `UNDEF`"),
        ("ldr r0, =UNDEF", "1:10: undefined symbol `UNDEF`"),
        ("ldr r0, [r1, #UNDEF]", "1:15: undefined symbol `UNDEF`"),
        ("bl UNDEF + 4", "1:4: undefined symbol `UNDEF`"),
        ("b entry_", "1:3: undefined symbol `entry_` (did you mean `entry`?)"),
        (".equ UNUSED, UNDEF", "1:14: undefined symbol `UNDEF`"),
        (".global entrie", "1:9: undefined symbol `entrie` (did you mean `entry`?)"),
        (".word 1b", "1:7: there is no label `1:` before this line"),
        ("1: .word 1f", "1:10: there is no label `1:` after this line"),
        ("1: nop\n.word 2b", "2:7: there is no label `2:` before this line"),
    ],
)
def test_an_undefined_symbol_is_named_at_its_column(text: str, expected: str) -> None:
    assert problem(f"{text}\nentry:", symbols={"CONSOLE": 1}) == expected


def test_every_undefined_symbol_is_named() -> None:
    assert problems(".word A, B\nnop", "mov r0, #C") == [
        "a.S:1:7: undefined symbol `A`",
        "a.S:1:10: undefined symbol `B`",
        "b.S:1:10: undefined symbol `C`",
    ]


def test_numeric_labels_are_the_nearest_ones() -> None:
    text = "1: nop\n1: b 1b\nb 1f\n2: b 2b\n1: b 1b\nb 2f\n22: b 22b\n2: 1: b 1b\n01: b 1b"
    assert normal(text) == ["nop", "b +0", "b +8", "b +0", "b +0", "b +8", "b +0", "b +0", "b -4"]


def test_global_names_may_come_later_or_from_outside() -> None:
    assert words(".global a, B, OUT\n.globl a\na: .equ B, 1\n.word 1", symbols={"OUT": 1}) == [1]
