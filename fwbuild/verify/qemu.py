# SPDX-License-Identifier: Apache-2.0
"""QEMU as the machine to prove images on."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fwbuild.engine import child
from fwbuild.model.ports import BootPath, Machine
from fwbuild.model.problem import FwbuildError, Problem
from fwbuild.model.rule import ConsoleRule, NeverRule
from fwbuild.model.verdict import ConsoleEvidence, EntryEvidence
from fwbuild.verify.console import Watch
from fwbuild.verify.follow import follow
from fwbuild.verify.gdbstub import GdbStub

PROGRAM = "qemu-system-arm"
_PACKAGE = "qemu-system-arm"
#: How long the emulator may take to say its version or to end when told, in seconds.
_SHORT = 20.0


@functools.cache
def asked() -> tuple[str, str]:
    """The installed QEMU's version, such as `7.2.22`, and why there is none if there is none.

    Both are empty when QEMU is not installed.
    """
    if shutil.which(PROGRAM) is None:
        return "", ""
    try:
        ended = child.run([PROGRAM, "--version"], timeout=_SHORT)
    except FwbuildError as error:
        return "", error.problems[0].message
    match = re.search(rb"version (\S+)", ended.output)
    if match and ended.status == 0:
        return match.group(1).decode(errors="replace"), ""
    return "", ended.last_lines(2) or f"exit status {ended.status}"


@dataclass(frozen=True, slots=True)
class Qemu:
    """The system emulator of Debian's package qemu-system-arm."""

    name: str = "qemu"

    def fingerprint(self) -> Mapping[str, str]:
        """QEMU's version: another one may judge differently."""
        return {"qemu": asked()[0]}

    def programs(self) -> Sequence[str]:
        """The one program."""
        return (PROGRAM,)

    def missing(self) -> Problem | None:
        """What to install when there is no QEMU that works."""
        version, why = asked()
        if version:
            return None
        what, do = (f"{PROGRAM} does not work ({why})", "reinstall") if why else (f"there is no {PROGRAM}", "install")
        return Problem(
            code="tool-missing",
            message=f"{what}, so the image cannot be verified",
            hint=f"as root: apt {do} {_PACKAGE}; or build only, with --no-verify",
        )

    def command(self, machine: Machine, image: Path, *, interactive: bool) -> list[str]:
        """The command line that boots ``image``.

        Interactive, the terminal is the console and Ctrl-A X ends; otherwise the console
        is standard output and nothing else is connected.
        """
        properties = "".join(f",{key}={value}" for key, value in machine.properties.items())
        command = [PROGRAM, "-M", machine.machine + properties, "-cpu", machine.cpu]
        command += ["-smp", str(machine.cpus), "-m", f"{machine.memory >> 20}M"]
        command += ["-kernel", str(image), "-no-reboot", "-nodefaults", "-display", "none"]
        command += ["-serial", "mon:stdio" if interactive else "stdio"]
        return command

    def observe_entry(self, machine: Machine, image: Path, path: BootPath, *, deadline: float) -> EntryEvidence:
        """Follow every CPU from reset to the payload, through QEMU's debug stub.

        ``deadline`` is in seconds from now.
        """
        until = time.monotonic() + deadline
        ours, theirs = socket.socketpair()
        command = self.command(machine, image, interactive=False)
        command += ["-S", "-chardev", f"socket,id=stub,fd={theirs.fileno()}", "-gdb", "chardev:stub"]
        files = (theirs.fileno(),)
        with ours, theirs, _running(command, stdout=subprocess.DEVNULL, pass_files=files) as process:
            theirs.close()  # QEMU has its own copy; ours would hide that it hung up
            evidence = follow(GdbStub(ours), path, deadline=until)
            words = _last_words(process) if evidence.failure else ""
        if words:
            return dataclasses.replace(evidence, failure=f"{evidence.failure}; QEMU said: {words}")
        return evidence

    def observe_console(
        self,
        machine: Machine,
        image: Path,
        expected: Sequence[ConsoleRule],
        never: Sequence[NeverRule],
        *,
        deadline: float,
    ) -> ConsoleEvidence:
        """Watch the console. ``deadline`` is in seconds from now."""
        watch = Watch(expected, never, deadline=deadline)
        command = self.command(machine, image, interactive=False)
        with _running(command, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            watch.read_from(process.stdout)
            words = _last_words(process) if watch.ended == "exited" else ""
        return watch.evidence(words)


@contextlib.contextmanager
def _running(
    command: Sequence[str], *, stdout: int, pass_files: Sequence[int] = ()
) -> Iterator[subprocess.Popen[bytes]]:
    """QEMU, started so that it reads no configuration and opens no sound device."""
    environment = {**os.environ, "QEMU_AUDIO_DRV": "none"}
    with child.started(command, environment=environment, stdout=stdout, pass_files=pass_files) as process:
        yield process


def _last_words(process: subprocess.Popen[bytes]) -> str:
    """How QEMU ended and what it wrote on standard error, if it ended."""
    try:
        status = process.wait(timeout=1.0)
    except subprocess.TimeoutExpired:
        return ""
    errors = process.stderr.read().decode(errors="replace").strip() if process.stderr else ""
    lines = [line for line in errors.splitlines() if "audio" not in line]
    return f"exit status {status}" + (": " + " / ".join(lines[-4:]) if lines else "")
