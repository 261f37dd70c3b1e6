# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from fwbuild.config import lockfile
from fwbuild.model.lock import Lock
from fwbuild.model.problem import FwbuildError

SOUND = f"""\
format = 1

[[deb]]
package = "xen"
architecture = "armhf"
suite = "bookworm"
resolved = "xen"
version = "4.17-1"
sha256 = "{"0f" * 32}"
size = 100
"""


def problems_of(folder: Path, text: str) -> list[str]:
    path = folder / "fwbuild.lock"
    path.write_text(text)
    with pytest.raises(FwbuildError) as error:
        lockfile.read(path)
    return [
        f"{str(problem.origin).removeprefix(f'{folder}/')}: {problem.code}: {problem.message} ({problem.hint})"
        for problem in error.value.problems
    ]


def test_a_sound_file(tmp_path: Path) -> None:
    path = tmp_path / "fwbuild.lock"
    path.write_text(SOUND)
    (pin,) = lockfile.read(path).deb
    assert (pin.package, pin.depends, pin.version, pin.size) == ("xen", "", "4.17-1", 100)
    assert str(pin.origins.of("version")) == f"{path}:8:1"


def test_no_file_is_an_empty_lock(tmp_path: Path) -> None:
    assert lockfile.read(tmp_path / "fwbuild.lock") == Lock()


def test_wrong_values_are_all_told(tmp_path: Path) -> None:
    text = SOUND.replace("0f0f", "0F0f").replace("100", "0").replace("suite", "siute")
    assert problems_of(tmp_path, text) == [
        "fwbuild.lock:6:1: unknown-key: unknown key `siute` (did you mean `suite`?)",
        "fwbuild.lock:3:1: missing-key: [deb.0] needs the key `suite` (the suite that it comes from)",
        f"fwbuild.lock:9:1: bad-value: `sha256` cannot be `{('0f' * 32).replace('0f0f', '0F0f')}`"
        " (SHA-256 of the package file, 64 hex digits)",
        "fwbuild.lock:10:1: bad-value: `size` must be at least 1 bytes, not 0 ()",
    ]


def test_another_format_is_told_before_all_else(tmp_path: Path) -> None:
    assert problems_of(tmp_path, "deb = 3\nformat = 2\n") == [
        "fwbuild.lock:2:1: lock-stale: this lock has format 2, and this fwbuild reads format 1"
        " (use the fwbuild that wrote it, or delete it and run `fwbuild lock`)"
    ]


def test_a_file_without_a_format(tmp_path: Path) -> None:
    assert problems_of(tmp_path, "") == [
        "fwbuild.lock: missing-key: the file needs the key `format`"
        " (restore the file, or delete it and run `fwbuild lock`)"
    ]


def test_two_entries_for_the_same(tmp_path: Path) -> None:
    second = SOUND.partition("\n\n")[2]
    assert problems_of(tmp_path, f"{SOUND}\n{second}") == [
        "fwbuild.lock:13:1: duplicate-name: a second entry for xen (armhf, bookworm)"
        f" (the first is at {tmp_path}/fwbuild.lock:4:1; delete one of them)"
    ]


def test_half_a_merge(tmp_path: Path) -> None:
    (problem,) = problems_of(tmp_path, SOUND.replace("[[deb]]", "<<<<<<< HEAD\n[[deb]]"))
    assert problem.startswith("fwbuild.lock:3:1: toml-syntax: ")
