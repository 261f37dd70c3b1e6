# SPDX-License-Identifier: Apache-2.0
"""The ELF notes in which a payload says what it accepts.

Owner ``fwbuild``, types from 0x100 on, every word little-endian, 4-byte alignment in
ELF32 and ELF64 alike. docs/reference/notes.md has the table for kernel developers.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from fwbuild.model.modes import Mode, StartMethod
from fwbuild.model.problem import fail

OWNER = "fwbuild"

#: Note types. Type 1 of any owner is misread as a GNU tag by common tools.
ENTRY_MODES = 0x100
ENTRY_POINT = 0x101
SECONDARIES = 0x102
PAYLOAD_DIGEST = 0x103

ENTRY_MODES_VERSION = 1
#: Flag bit 0 of ENTRY_MODES: every CPU must be handed over in the same mode.
UNIFORM = 1


@dataclass(frozen=True, slots=True)
class Note:
    """One note of ours: its type and the bytes of its descriptor."""

    type: int
    descriptor: bytes

    @property
    def section(self) -> str:
        """The name of the ELF section for it."""
        return f".note.{OWNER}.{_NAMES.get(self.type, f'{self.type:#x}')}"

    def encode(self) -> bytes:
        """The note as it lies in memory: header, owner, descriptor, each 4-byte aligned."""
        owner = OWNER.encode() + b"\0"
        header = struct.pack("<III", len(owner), len(self.descriptor), self.type)
        return header + _padded(owner) + _padded(self.descriptor)


_NAMES = {
    ENTRY_MODES: "entry-modes",
    ENTRY_POINT: "entry-point",
    SECONDARIES: "secondaries",
    PAYLOAD_DIGEST: "payload-digest",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What a set of notes says, understood."""

    modes: tuple[Mode, ...] = ()
    uniform: bool = False
    entry_point: int | None = None
    secondaries: tuple[StartMethod, ...] = ()
    #: SHA-256 of the payload's own bytes, 32 bytes; empty if nobody says
    payload_digest: bytes = b""

    def notes(self) -> tuple[Note, ...]:
        """The notes that say this, in the order of their types."""
        notes = []
        if self.modes:
            flags = UNIFORM if self.uniform else 0
            notes.append(Note(ENTRY_MODES, _words(ENTRY_MODES_VERSION, flags, *self.modes)))
        if self.entry_point is not None:
            notes.append(Note(ENTRY_POINT, struct.pack("<Q", self.entry_point)))
        if self.secondaries:
            notes.append(Note(SECONDARIES, _words(*self.secondaries)))
        if self.payload_digest:
            notes.append(Note(PAYLOAD_DIGEST, self.payload_digest))
        return tuple(notes)


def understand(notes: Sequence[Note], *, path: str) -> Statement:
    """What ``notes`` of the file ``path`` say.

    Raises FwbuildError ``bad-note`` for a note that breaks its format or stands twice.
    Types that this version does not know are left aside: they may be newer.
    """
    found: dict[int, bytes] = {}
    for note in notes:
        if note.type in found:
            raise _bad(path, note.type, "stands twice")
        found[note.type] = note.descriptor
    modes, uniform = _entry_modes(found[ENTRY_MODES], path) if ENTRY_MODES in found else ((), False)
    point = found.get(ENTRY_POINT)
    if point is not None and len(point) != 8:
        raise _bad(path, ENTRY_POINT, f"has {len(point)} bytes, not 8")
    digest = found.get(PAYLOAD_DIGEST, b"")
    if digest and len(digest) != 32:
        raise _bad(path, PAYLOAD_DIGEST, f"has {len(digest)} bytes, not 32")
    return Statement(
        modes=modes,
        uniform=uniform,
        entry_point=None if point is None else int.from_bytes(point, "little"),
        secondaries=_secondaries(found[SECONDARIES], path) if SECONDARIES in found else (),
        payload_digest=digest,
    )


def _entry_modes(descriptor: bytes, path: str) -> tuple[tuple[Mode, ...], bool]:
    words = _unpacked(descriptor, path, ENTRY_MODES)
    if len(words) < 3:
        raise _bad(path, ENTRY_MODES, "names no mode")
    version, flags, *codes = words
    if version != ENTRY_MODES_VERSION:
        raise _bad(path, ENTRY_MODES, f"has version {version}; this fwbuild knows {ENTRY_MODES_VERSION}")
    if flags & ~UNIFORM:
        raise _bad(path, ENTRY_MODES, f"has unknown flags {flags:#x}")
    if len(set(codes)) != len(codes):
        raise _bad(path, ENTRY_MODES, "names a mode twice")
    unknown = [code for code in codes if code not in Mode.__members__.values()]
    if unknown:
        raise _bad(path, ENTRY_MODES, f"names the unknown mode {unknown[0]}")
    return tuple(Mode(code) for code in codes), bool(flags & UNIFORM)


def _secondaries(descriptor: bytes, path: str) -> tuple[StartMethod, ...]:
    codes = _unpacked(descriptor, path, SECONDARIES)
    unknown = [code for code in codes if code not in StartMethod.__members__.values()]
    if unknown:
        raise _bad(path, SECONDARIES, f"names the unknown start method {unknown[0]}")
    return tuple(StartMethod(code) for code in codes)


def _unpacked(descriptor: bytes, path: str, note_type: int) -> tuple[int, ...]:
    if len(descriptor) % 4:
        raise _bad(path, note_type, f"has {len(descriptor)} bytes, which are no whole words")
    return struct.unpack(f"<{len(descriptor) // 4}I", descriptor)


def _bad(path: str, note_type: int, what: str) -> Exception:
    name = _NAMES.get(note_type, hex(note_type)).upper().replace("-", "_")
    return fail("bad-note", f"{path}: the {name} note {what}", hint="docs/reference/notes.md has the format")


def _words(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}I", *values)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
