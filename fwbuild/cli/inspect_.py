# SPDX-License-Identifier: Apache-2.0
"""``fwbuild inspect``: reads an ELF image with a library that did not write it.

fwbuild writes ELF with its own few lines and reads it back with pyelftools. LIEF is a
third, independent reader: what it says is what other people's tools will say.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from fwbuild.cli.note import describe
from fwbuild.config.toml import unreadable
from fwbuild.elf.notes import OWNER, Note
from fwbuild.elf.read import is_elf, notes_of
from fwbuild.engine import child
from fwbuild.engine.key import digest_of_file
from fwbuild.model.problem import Exit, Origin, fail

_READER = Path(__file__).parent.parent / "elf" / "lief_child.py"
#: Seconds for reading one file; LIEF takes half a second to start.
_TIMEOUT = 60


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("file", type=Path, help="an ELF file, fwbuild's or not")
    parser.add_argument("--json", action="store_true", help="print what LIEF read as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Show header, segments and notes."""
    path: Path = arguments.file
    found = _read(path)
    if arguments.json:
        sys.stdout.write(json.dumps(found, indent=2) + "\n")
        return int(Exit.GOOD)
    sys.stdout.write(
        f"{path}: {found['class']} for {found['machine']}, entry {found['entry']:#x}, {found['symbols']} symbols\n"
        f"  sha256 {digest_of_file(path)}\n"
    )
    for segment in found["segments"]:
        names = ", ".join(segment["sections"])
        sys.stdout.write(
            f"  {segment['type']:<5} {segment['address']:#010x}  {segment['size']:>10,} bytes,"
            f" {segment['memory-size']:>10,} in memory  {names}\n"
        )
    notes = tuple(
        Note(note["type"], bytes.fromhex(note["descriptor"])) for note in found["notes"] if note["owner"] == OWNER
    )
    sys.stdout.write(describe(notes, str(path)) if notes else "  no notes of fwbuild\n")
    _compare(path, notes)
    return int(Exit.GOOD)


def _read(path: Path) -> dict[str, Any]:
    try:
        elf = is_elf(path)
    except OSError as error:
        raise unreadable(path, error) from error
    if not elf:
        raise fail("bad-elf", f"{path} is no ELF file", origin=Origin(path=str(path)))
    ended = child.run([sys.executable, str(_READER), str(path)], timeout=_TIMEOUT)
    if ended.status != 0:
        words = ended.last_lines(1) or f"exit status {ended.status}"
        raise fail("bad-elf", f"LIEF cannot read {path}: {words}", origin=Origin(path=str(path)))
    found = json.loads(ended.output)
    assert isinstance(found, dict)
    return found


def _compare(path: Path, notes: tuple[Note, ...]) -> None:
    """Two readers must find the same notes."""
    ours = notes_of(path)
    if ours != notes:
        raise fail(
            "bad-elf",
            f"LIEF finds {len(notes)} notes of fwbuild in {path}, pyelftools {len(ours)}",
            origin=Origin(path=str(path)),
            hint="the file is damaged, or one of the readers is wrong: readelf -n is a third",
        )
