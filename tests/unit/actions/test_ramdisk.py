# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import random
import stat
import struct
from pathlib import Path

import pytest

from fwbuild.actions.ramdisk import RamdiskAction
from fwbuild.model.problem import FwbuildError, Problem
from tests.unit.actions.stage import perform
from tests.unit.sources.test_newc import parse

SCRIPT = b"#!/bin/sh\necho here\n"

_ARM, _AARCH64, _X86_64 = 40, 183, 62
_EXEC, _DYN, _REL = 2, 3, 1
_LOAD, _INTERP = 1, 3


def elf(*, machine: int = _ARM, kind: int = _EXEC, segments: tuple[int, ...] = (_LOAD,), bits: int = 32) -> bytes:
    """An ELF file of headers only."""
    half = bits == 32
    head, entry = (52, 32) if half else (64, 56)
    ident = b"\x7fELF" + bytes([1 if half else 2, 1, 1]) + bytes(9)
    form = "<HHIIIIIHHHHHH" if half else "<HHIQQQIHHHHHH"
    header = struct.pack(form, kind, machine, 1, 0, head, 0, 0, head, entry, len(segments), 40, 0, 0)
    program = b"".join(struct.pack("<I", segment) + bytes(entry - 4) for segment in segments)
    return ident + header + program


def pack(folder: Path, busybox: bytes, script: bytes = SCRIPT, **params: int) -> bytes:
    (folder / "busybox").write_bytes(busybox)
    (folder / "init").write_bytes(script)
    inputs = {name: folder / name for name in ("busybox", "init")}
    step = folder / f"step-{len(list(folder.iterdir()))}"
    return perform(RamdiskAction(), step, params=params, inputs=inputs, outputs=("cpio",))["cpio"].read_bytes()


def refused(folder: Path, busybox: bytes, script: bytes = SCRIPT) -> Problem:
    with pytest.raises(FwbuildError) as error:
        pack(folder, busybox, script)
    (problem,) = error.value.problems
    assert problem.code == "bad-payload"
    return problem


def test_what_is_in_it(tmp_path: Path) -> None:
    busybox = elf()
    found = list(parse(pack(tmp_path, busybox, epoch=1234)))
    listing = [f"{stat.filemode(header.mode)} {header.rmaj},{header.rmin} {name}" for header, name, _ in found]
    assert listing == [
        "drwxr-xr-x 0,0 bin",
        "-rwxr-xr-x 0,0 bin/busybox",
        "lrwxrwxrwx 0,0 bin/sh",
        "drwxr-xr-x 0,0 dev",
        "crw------- 5,1 dev/console",
        "-rwxr-xr-x 0,0 init",
        "drwxr-xr-x 0,0 proc",
        "drwxr-xr-x 0,0 sys",
        "drwxrwxrwt 0,0 tmp",
    ]
    content = {name: data for _, name, data in found}
    assert content["bin/busybox"] == busybox
    assert content["bin/sh"] == b"busybox"
    assert content["init"] == SCRIPT
    assert {(header.uid, header.gid, header.mtime) for header, _, _ in found} == {(0, 0, 1234)}


def test_equal_inputs_give_equal_bytes(tmp_path: Path) -> None:
    first = pack(tmp_path, elf())
    os.utime(tmp_path / "busybox", (1, 1))
    (tmp_path / "init").chmod(0o600)
    old = os.umask(0o077)
    try:
        assert pack(tmp_path, elf(), epoch=0) == first
    finally:
        os.umask(old)


@pytest.mark.parametrize("kind", [_EXEC, _DYN])
@pytest.mark.parametrize(("machine", "bits"), [(_ARM, 32), (_AARCH64, 64)])
def test_programs_that_can_start(tmp_path: Path, machine: int, bits: int, kind: int) -> None:
    assert pack(tmp_path, elf(machine=machine, bits=bits, kind=kind))


@pytest.mark.parametrize(
    ("busybox", "message"),
    [
        (b"#!/bin/sh\n", "is not an ELF file: Magic number does not match"),
        (b"", "is not an ELF file: Magic number does not match"),
        (elf()[:20], "is not an ELF file: "),
        (elf(machine=_X86_64, bits=64), "is for another machine (EM_X86_64), not for ARM"),
        (elf(kind=_REL), "is not a program (ET_REL)"),
        (elf(segments=(_INTERP, _LOAD)), "is linked dynamically, and the RAM disk has no libraries"),
    ],
)
def test_programs_that_cannot_start(tmp_path: Path, busybox: bytes, message: str) -> None:
    problem = refused(tmp_path, busybox)
    assert problem.message.startswith(f"the BusyBox for a RAM disk {message}")
    assert problem.hint == "the package busybox-static has one for armhf and one for arm64, at bin/busybox"


def test_damaged_programs_never_crash(tmp_path: Path) -> None:
    choose = random.Random(3)
    sound = elf(segments=(_LOAD,) * 3)
    for number in range(200):
        data = bytearray(sound[: choose.randint(1, len(sound))] if number % 4 == 0 else sound)
        for _ in range(4):
            data[choose.randrange(len(data))] = choose.choice((0, 1, 0x7F, 0xFF))
        try:
            pack(tmp_path, bytes(data))
        except FwbuildError as error:
            assert [problem.code for problem in error.problems] == ["bad-payload"]  # noqa: PT017


@pytest.mark.parametrize(
    "first", [b"#!/bin/sh", b"#! /bin/sh", b"#!/bin/busybox sh", b"#!/bin/sh -e", b"#!\t/bin/sh\t-e"]
)
def test_scripts_that_can_start(tmp_path: Path, first: bytes) -> None:
    assert pack(tmp_path, elf(), first + b"\necho\n")


@pytest.mark.parametrize("first", [b"", b"echo", b"#!/bin/bash", b"#!/usr/bin/env sh", b"#!"])
def test_scripts_that_cannot_start(tmp_path: Path, first: bytes) -> None:
    problem = refused(tmp_path, elf(), first + b"\necho\n")
    assert problem.message == "the first line of the /init script must name the RAM disk's shell"
    assert problem.hint == "make it `#!/bin/sh`"
    assert str(problem.origin) == f"{tmp_path}/init:1:1"


def test_a_script_with_dos_line_ends(tmp_path: Path) -> None:
    problem = refused(tmp_path, elf(), b"#!/bin/sh\r\necho\r\n")
    assert problem.message == (
        "the first line of the /init script must name the RAM disk's shell, and the file has DOS line ends"
    )
    assert problem.hint == "make it `#!/bin/sh` and the line ends those of Unix"
