# SPDX-License-Identifier: Apache-2.0
"""Writes ELF files that boot: loadable segments, notes and symbols, nothing else.

Structures follow the System V ABI, "Object Files", and for ARM "ELF for the ARM
Architecture" (IHI 0044). Equal arguments give equal bytes.
"""

from __future__ import annotations

import shutil
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from fwbuild.elf.notes import Note
from fwbuild.model.region import align_up

_EM_ARM = 40
_EF_ARM_EABI5 = 0x05000000
_ET_EXEC = 2
_PT_LOAD, _PT_NOTE = 1, 4
_PF_X, _PF_W, _PF_R = 1, 2, 4
_SHT_PROGBITS, _SHT_SYMTAB, _SHT_STRTAB, _SHT_NOTE = 1, 2, 3, 7
_SHF_WRITE, _SHF_ALLOC, _SHF_EXECINSTR = 1, 2, 4
_SHN_ABS = 0xFFF1
_EHDR, _PHDR, _SHDR, _SYM = 52, 32, 40, 16

#: File offset and address of a segment are equal modulo this.
_PAGE = 0x1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """Bytes to be loaded at a physical address.

    ``memory_size`` may exceed the bytes there are; the loader clears the rest.
    """

    name: str
    address: int
    content: bytes | Path
    memory_size: int = 0
    executable: bool = False
    #: of a file, only these bytes: where they begin and how many they are
    part: tuple[int, int] | None = None

    @property
    def size(self) -> int:
        """How many bytes the file carries."""
        if isinstance(self.content, bytes):
            return len(self.content)
        return self.part[1] if self.part else self.content.stat().st_size


@dataclass(slots=True)
class _Section:
    name: str
    type: int
    offset: int = 0
    size: int = 0
    address: int = 0
    flags: int = 0
    link: int = 0
    info: int = 0
    align: int = 1
    entry_size: int = 0


def write_elf32(
    file: BinaryIO,
    *,
    entry: int,
    segments: Sequence[Segment],
    notes: Sequence[Note] = (),
    symbols: Mapping[str, int] | None = None,
) -> None:
    """Write a little-endian ELF32 executable for ARM to ``file``, which can seek.

    ``entry`` is the address of the first instruction, in ARM state. Raises OSError.
    """
    headers = len(segments) + (1 if notes else 0)
    sections = [_Section("", 0)]
    program_headers: list[bytes] = []

    at = _EHDR + headers * _PHDR
    file.seek(at)
    if notes:
        start = at
        for note in notes:
            data = note.encode()
            file.write(data)
            sections.append(_Section(note.section, _SHT_NOTE, at, len(data), align=4))
            at += len(data)
        program_headers.append(_program_header(_PT_NOTE, start, 0, at - start, 0, _PF_R, 4))

    for segment in segments:
        at = align_up(at, _PAGE) + segment.address % _PAGE
        file.seek(at)
        _copy(segment, file)
        size = segment.size
        memory_size = max(size, segment.memory_size)
        code = segment.executable
        access = _PF_R | _PF_W | (_PF_X if code else 0)
        program_headers.append(_program_header(_PT_LOAD, at, segment.address, size, memory_size, access, _PAGE))
        flags = _SHF_ALLOC | _SHF_WRITE | (_SHF_EXECINSTR if code else 0)
        sections.append(_Section(f".{segment.name}", _SHT_PROGBITS, at, size, segment.address, flags, align=4))
        at += size

    if symbols:
        at = _write_symbols(file, align_up(at, 4), symbols, sections)
    at = _write_section_headers(file, at, sections)
    file.seek(0)
    file.write(_elf_header(entry, headers, at, len(sections)))
    file.write(b"".join(program_headers))


def _copy(segment: Segment, file: BinaryIO) -> None:
    if isinstance(segment.content, bytes):
        file.write(segment.content)
        return
    with segment.content.open("rb") as source:
        if segment.part is None:
            shutil.copyfileobj(source, file, 1 << 20)
        else:
            source.seek(segment.part[0])
            file.write(source.read(segment.part[1]))


def _write_symbols(file: BinaryIO, at: int, symbols: Mapping[str, int], sections: list[_Section]) -> int:
    """Add .symtab and .strtab; where they end. Local symbols, sorted by address."""
    table, names = bytes(_SYM), b"\0"
    for name, address in sorted(symbols.items(), key=lambda item: (item[1], item[0])):
        home = _section_of(address, sections)
        table += struct.pack("<IIIBBH", len(names), address, 0, 0, 0, home)
        names += name.encode() + b"\0"
    file.seek(at)
    file.write(table + names)
    count = len(table) // _SYM
    sections.append(
        _Section(".symtab", _SHT_SYMTAB, at, len(table), link=len(sections) + 1, info=count, align=4, entry_size=_SYM)
    )
    sections.append(_Section(".strtab", _SHT_STRTAB, at + len(table), len(names)))
    return at + len(table) + len(names)


def _section_of(address: int, sections: list[_Section]) -> int:
    """The index of the section that holds ``address``: debuggers want symbols in one."""
    for index, section in enumerate(sections):
        if section.flags & _SHF_ALLOC and section.address <= address < section.address + section.size:
            return index
    return _SHN_ABS


def _write_section_headers(file: BinaryIO, at: int, sections: list[_Section]) -> int:
    """Add .shstrtab and the section headers; where the headers start."""
    names, offsets = b"\0", [0]
    sections.append(_Section(".shstrtab", _SHT_STRTAB))
    for section in sections[1:]:
        offsets.append(len(names))
        names += section.name.encode() + b"\0"
    sections[-1].offset, sections[-1].size = at, len(names)
    file.seek(at)
    file.write(names)
    start = align_up(at + len(names), 4)
    file.seek(start)
    for name, section in zip(offsets, sections, strict=True):
        file.write(
            struct.pack(
                "<10I",
                name,
                section.type,
                section.flags,
                section.address,
                section.offset,
                section.size,
                section.link,
                section.info,
                section.align if section.type else 0,
                section.entry_size,
            )
        )
    return start


def _program_header(kind: int, offset: int, address: int, size: int, memory: int, flags: int, align: int) -> bytes:
    return struct.pack("<8I", kind, offset, address, address, size, memory, flags, align)


def _elf_header(entry: int, program_headers: int, section_offset: int, sections: int) -> bytes:
    identification = b"\x7fELF" + bytes((1, 1, 1)) + bytes(9)  # 32 bits, little-endian, version 1
    return identification + struct.pack(
        "<HHIIIIIHHHHHH",
        _ET_EXEC,
        _EM_ARM,
        1,
        entry,
        _EHDR if program_headers else 0,
        section_offset,
        _EF_ARM_EABI5,
        _EHDR,
        _PHDR,
        program_headers,
        _SHDR,
        sections,
        sections - 1,
    )
