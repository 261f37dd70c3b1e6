# SPDX-License-Identifier: Apache-2.0
"""Unicorn as an embedded emulator: the way to the payload without a model of the board.

The library runs in a process of its own (unicorn_child.py), for it is native code under
another licence. It has CPUs only, so it proves how the payload is entered and nothing
that comes after: the payload is never run.
"""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fwbuild.elf.read import opened
from fwbuild.engine import child
from fwbuild.model.board import Board
from fwbuild.model.ports import BootPath, Machine
from fwbuild.model.problem import FwbuildError, Problem, fail
from fwbuild.model.rule import ConsoleRule, NeverRule
from fwbuild.model.verdict import ConsoleEvidence, EntryEvidence
from fwbuild.verify.evidence import from_json

_NAME = "unicorn"
#: Cores that unicorn has models of.
CORES = frozenset({"cortex-a7", "cortex-a8", "cortex-a9", "cortex-a15"})
#: The child's own deadline comes first, so that it can say where it was.
_OWN_SHARE = 0.8
_START = "import sys; sys.path += sys.argv[1:]; from fwbuild.verify.unicorn_child import main; main()"


@dataclass(frozen=True, slots=True)
class Unicorn:
    """The CPUs of the Python package unicorn."""

    name: str = _NAME

    def fingerprint(self) -> Mapping[str, str]:
        """The installed version."""
        return {_NAME: _version()}

    def programs(self) -> Sequence[str]:
        """None: it is a library, in a folder that is watched anyway."""
        return ()

    def missing(self) -> Problem | None:
        """What to install when the package is not there."""
        if _folder() is not None:
            return None
        return Problem(
            code="tool-missing",
            message="the Python package unicorn is not installed",
            hint="pip install 'fwbuild[unicorn]'; or build only, with --no-verify",
        )

    def embeds(self, board: Board) -> bool:
        """Whether it has a model of every core of ``board``."""
        return all(cpu.core in CORES for cpu in board.cpus)

    def command(self, machine: Machine, image: Path, *, interactive: bool) -> list[str]:
        """There is none. Raises FwbuildError."""
        raise _no_console()

    def observe_entry(self, machine: Machine, image: Path, path: BootPath, *, deadline: float) -> EntryEvidence:
        """Follow every CPU from reset to the payload, in a child process.

        ``deadline`` is in seconds from now. Raises FwbuildError ``tool-missing``.
        """
        if path.board is None:
            raise fail("bug", "unicorn was asked to run an image without a board to run it on")
        job = json.dumps(_job(path, path.board, image, deadline * _OWN_SHARE)).encode()
        try:
            ended = child.run(self._command(), timeout=deadline, data=job)
        except FwbuildError as error:
            return _failed(f"it did not end within {deadline:g} seconds ({error.problems[0].code})")
        if ended.status != 0:
            how = f"crashed (signal {-ended.status})" if ended.status < 0 else f"ended with status {ended.status}"
            last = ended.last_lines(1)
            return _failed(f"it {how}{': ' if last else ''}{last}")
        try:
            return from_json(json.loads(ended.output))
        except (ValueError, TypeError, KeyError) as error:
            return _failed(f"its answer makes no sense: {error}")

    def observe_console(
        self,
        machine: Machine,
        image: Path,
        expected: Sequence[ConsoleRule],
        never: Sequence[NeverRule],
        *,
        deadline: float,
    ) -> ConsoleEvidence:
        """It cannot. Raises FwbuildError."""
        raise _no_console()

    def _command(self) -> list[str]:
        folder = _folder()
        if folder is None:
            problem = self.missing()
            assert problem is not None
            raise FwbuildError(problem)
        ours = Path(__file__).parent.parent.parent
        return [sys.executable, "-I", "-S", "-c", _START, str(ours), str(folder)]


def _job(path: BootPath, board: Board, image: Path, deadline: float) -> dict[str, Any]:
    """What the child is told."""
    with opened(image) as elf:
        segments = [
            (segment["p_paddr"], segment["p_offset"], segment["p_filesz"])
            for segment in elf.iter_segments()
            if segment["p_type"] == "PT_LOAD"
        ]
        entry = int(elf.header["e_entry"])
    fields = {field.name: getattr(path, field.name) for field in dataclasses.fields(path) if field.name != "board"}
    return {
        "board": board.to_json(),
        "path": {**fields, "symbols": dict(path.symbols), "code": path.code.hex(), "shim": _hex(path.shim)},
        "image": str(image.absolute()),
        "segments": segments,
        "entry": entry,
        "deadline": deadline,
    }


def _hex(shim: tuple[int, bytes]) -> tuple[int, str]:
    return shim[0], shim[1].hex()


def _failed(what: str) -> EntryEvidence:
    return EntryEvidence(cpus=(), device_tree=b"", failure=f"unicorn's process gave no evidence: {what}")


def _no_console() -> FwbuildError:
    return fail(
        "bad-value",
        "unicorn has CPUs only: it can show how the payload is entered, but not run it",
        hint="install QEMU to run an image: as root, apt install qemu-system-arm",
    )


def _folder() -> Path | None:
    """The folder that holds the package, found without importing it."""
    found = importlib.util.find_spec(_NAME)
    return None if found is None or found.origin is None else Path(found.origin).parent.parent


def _version() -> str:
    """The installed version, from the name of its metadata folder; asking for it takes longer."""
    folder = _folder()
    if folder is None:
        return ""
    found = sorted(folder.glob(f"{_NAME}-*.dist-info"))
    return found[0].name.removesuffix(".dist-info").partition("-")[2] if found else "unknown"
