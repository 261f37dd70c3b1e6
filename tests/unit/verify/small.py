# SPDX-License-Identifier: Apache-2.0
"""Small programs that stand for boot code, on a board like vexpress-a15."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fwbuild.asm.find import find_encoder
from fwbuild.asm.program import assemble
from fwbuild.elf.write import Segment, write_elf32
from fwbuild.model.board import Board, BoardConsole, BoardCpu, BoardGic
from fwbuild.model.modes import ResetState
from fwbuild.model.ports import BootPath, Machine
from tests.unit.asm.programs import program

ADDRESS = 0x80000000
PAYLOAD = 0x80002000

MACHINE = Machine(
    machine="vexpress-a15",
    cpu="cortex-a15",
    properties={"secure": "on", "virtualization": "on"},
    cpus=1,
    memory=256 << 20,
)

#: What every program ends with: the labels that boot code has.
TAIL = """
park:
	b	park
pen:
	b	pen
pen_release:
	bx	r3
	.balign	32
dead_vectors:
	b	.
	b	.
	b	.
	b	.
	b	.
	b	.
	b	.
	b	.
"""

SYMBOLS = {"PAYLOAD": PAYLOAD, "UART": 0x1C090000, "GICC": 0x2C002000, "FLAGS": 0x1C010030}


def board(*cores: str, reset: ResetState = ResetState.SECURE_SVC, mailbox: int | None = 0x1C010030) -> Board:
    return Board(
        reset=reset,
        cpus=tuple(BoardCpu(core=core, mpidr=number) for number, core in enumerate(cores or ("cortex-a15",))),
        memory=((ADDRESS, 256 << 20),),
        gic=BoardGic(distributor=0x2C001000, cpu_interface=0x2C002000, interrupts=160),
        console=BoardConsole(driver="pl011", address=0x1C090000),
        mailbox=mailbox,
    )


def image(folder: Path, text: str, registers: Sequence[str], on: Board, *, tail: str = TAIL) -> tuple[Path, BootPath]:
    """An ELF file of the program ``text``, which begins at its label `entry`, and the way through it."""
    made = assemble(program(text + tail, symbols=SYMBOLS, address=ADDRESS), find_encoder("auto", "armv7-a"))
    path = folder / "small.elf"
    with path.open("wb") as file:
        segment = Segment(name="small", address=ADDRESS, content=made.code, executable=True)
        write_elf32(file, entry=made.symbols["entry"], segments=[segment])
    return path, BootPath(
        payload=PAYLOAD,
        symbols=made.symbols,
        address=ADDRESS,
        code=made.code,
        registers=tuple(registers),
        secondaries=len(on.cpus) - 1,
        board=on,
    )
