# SPDX-License-Identifier: Apache-2.0
"""zImage headers, sound and lying. Offsets: arch/arm/boot/compressed/head.S."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fwbuild.formats.zimage import ZImage, read_zimage
from fwbuild.model.contribution import Material
from fwbuild.model.problem import FwbuildError, Origin, Problem
from tests.project import zimage

ORIGIN = Origin(path="recipe.toml", line=3, column=1)
OnlyProblem = Callable[[Callable[[], object]], Problem]


def material(folder: Path, data: bytes) -> Material:
    path = folder / "image"
    path.write_bytes(data)
    return Material(name="kernel", path=path, digest="", size=len(data), origin=ORIGIN)


def patched(*words: tuple[int, int], data: bytes | None = None) -> bytes:
    """A zImage with other words at some offsets."""
    image = bytearray(zimage() if data is None else data)
    for offset, word in words:
        struct.pack_into("<I", image, offset, word)
    return bytes(image)


def test_linux(tmp_path: Path) -> None:
    found = read_zimage(material(tmp_path, zimage(0x8000, unpacked=0x20000)))
    assert found == ZImage(memory_size=0x8000, file_size=0x8000, is_linux=True, unpacked_size=0x20000 + 0x1000)


def test_xen(tmp_path: Path) -> None:
    found = read_zimage(material(tmp_path, zimage(0x4000, end=0x9000, linux=False)))
    assert found == ZImage(memory_size=0x9000, file_size=0x4000, is_linux=False, unpacked_size=None)


def test_linux_before_the_table_of_tags(tmp_path: Path) -> None:
    """Linux before 4.15 tells its byte order and nothing more."""
    found = read_zimage(material(tmp_path, patched((0x34, 0))))
    assert (found.is_linux, found.unpacked_size) == (True, None)


def test_a_table_with_other_tags_first(tmp_path: Path) -> None:
    image = patched(
        (0x100, 3), (0x104, 0x1234), (0x108, 0), (0x10C, 4), (0x110, 0x5A534C4B), (0x114, 0x200), (0x118, 8)
    )
    assert read_zimage(material(tmp_path, image)).unpacked_size == 0x20000 + 8


def test_a_table_without_the_size(tmp_path: Path) -> None:
    image = patched((0x100, 2), (0x104, 0x1234), (0x108, 0), (0x10C, 0))
    assert read_zimage(material(tmp_path, image)).unpacked_size is None


@pytest.mark.parametrize(
    ("data", "message", "hint"),
    [
        (b"", "kernel has 0 bytes, too few for a zImage header", ""),
        (zimage()[:0x2F], "kernel has 47 bytes, too few for a zImage header", ""),
        (patched((0x24, 0x18286F01)), "kernel is a big-endian zImage", "little-endian"),
        (patched((0x30, 0x01020304)), "kernel is a zImage of a big-endian kernel", "little-endian"),
        (patched((0x28, 0x80008000)), "kernel is linked to run at 0x80008000 only", "build it relocatable"),
        (patched((0x2C, 0x2F)), "kernel has a zImage header that says it ends at 0x2f, inside the header", ""),
        (patched((0x2C, 0)), "kernel has a zImage header that says it ends at 0x0, inside the header", ""),
        (
            patched((0x2C, 0x7FFF)),
            "kernel has 32,768 bytes, but its zImage header says that it ends after 32,767",
            "app",
        ),
        (patched((0x24, 0x12345678)), "kernel is no zImage: no magic number at 0x24, but 0x12345678", "arch/arm/boot"),
        (patched((0x38, 0x10000)), "kernel is a damaged zImage: its tag table leads to 0x10000, outside the file", ""),
        (patched((0x38, 0xFFFFFFFF)), "kernel is a damaged zImage: its tag table leads to 0xffffffff", ""),
        (patched((0x38, 0x7FFC)), "kernel is a damaged zImage: its tag table leads to 0x7ffc", ""),
        (patched((0x108, 0x7FFE)), "kernel is a damaged zImage: its tag table leads to 0x100", ""),
        (
            patched((0x100, 0x40000000), (0x104, 1)),
            "kernel is a damaged zImage: its tag table leads to 0x100000100",
            "",
        ),
        (b"\x7fELF" + bytes(99), "kernel is no zImage", "it looks like an ELF file"),
        (b"\x1f\x8b" + bytes(99), "kernel is no zImage", "it looks like a gzip file"),
        (b"\x27\x05\x19\x56" + bytes(99), "kernel is no zImage", "it looks like a uImage"),
        (b"\xd0\x0d\xfe\xed" + bytes(99), "kernel is no zImage", "it looks like a device tree or FIT"),
        (b"!<arch>\n" + bytes(99), "kernel is no zImage", "it looks like a package or archive"),
        (bytes(0x38) + b"ARM\x64" + bytes(9), "kernel is no zImage", "it looks like an arm64 Image"),
    ],
)
def test_what_is_wrong_with_it(tmp_path: Path, only_problem: OnlyProblem, data: bytes, message: str, hint: str) -> None:
    problem = only_problem(lambda: read_zimage(material(tmp_path, data)))
    assert (problem.code, problem.origin) == ("bad-payload", ORIGIN)
    assert problem.message.startswith(message)
    assert hint in problem.hint


def test_a_table_that_goes_on_for_ever_ends(tmp_path: Path, only_problem: OnlyProblem) -> None:
    entries = [word for index in range(64) for word in ((0x100 + 8 * index, 2), (0x104 + 8 * index, 1))]
    problem = only_problem(lambda: read_zimage(material(tmp_path, patched(*entries))))
    assert "tag table leads to" in problem.message


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(9, 0x90).map(lambda word: 4 * word), st.integers(0, 0xFFFFFFFF)), max_size=6))
def test_a_damaged_header_is_refused_or_understood(tmp_path: Path, words: list[tuple[int, int]]) -> None:
    data = patched(*words, data=zimage(0x400))
    codes: set[str] = set()
    found = None
    try:
        found = read_zimage(material(tmp_path, data))
    except FwbuildError as error:
        codes = {problem.code for problem in error.problems}
    assert codes == {"bad-payload"} or (found is not None and found.memory_size >= found.file_size == 0x400)
