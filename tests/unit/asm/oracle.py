# SPDX-License-Identifier: Apache-2.0
"""GNU as, ld and objcopy on whole sources: what says which bytes are right.

A test that needs them fails where they are missing; CI installs them.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from fwbuild.asm.program import Program

_PREFIX = "arm-linux-gnueabihf-"
_HEADER = (
    ".syntax unified",
    ".cpu cortex-a15",
    ".arch_extension sec",
    ".arch_extension virt",
    ".arm",
)


def image(program: Program) -> bytes:
    """The bytes of a whole program."""
    tables = [f"{name}: .word {', '.join(map(str, words))}" for name, words in program.tables.items()]
    return link([*tables, *(source.text for source in program.sources)], program.address, program.symbols)


def link(lines: Sequence[str], address: int = 0x8000, symbols: Mapping[str, int] | None = None) -> bytes:
    """The bytes of source lines."""
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder, "o")
        definitions = [f"--defsym={name}={value:#x}" for name, value in (symbols or {}).items()]
        done = _assemble(lines, ["-o", str(made), *definitions])
        assert done.returncode == 0, done.stderr
        linked, flat = Path(folder, "elf"), Path(folder, "bin")
        _run(["ld", f"-Ttext={address:#x}", "--entry=0", "-o", str(linked), str(made)])
        _run(["objcopy", "-O", "binary", "-j", ".text", str(linked), str(flat)])
        return flat.read_bytes()


def refused(lines: Sequence[str]) -> dict[int, str]:
    """What GNU as finds wrong: index of the line -> its words."""
    done = _assemble(lines, ["-o", "/dev/null"])
    found = re.findall(r"^\{standard input\}:(\d+): Error: (.*)$", done.stderr, re.MULTILINE)
    return {int(line) - 1 - len(_HEADER): message for line, message in found}


def _assemble(lines: Sequence[str], options: Sequence[str]) -> subprocess.CompletedProcess[str]:
    text = "\n".join([*_HEADER, *lines]) + "\n"
    command = [_PREFIX + "as", "--no-warn", *options, "--"]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False)


def _run(command: Sequence[str]) -> None:
    done = subprocess.run([_PREFIX + command[0], *command[1:]], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def symbols(program: Program) -> dict[str, int]:
    """Every symbol of a whole program, linked."""
    tables = [f"{name}: .word {', '.join(map(str, words))}" for name, words in program.tables.items()]
    with tempfile.TemporaryDirectory() as folder:
        made, linked = Path(folder, "o"), Path(folder, "elf")
        definitions = [f"--defsym={name}={value:#x}" for name, value in program.symbols.items()]
        lines = [*tables, *(source.text for source in program.sources)]
        done = _assemble(lines, ["-o", str(made), *definitions])
        assert done.returncode == 0, done.stderr
        _run(["ld", f"-Ttext={program.address:#x}", "--entry=0", "-o", str(linked), str(made)])
        command = [_PREFIX + "nm", str(linked)]
        listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return {name: int(address, 16) for address, _, name in map(str.split, listed.splitlines())}
