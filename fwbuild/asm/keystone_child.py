# SPDX-License-Identifier: Apache-2.0
"""The process in which keystone assembles and capstone reads back what it made.

Called as ``python -I -S keystone_child.py ARCHITECTURE KEYSTONE CAPSTONE`` with the paths
of the two libraries. Reads statements in normal form, one a line; writes ``ready`` and
then, for each as soon as it is done, ``=`` and the bytes in hex or ``!`` and what is
wrong. It may crash or hang: whoever started it knows by the answers where.

It stands alone, and talks to the C interfaces directly: importing fwbuild or the Python
bindings would take longer than assembling.
"""

import ctypes
import re
import sys

# Keystone's arch and mode, its preamble, capstone's arch and mode: keystone.h 0.9.2, capstone.h 5.0.
_ARCHITECTURES = {"armv7-a": (1, 1, b".cpu cortex-a15\n", 0, 0)}

#: Keystone counts the preamble's directive and its end as statements.
_COUNT = 3

#: What the normal form is made of. Nothing here can begin a directive, a second
#: statement or a symbol's definition.
_SAFE = re.compile(r"[a-z][a-z0-9_ ,#+\-\[\]{}^!]*")

_SYNTAX, _NO_REGISTER_NAMES = 1, 3  # capstone.h: CS_OPT_SYNTAX, CS_OPT_SYNTAX_NOREGNAME


class _Instruction(ctypes.Structure):
    """cs_insn of capstone 5."""

    _fields_ = (
        ("id", ctypes.c_uint),
        ("address", ctypes.c_uint64),
        ("size", ctypes.c_uint16),
        ("bytes", ctypes.c_ubyte * 24),
        ("mnemonic", ctypes.c_char * 32),
        ("operands", ctypes.c_char * 160),
        ("detail", ctypes.c_void_p),
    )


class Assembler:
    """Keystone, one statement at a time."""

    def __init__(self, path: str, arch: int, mode: int, preamble: bytes) -> None:
        self._library = ctypes.CDLL(path)
        self._engine = ctypes.c_void_p()
        self._preamble = preamble
        self._library.ks_strerror.restype = ctypes.c_char_p
        if self._library.ks_open(arch, mode, ctypes.byref(self._engine)):
            sys.exit("keystone does not know this instruction set")

    def assemble(self, statement: str) -> bytes:
        """The bytes. Raises ValueError if there are not exactly four, of one statement."""
        code = ctypes.POINTER(ctypes.c_ubyte)()
        size, count = ctypes.c_size_t(), ctypes.c_size_t()
        failed = self._library.ks_asm(
            self._engine,
            self._preamble + statement.encode("ascii"),
            ctypes.c_uint64(0),
            ctypes.byref(code),
            ctypes.byref(size),
            ctypes.byref(count),
        )
        if failed:
            error = self._library.ks_strerror(self._library.ks_errno(self._engine)) or b"no reason given"
            raise ValueError(f"keystone: {error.decode(errors='replace')}")
        made = ctypes.string_at(code, size.value)
        self._library.ks_free(code)
        if len(made) != 4 or count.value != _COUNT:
            raise ValueError(f"keystone made {len(made)} bytes of {count.value} statements")
        return made


class Disassembler:
    """Capstone, one instruction at a time."""

    def __init__(self, path: str, arch: int, mode: int) -> None:
        self._library = ctypes.CDLL(path)
        self._engine = ctypes.c_size_t()
        self._library.cs_disasm.restype = ctypes.c_size_t
        major = self._library.cs_version(None, None) >> 8
        if major != 5:
            sys.exit(f"capstone is version {major}, and 5 is needed")
        if self._library.cs_open(arch, mode, ctypes.byref(self._engine)):
            sys.exit("capstone does not know this instruction set")
        self._library.cs_option(self._engine, _SYNTAX, ctypes.c_size_t(_NO_REGISTER_NAMES))

    def disassemble(self, code: bytes) -> str:
        """The instruction. Raises ValueError if it is not exactly one."""
        found = ctypes.POINTER(_Instruction)()
        count = self._library.cs_disasm(
            self._engine, code, ctypes.c_size_t(len(code)), ctypes.c_uint64(0), ctypes.c_size_t(0), ctypes.byref(found)
        )
        if count != 1 or found[0].size != len(code):
            raise ValueError(f"capstone does not take {code.hex()} for one instruction")
        text = (found[0].mnemonic + b" " + found[0].operands).decode("ascii")
        self._library.cs_free(found, ctypes.c_size_t(count))
        return str(text)


_NUMBER = re.compile(r"-?\b(?:0x[0-9a-f]+|[0-9]+)\b")


def _same(statement: str) -> str:
    """A statement without what capstone and the normal form write differently: spaces, `#`, numbers.

    An offset of -0 stays apart from one of 0: it has another encoding.
    """
    mnemonic, _, operands = statement.partition(" ")
    numbers = _NUMBER.sub(lambda found: found[0] if found[0] == "-0" else str(int(found[0], 0) % 2**32), operands)
    return f"{mnemonic} {numbers}".replace("#", "").replace(" ", "")


def encoding(statement: str, assembler: Assembler, disassembler: Disassembler) -> bytes:
    """The four bytes of a statement. Raises ValueError if they are not surely right."""
    if not _SAFE.fullmatch(statement):
        raise ValueError("this is not in normal form")
    made = assembler.assemble(statement)
    read = disassembler.disassemble(made)
    if _same(read) != _same(statement):
        raise ValueError(f"keystone made {made.hex()} of it, which reads back as `{read.strip()}`")
    return made


def main() -> None:
    """Answer every line of the standard input."""
    architecture, keystone, capstone = sys.argv[1:]
    assembler_arch, assembler_mode, preamble, arch, mode = _ARCHITECTURES[architecture]
    assembler = Assembler(keystone, assembler_arch, assembler_mode, preamble)
    disassembler = Disassembler(capstone, arch, mode)
    print("ready", flush=True)
    for statement in sys.stdin.read().splitlines():
        try:
            answer = "=" + encoding(statement, assembler, disassembler).hex()
        except ValueError as error:
            answer = f"!{error}"
        print(answer, flush=True)


if __name__ == "__main__":
    main()
