# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from fwbuild.asm.tokens import statements
from tests.unit.asm.programs import data, normal, problem


def rows(text: str) -> list[tuple[int, list[tuple[str, int]]]]:
    """Each statement as its line and its tokens with their columns."""
    found = []
    for cursor in statements("a.S", text):
        row = []
        while cursor.peek().kind != "end":
            token = cursor.take()
            row.append((token.text, token.column))
        found.append((cursor.place.line, row))
    return found


def test_a_token_knows_its_column() -> None:
    assert rows("\tmov\tr0, #1 << 2") == [
        (1, [("mov", 2), ("r0", 6), (",", 8), ("#", 10), ("1", 11), ("<<", 13), ("2", 16)])
    ]


@pytest.mark.parametrize(
    "text",
    [
        "nop // said\nwfi",
        "nop @ said\nwfi",
        "nop /* said */\nwfi",
        "nop /* said\n * and more */ wfi",
        "  # said\nnop\nwfi",
        "nop\r\nwfi\r\n",
        "nop ; wfi",
        "nop; ; wfi;",
        "\n\nnop /* // */ ; wfi",
        "nop // /* \n wfi // */",
        "nop // it's\nwfi // 'a",
        'nop @ "\nwfi @ "',
        "/* nop */ nop /* nop */ ; /**/ wfi",
        '# 1 "file.c"\nnop\nwfi',
    ],
)
def test_comments_and_separators(text: str) -> None:
    assert normal(text) == ["nop", "wfi"]


def test_a_comment_keeps_lines_and_columns() -> None:
    assert rows("/* 1\n2 */ nop /* é */ x")[0] == (2, [("nop", 6), ("x", 18)])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('.ascii "a//b"', b"a//b"),
        ('.ascii "a@b" @ c', b"a@b"),
        ('.ascii "/*", "*/"', b"/**/"),
        ('.ascii ";" ; .ascii "#"', b";#"),
        ('.ascii "\\"//"', b'"//'),
        (".byte '/, '/', ';'", b"//;"),
        (".byte '\"' // \"", b'"'),
        (".byte '@'", b"@"),
    ],
)
def test_strings_and_characters_hide_comment_signs(text: str, expected: bytes) -> None:
    assert bytes.fromhex(data(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nop\n  /* and on", "2:3: the comment has no end"),
        ('.ascii "and on', "1:8: the string has no end on this line"),
        ('.ascii "and on\\"', "1:8: the string has no end on this line"),
        ("$5", "1:1: the character '$' has no meaning here"),
        ("mov r0, \x00", "1:9: the character '\\x00' has no meaning here"),
        ("mov r0, #1\N{NO-BREAK SPACE}", "1:11: the character '\\xa0' has no meaning here"),
        (
            "12ab: nop",
            "1:1: `12ab` is not a number (numbers are 10, 0xa, 012 or 0b1010; 1b and 1f are the nearest label 1)",
        ),
        ("= 4", "1:1: expected a label, a directive or an instruction but found `=`"),
        ("{r0}", "1:1: expected a label, a directive or an instruction but found `{`"),
        ('"nop"', '1:1: expected a label, a directive or an instruction but found `"nop"`'),
        ("3", "1:1: expected a label, a directive or an instruction but found `3`"),
        ("nop wfi", "1:5: `nop` does not take these operands: `wfi` does not fit (it takes none)"),
    ],
)
def test_what_cannot_be_read_is_refused_at_its_column(text: str, expected: str) -> None:
    assert problem(text) == expected


@pytest.mark.parametrize("word", ["include", "define", "if", "ifdef", "endif"])
def test_preprocessor_lines_are_no_comments(word: str) -> None:
    """GNU as takes `#` for a comment here, and the program would mean something else."""
    hint = "use .equ for constants and .if, .ifdef, .else, .endif for conditions"
    assert problem(f"nop\n #{word} X") == f"2:2: `#{word}` is for a C preprocessor, and there is none ({hint})"
    assert normal(f"/*\n#{word} X\n*/\nnop // #{word}") == ["nop"]
    assert normal(f".if 0\n#{word} X\n.endif\nnop") == ["nop"]
