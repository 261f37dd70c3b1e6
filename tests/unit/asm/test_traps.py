# SPDX-License-Identifier: Apache-2.0
"""What keystone's own assembler does wrongly, silently or not at all, on the way through ours."""

from __future__ import annotations

import pytest

from fwbuild.asm.find import find_encoder
from fwbuild.asm.program import assemble
from fwbuild.model.problem import FwbuildError
from tests.unit.asm import oracle
from tests.unit.asm.programs import program


def refusal(text: str) -> str:
    with pytest.raises(FwbuildError) as caught:
        assemble(program(text, symbols={"EXT": 0x9000}), find_encoder("keystone", "armv7-a"))
    assert {problem.code for problem in caught.value.problems} == {"assembly"}
    assert all(problem.origin is not None and problem.origin.line for problem in caught.value.problems)
    return "; ".join(problem.message for problem in caught.value.problems)


@pytest.mark.parametrize(
    "text",
    [
        "ldr r0, =EXT + 4",
        "b EXT + 4",
        "movw r0, #EXT + 4",
        ".word EXT + 4",
        "1: b 1b\nb 1f\n1: nop",
        "nop // a comment\nnop @ another\nnop /* a third */",
        ".text\nnop",
        "adr r0, a\nldr r1, a\nb a\na: nop",
        ".if 1\nnop\n.endif",
        "a: nop\nb a ; bl a",
        "push {r4, lr}\npop {r4, pc}",
    ],
)
def test_what_keystone_gets_wrong_is_right(text: str) -> None:
    made = program(text, symbols={"EXT": 0x9000})
    assert assemble(made, find_encoder("keystone", "armv7-a")).code == oracle.image(made)


def test_halves_of_a_local_label_are_those_of_its_address() -> None:
    text = "movw r0, #:lower16:a\nmovt r0, #:upper16:a\nmovt r1, #:upper16:a + 0x10000\na: nop"
    code = assemble(program(text, address=0x80000000), find_encoder("keystone", "armv7-a")).code
    assert code == oracle.link(["movw r0, #0x000c\nmovt r0, #0x8000\nmovt r1, #0x8001\nnop"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("adr r0, a\n.space 4096\na: nop", "`adr` cannot add that"),
        ("ldr r0, a\n.space 8192\na: nop", "a load reaches 4095"),
        ("ldrd r0, r1, a\n.space 512\na: nop", "a load reaches 255"),
        ("b 0xf0000000", "is more than a branch can reach"),
        ("bne a + 2\na: nop", "is not a multiple of 4"),
        ("mov r0, #UNDEF", "undefined symbol `UNDEF`"),
        ("ldr r0, =UNDEF", "undefined symbol `UNDEF`"),
        ("b UNDEF", "undefined symbol `UNDEF`"),
        (".section .data", "the directive `.section` is not taken"),
        (".inst 0xe3a00000", "the directive `.inst` is not taken"),
        ('.include "nowhere.S"', "the directive `.include` is not taken"),
        ('.incbin "/etc/passwd"', "the directive `.incbin` is not taken"),
        ('.error "stop"', "stop"),
        (".align -1", "must be from 0 to 24"),
        ("x: ~", "found `~`"),
        ("\\@", "has no meaning here"),
        ("x: \\@ nop", "has no meaning here"),
        (".macro m\nnop\n.endm\nm", "the directive `.macro` is not taken"),
        ("mov r0, #:lo12:EXT", "`mov` does not take these operands"),
        ("mov r0, #0x12345", "is not a constant that `mov` can hold"),
        ("ldr r0, [r1, #4096]", "is not from -4095 to 4095"),
        ("push {r0, sp}", "deprecated"),
        ("ldm r0, {r1, lr, pc}", "deprecated"),
        ("lda r0, [r1]", "unknown instruction `lda`"),
        ("crc32b r0, r1, r2", "unknown instruction `crc32b`"),
        ("hlt #0", "unknown instruction `hlt`"),
        ("vadd.f32 s0, s1, s2", "unknown instruction `vadd.f32`"),
        ("nop.w", "unknown instruction `nop.w`"),
        ("r0 = 4\nnop", "`r0` is the name of a register"),
        ("x: .space 0x7fffffff", "goes beyond 16 MiB"),
        (".balign 1 << 30", "is not a power of two"),
    ],
)
def test_what_keystone_takes_or_ignores_is_refused(text: str, expected: str) -> None:
    assert expected in refusal(text)
