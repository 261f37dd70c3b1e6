# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import io
import subprocess
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from fwbuild.elf.notes import Statement
from fwbuild.elf.read import is_elf, notes_of
from fwbuild.elf.write import Segment, write_elf32
from fwbuild.model.modes import Mode
from fwbuild.model.problem import FwbuildError

STATEMENT = Statement(modes=(Mode.HYP,), uniform=True, entry_point=0x80000008)


def sample(tmp_path: Path) -> Path:
    payload = tmp_path / "payload"
    payload.write_bytes(b"payload" * 1000)
    path = tmp_path / "image.elf"
    with path.open("wb") as file:
        write_elf32(
            file,
            entry=0x80000008,
            segments=[
                Segment(name="boot", address=0x80000008, content=b"\x00\x00\xa0\xe1" * 4, executable=True),
                Segment(name="payload", address=0x80200000, content=payload, memory_size=0x10000),
            ],
            notes=STATEMENT.notes(),
            symbols={"later": 0x8000000C, "entry": 0x80000008, "elsewhere": 0x10},
        )
    return path


def test_segments_hold_their_bytes_at_their_addresses(tmp_path: Path) -> None:
    with sample(tmp_path).open("rb") as file:
        elf = ELFFile(file)
        assert elf.header.e_entry == 0x80000008
        assert elf.get_machine_arch() == "ARM"
        note, boot, payload = elf.iter_segments()
        assert note.header.p_type == "PT_NOTE"
        assert (boot.header.p_paddr, boot.data()) == (0x80000008, b"\x00\x00\xa0\xe1" * 4)
        assert payload.data() == b"payload" * 1000
        assert (payload.header.p_filesz, payload.header.p_memsz) == (7000, 0x10000)
        for segment in (boot, payload):
            assert segment.header.p_offset % 0x1000 == segment.header.p_vaddr % 0x1000
        assert (boot.header.p_flags, payload.header.p_flags) == (7, 6)


def test_symbols_belong_to_the_section_that_holds_them(tmp_path: Path) -> None:
    with sample(tmp_path).open("rb") as file:
        elf = ELFFile(file)
        table = elf.get_section_by_name(".symtab")
        assert isinstance(table, SymbolTableSection)
        symbols = {symbol.name: symbol for symbol in table.iter_symbols() if symbol.name}
        boot = elf.get_section_index(".boot")
        assert {name: symbol.entry.st_value for name, symbol in symbols.items()} == {
            "elsewhere": 0x10,
            "entry": 0x80000008,
            "later": 0x8000000C,
        }
        assert symbols["entry"].entry.st_shndx == boot
        assert symbols["elsewhere"].entry.st_shndx == "SHN_ABS"


def test_notes_come_back(tmp_path: Path) -> None:
    path = sample(tmp_path)
    assert notes_of(path) == STATEMENT.notes()
    assert is_elf(path)


def test_readelf_has_no_complaint(tmp_path: Path) -> None:
    path = sample(tmp_path)
    shown = subprocess.run(["arm-linux-gnueabihf-readelf", "-aW", path], capture_output=True, text=True, check=True)
    assert not shown.stderr
    assert ".note.fwbuild.entry-modes" in shown.stdout
    assert shown.stdout.count("fwbuild  ") == 2


def test_equal_arguments_give_equal_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert sample(tmp_path / "a").read_bytes() == sample(tmp_path / "b").read_bytes()


@pytest.mark.parametrize("size", [0, 3, 4, 20, 52, 100, 140, 160])
def test_a_truncated_file_is_a_problem_and_no_crash(tmp_path: Path, size: int) -> None:
    path = sample(tmp_path)
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(FwbuildError) as caught:
        notes_of(path, "short.elf")
    (problem,) = caught.value.problems
    assert problem.code == "bad-elf"
    assert str(problem.origin) == "short.elf"


def test_an_empty_image() -> None:
    file = io.BytesIO()
    write_elf32(file, entry=0, segments=[])
    assert ELFFile(file).num_segments() == 0
