# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from fwbuild.asm.find import find_encoder
from fwbuild.asm.program import assemble
from tests.unit.asm import oracle
from tests.unit.asm.programs import assembled, normal, problem, problems, program

POOLS = [
    "ldr r0, =0x12345678\nnop",
    "ldr r0, =0xff\nldr r1, =0xffffff00\nldrne r2, =~0xff000000\nldr sp, =0\nldr pc, =0x1000",
    "ldr r0, =0x1234\nldr r1, =0x1234\nldr r2, =-3000\nldr r3, =0xfffff448",
    "ldr r0, =a\nldr r1, =a\nldr r2, =a+4\nldr r3, =a+4\na: nop",
    "ldr r0, =OUT\nldr r1, =OUT\nldr r2, =0x2c001004\nldr r3, =OUT + 4",
    "ldr r0, =SMALL\nldr r1, =LATER\n.equ LATER, 5\nldr r2, =LATER",
    "ldr r0, =LATER\nldr r1, =LATER\n.equ LATER, 0x12345\nldr r1, =LATER\nldr r1, =0x12345",
    "a: nop\nb: ldr r0, =b - a\nldr r1, =b - a + 0x12340",
    "ldr r0, =0x12345678\nb 1f\n.ltorg\n1: ldr r0, =0x12345678\nldr r1, =0x11111111",
    "nop\nldr r0, =0x12345678\n.byte 1\n.pool\n.byte 2",
    "nop\n.byte 1\n.ltorg\n.byte 2",
    ".ltorg\n.ltorg\nnop",
    "1: ldr r0, =1b\n1: ldr r0, =1b\nldr r1, =1b\nldr r0, =.\nldr r0, =.",
    "ldr r0, =1f\nldr r0, =1f + 4\n1: ldr r0, =1f\nldr r1, =1b\nldr r1, =1f\n1: nop",
    "ldr r0, =0x12345678\n.space 4088\n.ltorg",
    "b 1f\n.word 0\n1: ldr r0, =0x12345678 ; b . ; .ltorg\nldr r3, =0x12345678",
    "ldr r0, =0x1\nldr r0, =0x80000001\nldr r0, =0x102\nldr r0, =0xfffffffe",
]


@pytest.mark.parametrize("preference", ["keystone", "gnu"])
@pytest.mark.parametrize("text", POOLS)
def test_literal_pools_are_those_of_gnu_as(text: str, preference: str) -> None:
    made = program(text, symbols={"OUT": 0x2C001000, "SMALL": 3})
    ours = assemble(made, find_encoder(preference, "armv7-a")).code  # type: ignore[arg-type]
    theirs = oracle.image(made)
    assert ours == theirs[: len(ours)]
    assert len(theirs) - len(ours) < 4


def test_a_difference_of_labels_that_come_later_is_a_literal() -> None:
    """GNU as refuses this one."""
    assert normal("ldr r0, =b - a\na: nop\nb: nop")[0] == "ldr r0, [pc, #4]"
    assert normal("ldr r0, =b - a\nldr r1, =b - a\na: nop\nb:")[1] == "ldr r1, [pc, #-0]"


def test_the_place_of_the_pool_matters() -> None:
    hint = "put a `.ltorg` nearer, where no instruction runs into it"
    assert (
        problem("ldr r0, =0x12345678\n.space 4104")
        == f"1:10: the literal pool is 4100 bytes away, and a load reaches 4095 ({hint})"
    )


def test_a_literal_that_cannot_be_computed_is_refused_where_it_is_written() -> None:
    assert problems("nop\nldr r0, =a * 2\nldr r1, =UNDEF\na:") == [
        "a.S:2:12: `*` needs numbers, and one side is an address",
        "a.S:3:10: undefined symbol `UNDEF`",
    ]
    assert problem("ldr r0, =0x100000000") == "1:10: 4294967296 (0x100000000) does not fit into 32 bits"


def test_a_program_must_end_before_the_address_space_does() -> None:
    from fwbuild.model.problem import FwbuildError
    from tests.unit.asm.programs import Recorder

    assert assemble(program("nop\nnop", address=0xFFFFFFF8), Recorder()).code == bytes(8)
    with pytest.raises(FwbuildError, match="the program goes beyond the end of the address space"):
        assemble(program("nop\nnop\nnop", address=0xFFFFFFF8), Recorder())
    with pytest.raises(FwbuildError, match="the program goes beyond the end of the address space"):
        assemble(program("ldr r0, =0x12345678", address=0xFFFFFFFC), Recorder())


def test_instructions_need_a_multiple_of_four() -> None:
    assert problem(".byte 1\n nop") == "2:2: an instruction must be at a multiple of 4 (put a `.balign 4` before it)"
    assert len(assembled(".byte 1\n.balign 4\nnop").code) == 8
