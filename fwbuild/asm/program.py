# SPDX-License-Identifier: Apache-2.0
"""From the sources of a program to its bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fwbuild.asm.architecture import Architecture, find_architecture
from fwbuild.asm.encoder import Encoder, Statement
from fwbuild.asm.expression import show
from fwbuild.asm.layout import Layout
from fwbuild.asm.section import Datum, Filling, Instruction, Section
from fwbuild.asm.symbols import Symbols
from fwbuild.model.problem import FwbuildError, Problem

__all__ = ["Assembled", "Encoder", "Program", "SourceText", "assemble"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceText:
    """One assembler source; ``path`` is what messages call it."""

    path: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What is to be assembled, as one unit."""

    #: as "armv7-a"
    architecture: str
    #: as GNU as calls it: "cortex-a15"
    cpu: str
    #: where the first byte will be: u32, a multiple of 4
    address: int
    #: in this order
    sources: tuple[SourceText, ...]
    #: absolute symbols from outside; u32
    symbols: Mapping[str, int]
    #: label -> u32 words, laid out in this order before the first source, or behind the last
    tables: Mapping[str, tuple[int, ...]]
    tables_last: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembled:
    """A program as bytes."""

    code: bytes
    #: label -> absolute address; neither constants nor symbols from outside
    symbols: Mapping[str, int]
    #: (address, path, line) of each instruction and datum, ascending
    lines: tuple[tuple[int, str, int], ...]


def assemble(program: Program, encoder: Encoder) -> Assembled:
    """Assemble a program.

    Raises FwbuildError ``assembly`` with every problem found, in the order of the
    sources, each with its line and column.
    """
    architecture = find_architecture(program.architecture, program.cpu)
    if problems := _wrong_numbers(program):
        raise FwbuildError(problems)
    symbols = Symbols(program.symbols, architecture.is_register)
    section = Section(program.address, symbols, architecture.padding)
    problems = _lay_out(program, section, architecture)
    problems += symbols.problems()
    code = _encode(section, architecture, encoder, problems)
    if problems:
        raise FwbuildError(_in_order(problems, program))
    return Assembled(code=code, symbols=symbols.labels, lines=_lines(section))


def _wrong_numbers(program: Program) -> list[Problem]:
    """What is wrong with the numbers that come from outside."""
    numbers = [("the address of the program", program.address)]
    numbers += [(f"the symbol `{name}`", number) for name, number in program.symbols.items()]
    numbers += [(f"a word of the table `{name}`", word) for name, words in program.tables.items() for word in words]
    found = [f"{what} is {show(number)}, which is no u32" for what, number in numbers if not 0 <= number < 1 << 32]
    if program.address % 4:
        found.append(f"the address of the program, {program.address:#x}, is not a multiple of 4")
    return [Problem(code="assembly", message=message) for message in found]


def _lay_out(program: Program, section: Section, architecture: Architecture) -> list[Problem]:
    """The first pass: an address for every piece. Returns what is wrong."""
    problems = [
        Problem(code="assembly", message=f"a symbol from outside: {refusal}")
        for name in program.symbols
        if (refusal := section.symbols.refusal(name))
    ]
    if not program.tables_last:
        problems += _lay_out_tables(program, section)
    layout = Layout(section, architecture)
    for source in program.sources:
        layout.read(source.path, source.text)
    layout.finish()
    if program.tables_last:
        problems += _lay_out_tables(program, section)
    return problems + layout.problems


def _lay_out_tables(program: Program, section: Section) -> list[Problem]:
    problems: list[Problem] = []
    for name, words in program.tables.items():
        try:
            section.add_table(name, words)
        except FwbuildError as error:
            problems.extend(error.problems)
    return problems


def _encode(section: Section, architecture: Architecture, encoder: Encoder, problems: list[Problem]) -> bytes:
    """The second pass: the bytes of every piece. Adds to ``problems`` what is wrong."""
    code = bytearray(section.here - section.start)
    instructions: list[Instruction] = []
    statements: list[Statement] = []

    def put(address: int, content: bytes) -> None:
        code[address - section.start : address - section.start + len(content)] = content

    for piece in section.pieces:
        try:
            if isinstance(piece, Filling):
                put(piece.address, piece.content)
            elif isinstance(piece, Datum):
                put(piece.address, piece.expression.bits(piece.scope, piece.size * 8).to_bytes(piece.size, "little"))
            else:
                statements.append(architecture.normalise(piece))
                instructions.append(piece)
        except FwbuildError as error:
            problems.extend(error.problems)
    for piece, statement, encoding in zip(instructions, statements, encoder.encode(statements), strict=True):
        if isinstance(encoding, bytes) and len(encoding) == 4:
            put(piece.address, encoding)
        else:
            reason = encoding if isinstance(encoding, str) else f"it became {len(encoding)} bytes"
            message = f"`{statement.text}` cannot be encoded: {reason}"
            problems.extend(piece.place.refuse(message, piece.column).problems)
    return bytes(code)


def _lines(section: Section) -> tuple[tuple[int, str, int], ...]:
    return tuple(
        (piece.address, piece.place.path, piece.place.line)
        for piece in section.pieces
        if piece.place is not None and not (isinstance(piece, Filling) and not piece.content)
    )


def _in_order(problems: list[Problem], program: Program) -> list[Problem]:
    """In the order of the sources, each once: a bad constant is found again at every use."""
    rank = {source.path: index for index, source in enumerate(program.sources)}

    def key(problem: Problem) -> tuple[int, int, int]:
        origin = problem.origin
        return (-1, 0, 0) if origin is None else (rank.get(origin.path, len(rank)), origin.line, origin.column)

    return sorted(dict.fromkeys(problems), key=key)
