# SPDX-License-Identifier: Apache-2.0
"""Programs for tests, made from a text, and what becomes of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from fwbuild.asm.encoder import Statement
from fwbuild.asm.program import Assembled, Program, SourceText, assemble
from fwbuild.model.problem import FwbuildError

ADDRESS = 0x8000

BOOT = Path(__file__).parents[3] / "fwbuild" / "boot"
#: The order in which they become one program. The tables come first by themselves.
BOOT_SOURCES = (
    "armv7/registers.S",
    "armv7/vectors.S",
    "armv7/entry.S",
    "armv7/refuse.S",
    "armv7/choose.S",
    "armv7/secure.S",
    "armv7/gicv2.S",
    "armv7/nonsecure.S",
    "armv7/hyp.S",
    "armv7/leave.S",
    "armv7/texts.S",
    "console/pl011.S",
    "armv7/mailbox.S",
)


class Recorder:
    """An encoder that keeps what it is given and makes zeros of it."""

    def __init__(self) -> None:
        self.statements: list[Statement] = []

    def encode(self, statements: Sequence[Statement]) -> Sequence[bytes | str]:
        self.statements += statements
        return [bytes(4)] * len(statements)

    def fingerprint(self) -> Mapping[str, str]:
        return {}


def program(
    *texts: str,
    symbols: Mapping[str, int] | None = None,
    tables: Mapping[str, tuple[int, ...]] | None = None,
    address: int = ADDRESS,
    cpu: str = "cortex-a15",
) -> Program:
    """A program of sources called a.S, b.S and so on."""
    return Program(
        architecture="armv7-a",
        cpu=cpu,
        address=address,
        sources=tuple(SourceText(path=f"{chr(97 + index)}.S", text=text) for index, text in enumerate(texts)),
        symbols=symbols or {},
        tables=tables or {},
    )


def boot_program(sources: Sequence[str] = BOOT_SOURCES) -> Program:
    """The boot code of a Cortex-A15 with two CPUs."""
    return Program(
        architecture="armv7-a",
        cpu="cortex-a15",
        address=0x80000000,
        sources=tuple(SourceText(path=name, text=(BOOT / name).read_text("utf-8")) for name in sources),
        symbols={
            "CORES_DIFFER": 0,
            "CPU_LINE_SHIFT": 3,
            "CPU_HASH_SHIFT": 0,
            "CPU_HASH_MASK": 1,
            "BOOT_MPIDR": 0,
            "ENTRY_MODES": 0x32,
            "UNIFORM": 1,
            "WANTS_SECURE": 0,
            "HAS_HYP": 1,
            "SECONDARY_ENTRY": 0,
            "MAILBOX_CLEAR": 0x1C010034,
            "RELEASE_WORDS": 0x80000F00,
            "WAITING_0": 0x0101,
            "WAITING_1": 0,
            "TIMER_FREQUENCY": 62_500_000,
            "ACTLR_SET": 0x41,
            "NSACR_OPEN": 0x60C00,
            "GIC_DISTRIBUTOR": 0x2C001000,
            "GIC_CPU_INTERFACE": 0x2C002000,
            "CELL_STRIDE": 16,
            "PAYLOAD_R0": 0,
            "PAYLOAD_R1": 0xFFFFFFFF,
            "PAYLOAD_R2": 0x83000000,
            "PAYLOAD_ENTRY": 0x80200000,
            "MAILBOX": 0x1C010030,
            "CONSOLE": 0x1C090000,
            "CONSOLE_IBRD": 13,
            "CONSOLE_FBRD": 1,
        },
        tables={"cpu_table": (0, 0x83000100, 1, 0x83000200)},
    )


def assembled(*texts: str, symbols: Mapping[str, int] | None = None) -> Assembled:
    """What becomes of a program; its instructions become zeros."""
    return assemble(program(*texts, symbols=symbols), Recorder())


def data(text: str, *, symbols: Mapping[str, int] | None = None) -> str:
    """The bytes of a program in hex; its instructions become zeros."""
    return assembled(text, symbols=symbols).code.hex()


def words(text: str, *, symbols: Mapping[str, int] | None = None) -> list[int]:
    """The words of a program; its instructions become zeros."""
    code = assembled(text, symbols=symbols).code
    return [int.from_bytes(code[at : at + 4], "little") for at in range(0, len(code), 4)]


def normal(text: str, *, symbols: Mapping[str, int] | None = None, cpu: str = "cortex-a15") -> list[str]:
    """The instructions of a program in normal form, branches with their distance."""
    recorder = Recorder()
    assemble(program(text, symbols=symbols, cpu=cpu), recorder)
    return [
        statement.text if statement.branch is None else f"{statement.text} {statement.branch:+}"
        for statement in recorder.statements
    ]


def problems(*texts: str, symbols: Mapping[str, int] | None = None, cpu: str = "cortex-a15") -> list[str]:
    """Every problem of a program that must be refused, as `place: message (hint)`."""
    with pytest.raises(FwbuildError) as caught:
        assemble(program(*texts, symbols=symbols, cpu=cpu), Recorder())
    assert {problem.code for problem in caught.value.problems} == {"assembly"}
    return [
        f"{problem.origin}: {problem.message}" + (f" ({problem.hint})" if problem.hint else "")
        for problem in caught.value.problems
    ]


def problem(text: str, *, symbols: Mapping[str, int] | None = None, cpu: str = "cortex-a15") -> str:
    """The only problem of a program, without the name of its source."""
    (only,) = problems(text, symbols=symbols, cpu=cpu)
    return only.removeprefix("a.S:")
