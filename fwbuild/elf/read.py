# SPDX-License-Identifier: Apache-2.0
"""Reads ELF files through pyelftools, and says what is wrong with bad ones."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from fwbuild.elf.notes import OWNER, Note
from fwbuild.model.problem import FwbuildError, Origin, fail

if TYPE_CHECKING:
    from elftools.elf.elffile import ELFFile

MAGIC = b"\x7fELF"


def is_elf(path: Path) -> bool:
    """Whether ``path`` starts like an ELF file. Raises OSError."""
    with path.open("rb") as file:
        return file.read(4) == MAGIC


@contextlib.contextmanager
def opened(path: Path, shown: str = "") -> Iterator[ELFFile]:
    """The ELF file at ``path``; ``shown`` is the name for messages.

    Raises FwbuildError ``bad-elf`` for whatever pyelftools cannot make sense of, also
    inside the block.
    """
    from elftools.common.exceptions import ELFError
    from elftools.construct.core import ConstructError
    from elftools.elf.elffile import ELFFile

    try:
        with path.open("rb") as file:
            yield ELFFile(file)
    except FwbuildError:
        raise
    except (ELFError, ConstructError, ValueError, KeyError, IndexError, AttributeError, OverflowError) as error:
        raise _bad_elf(shown or str(path), error) from error


def _bad_elf(shown: str, error: Exception) -> FwbuildError:
    detail = str(error) or type(error).__name__
    return fail("bad-elf", f"not a readable ELF file: {detail}", origin=Origin(path=shown), hint="is it cut short?")


def notes_of(path: Path, shown: str = "") -> tuple[Note, ...]:
    """Our notes in the ELF file at ``path``, in file order, whether or not it has sections.

    Raises FwbuildError ``bad-elf``.
    """
    from elftools.elf.segments import NoteSegment

    with opened(path, shown) as elf:
        # The numeric type: pyelftools gives some types names of other owners.
        return tuple(
            Note(_number(note["n_type"]), bytes(note["n_descdata"]))
            for segment in elf.iter_segments()
            if isinstance(segment, NoteSegment)
            for note in segment.iter_notes()
            if note["n_name"] == OWNER
        )


def _number(note_type: object) -> int:
    if isinstance(note_type, int):
        return note_type
    raise ValueError(f"note type {note_type} is reserved for GNU tools")
