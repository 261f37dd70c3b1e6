# SPDX-License-Identifier: Apache-2.0
"""Parts to an ELF file, read back by other people's readers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from fwbuild.actions.image import ImageAction
from fwbuild.elf.notes import Note
from fwbuild.elf.read import notes_of
from tests.unit.actions.stage import perform

SYMBOLS = {"_start": 0xBFFFF000, "pen": 0xBFFFF120}
SEGMENTS: list[dict[str, Any]] = [
    {"name": "kernel", "address": 0x80000000, "input": "k", "memory-size": 0x3000, "executable": False},
    {"name": "boot-code", "address": 0xBFFFF000, "input": "c", "memory-size": 0, "executable": True},
]
PARAMS = {"segments": SEGMENTS, "notes": [{"type": 0x101, "descriptor": "0000008000000000"}], "entry": "_start"}


def link(folder: Path, *outputs: str, **params: Any) -> dict[str, Path]:
    (folder / "k").write_bytes(b"kernel" * 100)
    (folder / "c").write_bytes(b"code" * 8)
    (folder / "symbols").write_text(json.dumps(SYMBOLS))
    inputs = {name: folder / name for name in ("k", "c", "symbols")}
    return perform(
        ImageAction(), folder / f"step-{len(outputs)}", params={**PARAMS, **params}, inputs=inputs, outputs=outputs
    )


def segments(path: Path) -> list[tuple[int, int, int, int]]:
    """Address, bytes in the file, bytes in memory and flags of what is loaded."""
    with path.open("rb") as file:
        found = [segment.header for segment in ELFFile(file).iter_segments("PT_LOAD")]
    return [(head["p_paddr"], head["p_filesz"], head["p_memsz"], head["p_flags"] & 1) for head in found]


def test_parts_lie_where_they_are_told_to(tmp_path: Path) -> None:
    elf = link(tmp_path, "elf")["elf"]
    assert segments(elf) == [(0x80000000, 600, 0x3000, 0), (0xBFFFF000, 32, 32, 1)]
    with elf.open("rb") as file:
        read = ELFFile(file)
        assert read.header["e_entry"] == SYMBOLS["_start"], "the entry is a label's address"
        assert next(read.iter_segments("PT_LOAD")).data() == b"kernel" * 100
        table = read.get_section_by_name(".symtab")
        assert isinstance(table, SymbolTableSection)
        found = {symbol.name: symbol["st_value"] for symbol in table.iter_symbols()}
    assert SYMBOLS.items() <= found.items()
    assert notes_of(elf) == (Note(0x101, bytes.fromhex("0000008000000000")),)


def test_the_entry_may_be_an_address(tmp_path: Path) -> None:
    with link(tmp_path, "elf", entry=0x80000010)["elf"].open("rb") as file:
        assert ELFFile(file).header["e_entry"] == 0x80000010


def test_the_file_of_symbols_has_the_code_and_nothing_else(tmp_path: Path) -> None:
    made = link(tmp_path, "elf", "symbols")
    assert segments(made["symbols"]) == [(0xBFFFF000, 32, 32, 1)]
    assert notes_of(made["symbols"]) == ()
    assert made["elf"].read_bytes() == link(tmp_path, "elf")["elf"].read_bytes(), "and the image is the same without it"
