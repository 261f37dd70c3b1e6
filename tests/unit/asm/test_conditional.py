# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from tests.unit.asm import oracle
from tests.unit.asm.programs import data, problem, problems

BLOCKS = [
    ".if 1\n.byte 1\n.else\n.byte 2\n.endif",
    ".if 0\n.byte 1\n.else\n.byte 2\n.endif",
    ".if 0\n.byte 1\n.endif\n.byte 3",
    ".if 0\n.byte 1\n.elseif 1\n.byte 2\n.elseif 1\n.byte 3\n.else\n.byte 4\n.endif",
    ".if 0\n.byte 1\n.elseif 0\n.byte 2\n.else\n.byte 4\n.endif",
    ".if 1\n.byte 1\n.elseif 1\n.byte 2\n.endif",
    ".if 0\n.if 1\n.byte 1\n.else\n.byte 2\n.endif\n.else\n.byte 3\n.endif",
    ".if 1\n.if 0\n.byte 1\n.else\n.byte 2\n.endif\n.else\n.byte 3\n.endif",
    ".if 0\n.if 1\n.elseif 1\n.byte 1\n.endif\n.elseif 1\n.byte 2\n.endif",
    ".ifdef A\n.byte 1\n.else\n.byte 2\n.endif\n.equ A, 0\n.ifdef A\n.byte 3\n.endif",
    ".ifndef A\n.byte 1\n.endif\nA:\n.ifndef A\n.byte 2\n.endif",
    ".ifdef OUT\n.byte 1\n.endif\n.if OUT == 5 && 1\n.byte 2\n.endif",
    "a: .word 0\n.if . - a > 3\n.byte 1\n.endif",
    ".IF 1\n.byte 1\n.Else\n.byte 2\n.ENDIF",
    "x: .if 1 ; .byte 1 ; .endif",
]


@pytest.mark.parametrize("text", BLOCKS)
def test_conditions_hold_as_in_gnu_as(text: str) -> None:
    assert data(text, symbols={"OUT": 5}) == oracle.link([text], symbols={"OUT": 5}).hex().removesuffix("000000")


def test_what_is_skipped_may_be_anything() -> None:
    skipped = 'x: x: frobnicate "\n.word (\n\\@\n.incbin "x"\n.error "no"\nmov r0, r99\n1: .unknown\n.equ A,\n#define X'
    assert data(f".if 0\n{skipped}\n.endif\n.byte 1") == "01"


def test_what_is_skipped_defines_nothing() -> None:
    assert problems(".if 0\na: .equ B, 1\nC = 2\n1:\n.endif\n.word a, B, C, 1b") == [
        "a.S:6:7: undefined symbol `a`",
        "a.S:6:10: undefined symbol `B`",
        "a.S:6:13: undefined symbol `C`",
        "a.S:6:16: there is no label `1:` before this line",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nop\n .if 1\nnop", "2:2: this condition has no `.endif`"),
        (".else", "1:1: `.else` without `.if`"),
        (" .endif", "1:2: `.endif` without `.if`"),
        (".elseif 1", "1:1: `.elseif` without `.if`"),
        (".if 1\n.else\n.else\n.endif", "3:1: `.else` after `.else` (the `.if` is at line 1)"),
        (".if 1\n.else\n.elseif 1\n.endif", "3:1: `.elseif` after `.else` (the `.if` is at line 1)"),
        (".if 1 2\n.endif", "1:7: expected the end of the statement but found `2`"),
        (".if\n.endif", "1:4: expected a number, a symbol or `(` but found the end of the statement"),
        (".if 1\n.endif 1", "2:8: expected the end of the statement but found `1`"),
        (".if 1\n.else 1\n.endif", "2:7: expected the end of the statement but found `1`"),
        (".ifdef\n.endif", "1:7: expected a symbol but found the end of the statement"),
        (".ifdef 1\n.endif", "1:8: expected a symbol but found `1`"),
        (
            ".if a\n.endif\na:",
            "1:5: undefined symbol `a` (its value is needed here, so it must be defined on an earlier line)",
        ),
        ("a: .if a\n.endif", "1:8: a condition must be a number, and this is an address"),
        (
            ".if 0\n.elseif X\n.endif",
            "2:9: undefined symbol `X` (its value is needed here, so it must be defined on an earlier line)",
        ),
        (".ifeq 1\n", "1:1: the directive `.ifeq` is not taken (use `.if` with a comparison, `.ifdef` or `.ifndef`)"),
    ],
)
def test_bad_conditions_are_refused_at_their_column(text: str, expected: str) -> None:
    assert problem(text) == expected


def test_a_bad_condition_skips_all_its_parts() -> None:
    assert problem('.if X\n.error "a"\n.elseif 1\n.error "b"\n.else\n.error "c"\n.endif')[:4] == "1:5:"


def test_every_block_left_open_is_named() -> None:
    assert problems(".if 1\n.if 0\n.endif\n.if 0\n", ".endif") == [
        "a.S:1:1: this condition has no `.endif`",
        "a.S:4:1: this condition has no `.endif`",
        "b.S:1:1: `.endif` without `.if`",
    ]
