# SPDX-License-Identifier: Apache-2.0
"""Reads what an ELF file for 32-bit ARM wants loaded, and where it is entered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fwbuild.elf.notes import Note
from fwbuild.elf.read import notes_of, opened
from fwbuild.model.contribution import ElfSegment
from fwbuild.model.problem import FwbuildError, Problem, fail
from fwbuild.model.region import Region

if TYPE_CHECKING:
    from elftools.elf.elffile import ELFFile

#: Addresses have 32 bits.
_END = 1 << 32

_SCRIPT = "physical addresses come from the linker script: AT(...) of its output sections"


@dataclass(frozen=True, slots=True, kw_only=True)
class Loadable:
    """An ELF file as a loader sees it."""

    #: in ascending order of physical addresses, without one that overlaps another
    segments: tuple[ElfSegment, ...]
    #: physical address of the entry; None if the header's leads into no segment
    entry: int | None
    notes: tuple[Note, ...]


def read_loadable(path: Path, shown: str) -> Loadable:
    """Read and check the ELF file at ``path``, called ``shown`` in messages.

    Raises FwbuildError ``bad-elf`` for a file that is no little-endian ELF32 for ARM, is
    damaged, or has segments that contradict each other; all of that at once.
    """
    with opened(path, shown) as elf:
        _check_kind(elf, shown)
        headers = [
            segment.header for segment in elf.iter_segments() if segment.header.p_type == "PT_LOAD" and _takes(segment)
        ]
        problems = list(_faults(headers, path.stat().st_size, shown))
        if problems:
            raise FwbuildError(problems)
        entry = _physical(elf.header.e_entry, headers)
        segments = [
            ElfSegment(address=header.p_paddr, offset=header.p_offset, size=header.p_filesz, memory_size=header.p_memsz)
            for header in headers
        ]
    ordered = tuple(sorted(segments, key=lambda segment: segment.address))
    return Loadable(segments=ordered, entry=entry, notes=notes_of(path, shown))


def _takes(segment: Any) -> bool:
    """Whether the segment has any byte in the file or in memory."""
    return bool(segment.header.p_filesz or segment.header.p_memsz)


def _check_kind(elf: ELFFile, shown: str) -> None:
    """Raise FwbuildError unless ``elf`` is for a little-endian 32-bit ARM processor."""
    if elf.elfclass != 32:
        message = f"{shown} is ELF{elf.elfclass}, but the payload runs on 32-bit CPUs"
        raise fail("bad-elf", message, hint="build it for 32-bit ARM")
    if not elf.little_endian:
        raise fail("bad-elf", f"{shown} is a big-endian ELF file", hint="fwbuild boots little-endian payloads")
    if elf.header.e_machine != "EM_ARM":
        machine = str(elf.header.e_machine).removeprefix("EM_")
        raise fail("bad-elf", f"{shown} is an ELF file for {machine}, not for ARM", hint="build it for 32-bit ARM")


def _faults(headers: Sequence[Any], file_size: int, shown: str) -> Iterator[Problem]:
    """What is wrong with the loadable segments."""
    taken: list[Region] = []
    for header in headers:
        region = Region(header.p_paddr, header.p_memsz)
        what = f"{shown}: the segment for {header.p_paddr:#x}"
        if header.p_filesz > header.p_memsz:
            message = f"{what} has {header.p_filesz:,} bytes in the file and {header.p_memsz:,} in memory"
            yield _bad(message, "the file is damaged")
        elif header.p_offset + header.p_filesz > file_size:
            end = header.p_offset + header.p_filesz
            yield _bad(f"{what} ends at {end:,}, but the file has {file_size:,} bytes", "is it cut short?")
        elif region.end > _END:
            yield _bad(f"{what} ends at {region.end:#x}, beyond 32 bits", _SCRIPT)
        for other in taken:
            if other.overlaps(region):
                yield _bad(f"{shown}: the segments for {other} and {region} overlap", _SCRIPT)
        taken.append(region)


def _bad(message: str, hint: str) -> Problem:
    return Problem(code="bad-elf", message=message, hint=hint)


def _physical(entry: int, headers: Sequence[Any]) -> int | None:
    """Where ``entry``, a virtual address as the ABI has it, lies in physical memory."""
    for key in ("p_vaddr", "p_paddr"):
        for header in headers:
            if header[key] <= entry < header[key] + header.p_memsz:
                return int(entry - header[key] + header["p_paddr"])
    return None
