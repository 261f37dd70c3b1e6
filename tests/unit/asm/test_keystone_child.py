# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import ast
import ctypes
import subprocess
import sys
from pathlib import Path

import pytest

from fwbuild.asm import keystone_child
from fwbuild.asm.keystone import KeystoneEncoder, find_keystone
from fwbuild.asm.keystone_child import Assembler, Disassembler, encoding

CHILD = Path(keystone_child.__file__)


def libraries() -> tuple[str, str]:
    found = find_keystone("armv7-a")
    assert isinstance(found, KeystoneEncoder), found
    return str(found.libraries["keystone"]), str(found.libraries["capstone"])


def disassembler() -> Disassembler:
    return Disassembler(libraries()[1], 0, 0)


class Fixed(Assembler):
    """An assembler that makes the same of everything, or a wrong count of it."""

    def __init__(self, made: str) -> None:
        self._made = bytes.fromhex(made)

    def assemble(self, statement: str) -> bytes:
        return self._made


def test_it_stands_alone_and_imports_little() -> None:
    """Everything that it imports is paid for in every build."""
    tree = ast.parse(CHILD.read_text())
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert imported == {"ctypes", "re", "sys"}
    assert not any(isinstance(node, ast.ImportFrom) for node in ast.walk(tree))


def run(data: bytes) -> list[str]:
    command = [sys.executable, "-I", "-S", str(CHILD), "armv7-a", *libraries()]
    return subprocess.run(command, input=data, capture_output=True, check=True).stdout.decode().splitlines()


def test_it_answers_line_by_line() -> None:
    assert run(b"nop\nb #8\nadd r0, r99, r1\nldr r0, [pc, #-0]\n") == [
        "ready",
        "=00f020e3",
        "=000000ea",
        "!keystone: Invalid operand (KS_ERR_ASM_INVALIDOPERAND)",
        "=00001fe5",
    ]


@pytest.mark.parametrize(
    "statement",
    [
        ".word 0",
        "nop; nop",
        "x: nop",
        "",
        '.incbin "/etc/passwd"',
        "nop @ x",
        "x = 5",
        "b somewhere.else",
        "\\@",
        "nop\t",
    ],
)
def test_what_is_not_in_normal_form_is_not_handed_to_keystone(statement: str) -> None:
    with pytest.raises(ValueError, match="normal form"):
        encoding(statement, Fixed("00f020e3"), disassembler())


@pytest.mark.parametrize(
    ("statement", "made"),
    [
        ("nop", "00f020e3"),
        ("mov r9, r10", "0a90a0e1"),
        ("ldr r0, [r1, #-0]", "000011e5"),
        ("b #-8", "fcffffea"),
        ("bl #16777216", "feff3feb"),
        ("mov r0, #4278190080", "ff04a0e3"),
        ("mrc p15, 0, apsr_nzcv, c0, c1, 0", "11ff10ee"),
        ("ldm r0, {r1, pc}^", "0280d0e8"),
    ],
)
def test_what_reads_back_the_same_is_taken(statement: str, made: str) -> None:
    assert encoding(statement, Fixed(made), disassembler()).hex() == made


@pytest.mark.parametrize(
    ("statement", "made", "why"),
    [
        ("mov r0, #1", "0200a0e3", "reads back as `mov r0, #2`"),
        ("mov r0, #1", "0110a0e3", "reads back as `mov r1, #1`"),
        ("movs r0, #1", "0100a0e3", "reads back as `mov r0, #1`"),
        ("ldr r0, [r1]", "000011e5", "reads back as `ldr r0, \\[r1, #-0\\]`"),
        ("b #8", "010000ea", "reads back as `b #0xc`"),
        ("push {r0, r1}", "07002de9", "reads back as `push {r0, r1, r2}`"),
        ("nop", "ffffffff", "capstone does not take ffffffff for one instruction"),
        ("nop", "00f020e300f020e3", "capstone does not take 00f020e300f020e3 for one instruction"),
        ("nop", "00f0", "capstone does not take 00f0 for one instruction"),
    ],
)
def test_what_reads_back_otherwise_is_refused(statement: str, made: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        encoding(statement, Fixed(made), disassembler())


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("nop\nnop", "8 bytes of 4 statements"),
        (".word 1, 2", "8 bytes"),
        (".byte 1", "1 bytes"),
        ("ldr sp, [sp], #8", "0 bytes of 0 statements"),
        (".section .text", "0 bytes"),
        ("x = 5", "0 bytes"),
        ("lda r0, [r1]", "Missing CPU feature"),
    ],
)
def test_exactly_four_bytes_of_one_statement_are_taken(statement: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Assembler(libraries()[0], 1, 1, b".cpu cortex-a15\n").assemble(statement)


def test_an_instruction_set_that_is_not_known_is_refused() -> None:
    with pytest.raises(SystemExit, match="keystone does not know"):
        Assembler(libraries()[0], 99, 1, b"")
    with pytest.raises(SystemExit, match="capstone does not know"):
        Disassembler(libraries()[1], 99, 0)


def test_another_capstone_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its structures would be read wrongly."""

    class Other:
        def __init__(self, path: str) -> None:
            self.cs_disasm = self

        def cs_version(self, *_: object) -> int:
            return 6 << 8

    monkeypatch.setattr(ctypes, "CDLL", Other)
    with pytest.raises(SystemExit, match="capstone is version 6, and 5 is needed"):
        Disassembler("", 0, 0)
