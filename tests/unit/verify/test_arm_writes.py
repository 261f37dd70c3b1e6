# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from fwbuild.arm.cp15 import REGISTERS, name_of, wide_name_of
from fwbuild.model.verdict import Write
from fwbuild.verify.arm_writes import write_of

Z = 1 << 30
PC = 0x80000100


def word(tmp_path: Path, text: str) -> int:
    """The machine code of one instruction, by GNU as."""
    source, target = tmp_path / "a.s", tmp_path / "a.o"
    source.write_text(f".syntax unified\n.cpu cortex-a15\n.arm\n{text}\n")
    subprocess.run(["arm-linux-gnueabihf-as", "-o", target, source], check=True)
    with target.open("rb") as file:
        section = ELFFile(file).get_section_by_name(".text")
        assert section is not None
        return int.from_bytes(section.data()[:4], "little")


def register(number: int) -> int:
    """A value for each register that names it: r3 holds 0x3030."""
    return number * 0x1010


@pytest.mark.parametrize(
    ("text", "cpsr", "target", "value"),
    [
        ("mcr p15, 0, r3, c1, c1, 0", 0, "SCR", 0x3030),
        ("mcr p15, 4, r12, c12, c0, 0", 0, "HVBAR", 0xC0C0),
        ("mcr p15, 7, r1, c9, c9, 7", 0, "p15,7,c9,c9,7", 0x1010),
        ("mcrr p15, 4, r1, r2, c14", 0, "CNTVOFF", 0x2020_0000_1010),
        ("mcrr p15, 1, r1, r2, c14", 0, "p15,1,c14", 0x2020_0000_1010),
        ("str r1, [r2]", 0, 0x2020, 0x1010),
        ("str r1, [r2, #0x84]", 0, 0x20A4, 0x1010),
        ("str r1, [r2, #-4]", 0, 0x201C, 0x1010),
        ("str r1, [r2, #4]!", 0, 0x2024, 0x1010),
        ("str r1, [r2], #4", 0, 0x2020, 0x1010),
        ("str r1, [r2, r3]", 0, 0x5050, 0x1010),
        ("str r1, [r2, r3, lsl #2]", 0, 0xE0E0, 0x1010),
        ("str r1, [r2, -r3]", 0, 0xFFFFEFF0, 0x1010),
        ("str r1, [pc, #8]", 0, PC + 16, 0x1010),
        ("strne r1, [r2]", 0, 0x2020, 0x1010),
        ("streq r1, [r2]", Z, 0x2020, 0x1010),
        ("mcrhi p15, 0, r3, c1, c1, 0", 1 << 29, "SCR", 0x3030),
    ],
)
def test_writes(tmp_path: Path, text: str, cpsr: int, target: str | int, value: int) -> None:
    assert write_of(word(tmp_path, text), PC, cpsr, register) == Write(target=target, value=value, pc=PC)


@pytest.mark.parametrize(
    ("text", "cpsr"),
    [
        ("mrc p15, 0, r3, c1, c1, 0", 0),
        ("mcr p14, 0, r3, c1, c1, 0", 0),
        ("mrrc p15, 4, r1, r2, c14", 0),
        ("ldr r1, [r2]", 0),
        ("strb r1, [r2]", 0),
        ("strne r1, [r2]", Z),
        ("mov r1, #2", 0),
        ("bl .", 0),
        ("bx lr", 0),
        ("ubfx r1, r2, #3, #4", 0),
        ("cps #0x16", 0),
        ("svc #0", 0),
    ],
)
def test_what_writes_nothing(tmp_path: Path, text: str, cpsr: int) -> None:
    assert write_of(word(tmp_path, text), PC, cpsr, register) is None


CONDITIONS = ["eq", "ne", "cs", "cc", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le", "al"]


def expected(condition: str, n: bool, z: bool, c: bool, v: bool) -> bool:
    """DDI 0406C, table A8-1, row by row."""
    return {
        "eq": z,
        "ne": not z,
        "cs": c,
        "cc": not c,
        "mi": n,
        "pl": not n,
        "vs": v,
        "vc": not v,
        "hi": c and not z,
        "ls": not c or z,
        "ge": n == v,
        "lt": n != v,
        "gt": not z and n == v,
        "le": z or n != v,
        "al": True,
    }[condition]


def test_every_condition_with_all_flags(tmp_path: Path) -> None:
    base = word(tmp_path, "str r1, [r2]") & 0x0FFFFFFF
    for number, condition in enumerate(CONDITIONS):
        for flags in range(16):
            n, z, c, v = (bool(flags >> bit & 1) for bit in (3, 2, 1, 0))
            found = write_of(number << 28 | base, PC, flags << 28, register)
            assert (found is not None) == expected(condition, n, z, c, v), (condition, flags)


def test_a_store_with_a_strange_offset_is_not_misread(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not shifted left"):
        write_of(word(tmp_path, "str r1, [r2, r3, lsr #2]"), PC, 0, register)


def test_names() -> None:
    assert len(set(REGISTERS.values())) == len(REGISTERS)
    assert name_of(0, 1, 0, 1) == "ACTLR"
    assert wide_name_of(6, 2) == "VTTBR"
