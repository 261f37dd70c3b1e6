# SPDX-License-Identifier: Apache-2.0
"""Keystone as an encoder, in a process of its own that may crash or hang."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from fwbuild.asm.encoder import Statement
from fwbuild.engine import child
from fwbuild.model.problem import fail

_CHILD = Path(__file__).with_name("keystone_child.py")

#: Seconds for one run, and for each statement in it; a whole boot program takes 0.05.
_TIME_LIMIT = 10.0
_TIME_EACH = 0.01

#: How many statements may end the process before it is given up.
_MOST_FAILURES = 4


def find_keystone(architecture: str) -> KeystoneEncoder | str:
    """Keystone, or what is missing for it."""
    keystone = _library("keystone", "libkeystone.so")
    if keystone is None:
        return "the Python package keystone-engine is not installed"
    capstone = _library("capstone", "lib/libcapstone.so", "lib/libcapstone.so.5")
    if capstone is None:
        return "the Python package capstone is not installed, and without it keystone's output cannot be checked"
    version = _version(capstone)
    if version[0].isdigit() and not version.startswith("5."):
        return f"the Python package capstone is version {version}, and keystone_child.py reads what version 5 says"
    return KeystoneEncoder(architecture, keystone, capstone)


def _library(package: str, *names: str) -> Path | None:
    """A library inside a Python package, found without importing the package."""
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        return None
    return next((path for name in names if (path := Path(found.origin).parent / name).is_file()), None)


class KeystoneEncoder:
    """Hands instructions to keystone_child.py, all in one run unless one of them ends it."""

    def __init__(self, architecture: str, keystone: Path, capstone: Path) -> None:
        self.libraries = {"keystone": keystone, "capstone": capstone}
        self.command = [sys.executable, "-I", "-S", str(_CHILD), architecture, str(keystone), str(capstone)]

    def fingerprint(self) -> Mapping[str, str]:
        """The versions of keystone, which makes the bytes, and capstone, which checks them."""
        return {name: _version(path) for name, path in self.libraries.items()}

    def encode(self, statements: Sequence[Statement]) -> Sequence[bytes | str]:
        """Four bytes for each statement, or why there are none.

        A statement at which the process ended is tried once more, alone; keystone's
        crashes are rare and not always repeated.
        """
        texts = [_text(statement) for statement in statements]
        answers: list[bytes | str] = []
        failures = 0
        while len(answers) < len(texts):
            if failures == _MOST_FAILURES:
                answers.append("not tried, because keystone failed at statements before it")
                continue
            run, ending = self._run(texts[len(answers) :])
            answers += run
            if len(answers) < len(texts):
                failures += 1
                alone, ending = self._run(texts[len(answers) : len(answers) + 1])
                answers += alone or [f"keystone {ending} at this statement"]
        return answers

    def _run(self, texts: Sequence[str]) -> tuple[list[bytes | str], str]:
        """The answers of one process, and how it ended, in words."""
        limit = _TIME_LIMIT + _TIME_EACH * len(texts)
        with child.started(self.command, stdin=subprocess.PIPE) as process:
            try:
                output, errors = process.communicate("".join(f"{text}\n" for text in texts).encode("ascii"), limit)
                ending = f"crashed (signal {-process.returncode})" if process.returncode < 0 else "stopped"
            except subprocess.TimeoutExpired as expired:
                output, errors = expired.output or b"", b""
                ending = f"did not answer within {limit:g} seconds"
        ready, *lines = output.decode("ascii", "replace").split("\n")
        if ready != "ready":
            last = errors.decode(errors="replace").strip().rpartition("\n")[2]
            raise fail(
                "tool-missing",
                f"keystone cannot be used: it {ending} before the first statement" + (f": {last}" if last else ""),
                hint="reinstall keystone-engine and capstone 5, or use GNU as",
            )
        # The last line has no end if the process ended while it was written.
        return [_answer(line) for line in lines[:-1]], ending


def _text(statement: Statement) -> str:
    return statement.text if statement.branch is None else f"{statement.text} #{statement.branch}"


def _answer(line: str) -> bytes | str:
    if re.fullmatch("=[0-9a-f]{8}", line):
        return bytes.fromhex(line[1:])
    return line[1:] if line.startswith("!") else f"keystone's process answered {line!r}"


def _version(library: Path) -> str:
    """The version of the installed package that a library belongs to, or else its size.

    Asking importlib.metadata would take longer than the rest of a build with nothing to do.
    """
    package = library.parent if library.parent.name != "lib" else library.parent.parent
    for distribution in sorted(package.parent.glob(f"{package.name}*.dist-info")):
        name, _, version = distribution.name.removesuffix(".dist-info").partition("-")
        if name in (package.name, f"{package.name}_engine"):
            return version
    return f"of {library.stat().st_size} bytes"
