# SPDX-License-Identifier: Apache-2.0
"""Prints notes as source, for kernels that link them themselves."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from pathlib import Path

from fwbuild.elf.notes import OWNER, Note, Statement

_HEADER = Path(__file__).with_name("fwbuild-note.h")


def as_assembler(notes: Sequence[Note]) -> str:
    """``notes`` for GNU as, whatever the architecture."""
    lines = ["/* What this kernel accepts from its boot loader: fwbuild, docs/reference/notes.md */"]
    for note in notes:
        owner = OWNER.encode() + b"\0"
        words = struct.unpack(f"<{len(note.descriptor) // 4}I", note.descriptor)
        lines += [
            f'\t.pushsection {note.section}, "a", %note',
            "\t.balign\t4",
            f"\t.long\t{len(owner)}, {len(note.descriptor)}, {note.type:#x}",
            f'\t.asciz\t"{OWNER}"',
            f"\t.long\t{', '.join(map(str, words))}",
            "\t.popsection",
        ]
    return "\n".join(lines) + "\n"


def as_c(statement: Statement) -> str:
    """The C header with the macros, and the lines that say ``statement``."""
    return _HEADER.read_text("utf-8") + "\n" + "".join(f"{line}\n" for line in _uses(statement))


def _uses(statement: Statement) -> Iterator[str]:
    if statement.modes:
        flags = "FWBUILD_UNIFORM" if statement.uniform else "0"
        modes = ", ".join(f"FWBUILD_MODE_{mode.name}" for mode in statement.modes)
        yield f"FWBUILD_NOTE_ENTRY_MODES({flags}, {modes});"
    if statement.entry_point is not None:
        yield f"FWBUILD_NOTE_ENTRY_POINT({statement.entry_point:#x});"
    if statement.secondaries:
        methods = ", ".join(f"FWBUILD_START_{method.name}" for method in statement.secondaries)
        yield f"FWBUILD_NOTE_SECONDARIES({methods});"
