# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from tests.unit.asm import oracle
from tests.unit.asm.programs import assembled, data, problem

LAYOUTS = [
    ".byte 0, 1, 255, -128, ~0xf0, 'a'",
    ".hword 1, 0xffff, -1 ; .short 2 ; .2byte 3",
    ".word 1, 0xffffffff, -1, ~0xff000000 ; .long 2 ; .4byte 3",
    ".quad 0x1122334455667788, -1, 0xffffffffffffffff ; .8byte 3",
    ".WORD 1 ; .Byte 2",
    "a: .word a, b, b - a, . ; b: .hword b - a",
    '.ascii "abc", "d" ; .asciz "ef", "" ; .string "g\\0h"',
    r'.ascii "\b\f\n\r\t\\\"\101\0\7\x41\xaA"',
    r'.ascii "\1012\x41"',
    '.ascii "gr\N{LATIN SMALL LETTER U WITH DIAERESIS}n"',
    ".space 3 ; .space 2, 0xaa ; .space 1, -128 ; .space 1, 255 ; .skip 1, -1 ; .zero 2 ; .zero 1, 5 ; .space 0",
    ".byte 1 ; .balign 8, 0xab ; .byte 2",
    ".byte 1 ; .balign 8, 0x34 ; .p2align 3, 1 ; .byte 2",
    ".byte 1 ; .balign 8,,3 ; .byte 2",
    ".byte 1 ; .balign 8,,7 ; .byte 2",
    ".byte 1 ; .balign 8, 5, 7 ; .byte 2",
    ".byte 1 ; .p2align 2 ; .byte 2",
    ".byte 1 ; .p2align 0 ; .byte 2",
    ".byte 1 ; .align ; .byte 2",
    ".byte 1 ; .align 0 ; .byte 2",
    ".byte 1 ; .align 1 ; .byte 2",
    ".byte 1 ; .align 4 ; .byte 2",
    ".byte 1 ; .balign 1 ; .byte 2",
    ".word 1 ; .balign 32 ; .byte 2",
    ".byte 1 ; .balign 64 ; .byte 2",
    ".hword 1 ; .balign 16 ; .byte 2",
    ".equ N, 3 ; .space N * 2, N ; .balign 1 << N, N",
    ".text ; .byte 1",
]


@pytest.mark.parametrize("text", LAYOUTS)
def test_data_is_that_of_gnu_as(text: str) -> None:
    ours, theirs = bytes.fromhex(data(text)), oracle.link([text])
    # GNU as fills the section up to a multiple of four.
    assert ours == theirs[: len(ours)]
    assert not any(theirs[len(ours) :])
    assert len(theirs) - len(ours) < 4


