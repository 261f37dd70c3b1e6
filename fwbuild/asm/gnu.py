# SPDX-License-Identifier: Apache-2.0
"""GNU as as an encoder: every instruction of a program in one run."""

from __future__ import annotations

import io
import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from shutil import which

from fwbuild.asm.encoder import Statement
from fwbuild.engine import child
from fwbuild.model.problem import fail

#: Seconds; a whole boot program takes hundredths of one.
_TIME_LIMIT = 60.0

#: What the front end may use of each instruction set; it knows itself what a CPU lacks.
_HEADERS = {
    "armv7-a": (
        ".syntax unified",
        ".arch armv7-a",
        ".arch_extension sec",
        ".arch_extension virt",
        ".arch_extension idiv",
        ".arch_extension mp",
        ".arm",
    )
}
_NOTHING = "nop"

#: Programs that may be GNU as for an instruction set, and how it then calls its target.
_PROGRAMS = {"armv7-a": (("arm-linux-gnueabihf-as", "arm-none-eabi-as", "arm-linux-gnueabi-as", "as"), "arm")}

_MESSAGE = re.compile(r"^\{standard input\}:(\d+): (?:Error|Fatal error): (.*)$", re.MULTILINE)
_ENVIRONMENT = {"LC_ALL": "C"}


def find_gnu(architecture: str) -> GnuEncoder | None:
    """GNU as for an instruction set, if there is one in the search path."""
    names, target = _PROGRAMS[architecture]
    for program in filter(None, map(which, names)):
        version = child.run([program, "--version"], timeout=_TIME_LIMIT, environment=_ENVIRONMENT).output.decode()
        if f"configured for a target of `{target}" in version:
            return GnuEncoder(architecture, program, version.partition("\n")[0])
    return None


class GnuEncoder:
    """Hands instructions to GNU as and takes them out of the object file."""

    def __init__(self, architecture: str, program: str, version: str) -> None:
        self._header = _HEADERS[architecture]
        self._program = program
        self._version = version

    def fingerprint(self) -> Mapping[str, str]:
        """The first line of what ``--version`` prints."""
        return {"assembler": self._version}

    def encode(self, statements: Sequence[Statement]) -> Sequence[bytes | str]:
        """Four bytes for each statement, or GNU as's own words.

        GNU as makes no object file when there is an error, so the statements without
        one are then assembled again.
        """
        texts = [_text(statement) for statement in statements]
        if not texts:
            return []
        errors: dict[int, str] = {}
        code = self._run(texts, errors)
        if code is None:
            code = self._run([_NOTHING if index in errors else text for index, text in enumerate(texts)], errors)
        if code is None:
            code = b""
        return [
            errors.get(index) or code[4 * index : 4 * index + 4] or "GNU as found other statements wrong"
            for index in range(len(texts))
        ]

    def _run(self, texts: Sequence[str], errors: dict[int, str]) -> bytes | None:
        """The bytes, or None and what is wrong with each statement."""
        lines = [*self._header, *texts]
        with tempfile.TemporaryDirectory(prefix="fwbuild-as-") as folder:
            made = Path(folder, "o")
            ended = child.run(
                [self._program, "-EL", "--no-warn", "-o", str(made), "--"],
                timeout=_TIME_LIMIT,
                environment=_ENVIRONMENT,
                data=("\n".join(lines) + "\n").encode("ascii"),
            )
            if ended.status == 0:
                return _text_section(made.read_bytes(), 4 * len(texts))
        output = ended.errors.decode(errors="replace")
        for line, message in _MESSAGE.findall(output):
            errors.setdefault(int(line) - 1 - len(self._header), message)
        if not errors or min(errors) < 0:
            raise fail("step-failed", f"{self._program} failed: {ended.last_lines()}")
        return None


def _text(statement: Statement) -> str:
    return statement.text if statement.branch is None else f"{statement.text} . + {statement.branch}"


def _text_section(content: bytes, size: int) -> bytes:
    """The bytes of .text; none of them may be left to a linker."""
    from elftools.elf.elffile import ELFFile

    file = ELFFile(io.BytesIO(content))
    section = file.get_section_by_name(".text")
    code: bytes = section.data() if section is not None else b""
    if len(code) != size or file.get_section_by_name(".rel.text") is not None:
        raise fail("bug", f"GNU as made {len(code)} bytes where {size} were expected, or left some to a linker")
    return code
