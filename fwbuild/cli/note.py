# SPDX-License-Identifier: Apache-2.0
"""``fwbuild note``: shows, makes and emits the notes in which a payload says what it accepts."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from fwbuild.config.toml import unreadable
from fwbuild.elf.emit import as_assembler, as_c
from fwbuild.elf.notes import Note, Statement, understand
from fwbuild.elf.read import is_elf, notes_of
from fwbuild.elf.write import Segment, write_elf32
from fwbuild.engine.key import digest_of_file
from fwbuild.engine.store import storage_error, write_whole
from fwbuild.formats.zimage import read_zimage
from fwbuild.model.contribution import Material
from fwbuild.model.modes import MODES_BY_WORD, Mode, StartMethod
from fwbuild.model.problem import Exit, FwbuildError, Origin, did_you_mean, fail

_METHODS = {method.word: method for method in StartMethod}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="show|wrap|sidecar|emit")
    show = actions.add_parser("show", help="print what the notes of an ELF file say")
    show.add_argument("file", type=Path)
    wrap = actions.add_parser(
        "wrap", help="make an ELF file with notes around a raw image, whose bytes stay as they are"
    )
    wrap.add_argument("file", type=Path, help="the image; of a Linux zImage the modes are known")
    wrap.add_argument("-o", "--output", type=Path, required=True, metavar="ELF", help="the file to write")
    wrap.add_argument(
        "--address", type=_number, default=0, help="where the image must be loaded; by default anywhere (0)"
    )
    _add_statement(wrap)
    sidecar = actions.add_parser(
        "sidecar", help="make a note file that speaks for a file which must stay as it is, such as a signed image"
    )
    sidecar.add_argument("file", type=Path, help="the payload; of a Linux zImage the modes are known")
    sidecar.add_argument("-o", "--output", type=Path, metavar="ELF", help="the file to write; by default FILE.notes")
    _add_statement(sidecar)
    emit = actions.add_parser("emit", help="print notes as source, for kernels that link them themselves")
    emit.add_argument("--language", choices=("asm", "c"), default="asm", help="GNU as, or a C header; by default asm")
    _add_statement(emit)


def _add_statement(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--modes", metavar="MODE,...", help=f"accepted modes, most preferred first: {', '.join(MODES_BY_WORD)}"
    )
    parser.add_argument(
        "--entry-point",
        type=_number,
        metavar="NUMBER",
        help="address or offset of the entry; by default nothing is said",
    )
    parser.add_argument("--each-its-own", action="store_true", help="CPUs may be in different modes")
    parser.add_argument(
        "--secondaries", metavar="METHOD,...", help=f"accepted ways to start secondaries: {', '.join(_METHODS)}"
    )


def _number(text: str) -> int:
    number = int(text, 0)
    if not 0 <= number < 1 << 64:
        raise ValueError(text)
    return number


def run(arguments: argparse.Namespace) -> int:
    """Show, wrap, sidecar or emit."""
    if arguments.action == "show":
        _show(arguments.file)
    elif arguments.action == "wrap":
        _wrap(arguments)
    elif arguments.action == "sidecar":
        _sidecar(arguments)
    else:
        statement = _statement(arguments, (Mode.MONITOR, Mode.HYP, Mode.SVC))
        sys.stdout.write(as_c(statement) if arguments.language == "c" else as_assembler(statement.notes()))
    return int(Exit.GOOD)


def _show(path: Path) -> None:
    try:
        elf = is_elf(path)
    except OSError as error:
        raise unreadable(path, error) from error
    if not elf:
        raise fail(
            "bad-elf",
            f"{path} is no ELF file, so it has no notes",
            hint="`fwbuild note wrap` makes one with notes around a raw image",
        )
    notes = notes_of(path)
    if not notes:
        sys.stdout.write(f"{path}: no notes of fwbuild\n")
        return
    sys.stdout.write(f"{path}:\n" + describe(notes, str(path)))


def describe(notes: tuple[Note, ...], path: str) -> str:
    """What ``notes`` say, a line each. Raises FwbuildError ``bad-note``."""
    statement = understand(notes, path=path)
    lines = []
    if statement.modes:
        which = "the same on every CPU" if statement.uniform else "each CPU its own"
        lines.append(f"  modes        {', '.join(mode.word for mode in statement.modes)} ({which})")
    if statement.entry_point is not None:
        lines.append(f"  entry point  {statement.entry_point:#x}")
    if statement.secondaries:
        lines.append(f"  secondaries  {', '.join(method.word for method in statement.secondaries)}")
    if statement.payload_digest:
        lines.append(f"  digest       sha256 {statement.payload_digest.hex()}")
    return "".join(f"{line}\n" for line in lines)


def _wrap(arguments: argparse.Namespace) -> None:
    path: Path = arguments.file
    image, elf = _payload(path)
    if elf:
        raise fail("bad-payload", f"{path} is an ELF file already", hint="link the notes into it: `fwbuild note emit`")
    memory_size, modes = _recognise(image)
    statement = _statement(arguments, modes, digest=image.digest)
    segment = Segment(name="payload", address=arguments.address, content=path, memory_size=memory_size, executable=True)
    _write(arguments.output, arguments.address, [segment], statement)


def _sidecar(arguments: argparse.Namespace) -> None:
    """Write notes alone, bound by digest to the file that they speak for."""
    path: Path = arguments.file
    image, elf = _payload(path)
    statement = _statement(arguments, () if elf else _recognise(image)[1], digest=image.digest)
    _write(arguments.output or path.with_name(f"{path.name}.notes"), 0, [], statement)


def _payload(path: Path) -> tuple[Material, bool]:
    """The file at ``path``, and whether it is an ELF file."""
    try:
        image = Material(name=str(path), path=path, digest=digest_of_file(path), size=path.stat().st_size)
        return image, is_elf(path)
    except OSError as error:
        raise unreadable(path, error) from error


def _write(output: Path, entry: int, segments: Sequence[Segment], statement: Statement) -> None:
    """Write an ELF file with the notes of ``statement``, whole or not at all, and show them."""
    partial = output.with_name(f".{output.name}.partial")
    try:
        with partial.open("wb") as file:
            write_elf32(file, entry=entry, segments=segments, notes=statement.notes())
        write_whole(output, partial.read_bytes())
    except OSError as error:
        raise storage_error(error, output.parent) from error
    finally:
        partial.unlink(missing_ok=True)
    sys.stdout.write(f"{output}:\n" + describe(statement.notes(), str(output)))


def _recognise(image: Material) -> tuple[int, tuple[Mode, ...]]:
    """The memory that ``image`` needs and the modes it accepts, as far as it tells."""
    try:
        zimage = read_zimage(image)
    except FwbuildError as error:
        if "is no zImage" in error.problems[0].message:
            return image.size, ()
        raise
    return zimage.memory_size, (Mode.HYP, Mode.SVC) if zimage.is_linux else ()


def _statement(arguments: argparse.Namespace, default: tuple[Mode, ...], digest: str = "") -> Statement:
    modes = default
    if arguments.modes:
        modes = tuple(MODES_BY_WORD[word] for word in _words(arguments.modes, MODES_BY_WORD))
    if not modes:
        raise fail(
            "usage",
            f"{arguments.file} does not tell which modes it accepts",
            origin=Origin(path=str(arguments.file)),
            hint="say it with --modes, such as --modes hyp for Xen",
        )
    methods = tuple(_METHODS[word] for word in _words(arguments.secondaries or "", _METHODS))
    return Statement(
        modes=modes,
        uniform=not arguments.each_its_own,
        entry_point=arguments.entry_point,
        secondaries=methods,
        payload_digest=bytes.fromhex(digest),
    )


def _words(text: str, known: dict[str, Mode] | dict[str, StartMethod]) -> list[str]:
    words = [word.strip() for word in text.split(",") if word.strip()]
    for word in words:
        if word not in known:
            raise fail("usage", f"there is no `{word}`", hint=did_you_mean(word, known))
    if len(set(words)) != len(words):
        raise fail("usage", f"`{text}` names something twice")
    return words