def test_wide_padding_can_be_run_through() -> None:
    """GNU as pads with zeros beyond 64 bytes, which run as `andeq r0, r0, r0`."""
    assert data("nop\n.balign 256\nnop") == "00000000" + "00f020e3" * 63 + "00000000"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (".byte 256", "1:7: 256 (0x100) does not fit into 8 bits"),
        (".byte 1, -257", "1:10: -257 (-0x101) does not fit into 8 bits"),
        (".hword 0x10000", "1:8: 65536 (0x10000) does not fit into 16 bits"),
        ("a: .hword a + 0x8000", "1:11: 65536 (0x10000) does not fit into 16 bits"),
        (".word", "1:6: expected a number, a symbol or `(` but found the end of the statement"),
        (".word 1,", "1:9: expected a number, a symbol or `(` but found the end of the statement"),
        (".word , 1", "1:7: expected a number, a symbol or `(` but found `,`"),
        ('.word "a"', '1:7: expected a number, a symbol or `(` but found `"a"`'),
        (".ascii", "1:7: expected a string in double quotes but found the end of the statement"),
        (".ascii 5", "1:8: expected a string in double quotes but found `5`"),
        ('.ascii "a" "b"', '1:12: expected the end of the statement but found `"b"`'),
        ('.ascii "ab\\q"', "1:11: `\\q` is not an escape of one byte"),
        ('.ascii "\\777"', "1:9: `\\777` is not an escape of one byte"),
        ('.ascii "\\x414"', "1:9: `\\x414` is not an escape of one byte"),
        ('.ascii "\\x"', "1:9: `\\x` is not an escape of one byte"),
        (".space -1", "1:8: the size is -1, and must not be negative"),
        (".space 1, 256", "1:11: 256 (0x100) does not fit into a byte"),
        (".space 1, -129", "1:11: -129 (-0x81) does not fit into a byte"),
        (".space 1, 2, 3", "1:12: expected the end of the statement but found `,`"),
        (".space end - start\nstart: end:", "1:8: undefined symbol `end`"),
        ("a: .space a", "1:11: a size must be a number, and this is an address"),
        (".balign 0", "1:9: the alignment 0 is not a power of two"),
        (".balign 3", "1:9: the alignment 3 is not a power of two"),
        (".balign -4", "1:9: the alignment -4 is not a power of two"),
        (
            ".align -1",
            "1:8: the power of two is -1, and must be from 0 to 24 (`.balign` counts in bytes)",
        ),
        (
            ".p2align 32",
            "1:10: the power of two is 32, and must be from 0 to 24 (`.balign` counts in bytes)",
        ),
        (".balign", "1:8: expected a number, a symbol or `(` but found the end of the statement"),
        (".balign 4, 256", "1:12: 256 (0x100) does not fit into a byte"),
        (".balign 4, 0, -1", "1:15: the size is -1, and must not be negative"),
        (".balign 4, 0, 1, 2", "1:16: expected the end of the statement but found `,`"),
        (".ltorg 1", "1:8: expected the end of the statement but found `1`"),
        (".text 1", "1:7: expected the end of the statement but found `1`"),
        (".global", "1:8: expected a symbol but found the end of the statement"),
        (".global 5", "1:9: expected a symbol but found `5`"),
        ('.error "no such board"', "1:1: no such board"),
        (" .error", "1:2: `.error`"),
        (".space 0x70000000", "1:1: the program goes beyond 16 MiB"),
        (".space 0x1000000 ; .byte 1, 2", "1:26: the program goes beyond 16 MiB"),
        ("nop ; nop ; .balign 0x1000000 ; .space 0x8000 ; nop", "1:49: the program goes beyond 16 MiB"),
        (".wrod 1", "1:1: unknown directive `.wrod` (did you mean `.word`?)"),
        (".frobnicate", "1:1: unknown directive `.frobnicate` (see docs/reference/assembler.md for those there are)"),
        (
            ".section .text",
            "1:1: the directive `.section` is not taken (a program is one section;",
        ),
        (".macro m", "1:1: the directive `.macro` is not taken (there are no macros; write the statements out)"),
        (
            ".inst 0xe1600070",
            "1:1: the directive `.inst` is not taken (write the instruction, or `.word` with its encoding)",
        ),
        (".thumb", "1:1: the directive `.thumb` is not taken (instructions are in ARM state only)"),
        (
            ".type f, %function",
            "1:1: the directive `.type` is not taken (remove the line: it describes object files, and none is made)",
        ),
    ],
)
def test_a_bad_directive_is_refused_at_its_column(text: str, expected: str) -> None:
    assert problem(text)[: len(expected)] == expected


@pytest.mark.parametrize("name", [".incbin", ".include"])
def test_files_behind_the_builds_back_are_refused(name: str) -> None:
    assert "it would read a file that the build does not know of" in problem(f'{name} "/etc/passwd"')


def test_lines_name_every_datum() -> None:
    text = """a: .byte 1, 2
        .balign 4
        .word 3
        .ascii ""
        .ascii "xy"
        .space 2
        .space 0
        nop
        ldr r0, =0x12345678
        .ltorg
        nop"""
    assert assembled(text, ".byte 1").lines == (
        (0x8000, "a.S", 1),
        (0x8001, "a.S", 1),
        (0x8004, "a.S", 3),
        (0x8008, "a.S", 5),
        (0x800A, "a.S", 6),
        (0x800C, "a.S", 8),
        (0x8010, "a.S", 9),
        (0x8014, "a.S", 9),
        (0x8018, "a.S", 11),
        (0x801C, "b.S", 1),
    )
