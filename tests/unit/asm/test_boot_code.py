# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import dataclasses
from typing import Literal

import pytest

from fwbuild.asm.find import find_encoder
from fwbuild.asm.program import SourceText, assemble
from tests.unit.asm import oracle
from tests.unit.asm.programs import BOOT, BOOT_SOURCES, boot_program

PREFERENCES: tuple[Literal["keystone", "gnu"], ...] = ("keystone", "gnu")


@pytest.mark.parametrize("preference", PREFERENCES)
@pytest.mark.parametrize(
    "change",
    [
        {},
        {"TIMER_FREQUENCY": 0, "ACTLR_SET": 0, "MAILBOX_CLEAR": 0},
        {"ACTLR_SET": 0x40, "UNIFORM": 0, "HAS_HYP": 0},
        {"WANTS_SECURE": 1, "ENTRY_MODES": 0x4321, "SECONDARY_ENTRY": 0x80201000},
        {"CORES_DIFFER": 1, "CPU_LINE_SHIFT": 4, "CPU_HASH_SHIFT": 6, "CPU_HASH_MASK": 7, "BOOT_MPIDR": 0x100},
    ],
)
@pytest.mark.parametrize("pen", ["mailbox", "spin_table"])
def test_the_boot_code_is_that_of_gnu_as(
    preference: Literal["keystone", "gnu"], pen: str, change: dict[str, int]
) -> None:
    program = boot_program([name.replace("mailbox", pen) for name in BOOT_SOURCES])
    program = dataclasses.replace(program, symbols={**program.symbols, **change})
    assembled = assemble(program, find_encoder(preference, "armv7-a"))
    assert assembled.code == oracle.image(program)
    assert len(assembled.code) > 800


def test_labels_have_the_addresses_of_the_linked_program() -> None:
    program = boot_program()
    ours = dict(assemble(program, find_encoder("keystone", "armv7-a")).symbols)
    theirs = oracle.symbols(program)
    assert ours.items() <= theirs.items()
    assert {"cpu_table", "entry", "pen", "park", "leave_monitor"} <= ours.keys()


def test_lines_lead_back_to_the_sources() -> None:
    program = boot_program()
    assembled = assemble(program, find_encoder("keystone", "armv7-a"))
    texts = {source.path: source.text.split("\n") for source in program.sources}
    at = {address: texts[path][line - 1] for address, path, line in assembled.lines}
    assert at[assembled.symbols["leave_monitor"]] == "\tmovs\tpc, lr"
    assert at[assembled.symbols["park"]].startswith("park:\twfi")
    assert at[assembled.symbols["dead_vectors"] + 4] == "\tb\t."
    addresses = [address for address, _, _ in assembled.lines]
    assert addresses == sorted(set(addresses))


def test_windows_line_ends_change_nothing() -> None:
    program = boot_program()
    sources = tuple(SourceText(path=source.path, text=source.text.replace("\n", "\r\n")) for source in program.sources)
    encoder = find_encoder("keystone", "armv7-a")
    assert assemble(dataclasses.replace(program, sources=sources), encoder) == assemble(program, encoder)


def test_every_boot_source_is_tried() -> None:
    tried = {*BOOT_SOURCES, "armv7/spin_table.S"}
    assert {str(path.relative_to(BOOT)) for path in BOOT.glob("*/*.S")} == tried
