# SPDX-License-Identifier: Apache-2.0
"""Takes files out of packages, and looks that nothing else is written."""

from __future__ import annotations

import os
import tarfile
from pathlib import Path

import pytest

from fwbuild.model.problem import FwbuildError, Problem
from fwbuild.sources.deb import take_members
from tests.unit.sources.archive import raw_deb, tar_of


def take(deb: Path, folder: Path, *patterns: str, largest: int = 1 << 20) -> list[bytes]:
    """What the patterns stand for. Outside of its own folder nothing may appear."""
    own = folder / "own"
    scratch = own / "scratch"
    scratch.mkdir(parents=True)
    before = everything(folder)
    members = dict(zip("abcdef", patterns, strict=False))
    outputs = {name: own / name for name in members}
    try:
        take_members(deb, members, outputs, scratch=scratch, package="linux 6.1-1 (armhf)", largest=largest)
        return [path.read_bytes() for path in outputs.values()]
    finally:
        assert everything(folder) == before


def everything(folder: Path) -> set[str]:
    """All paths below ``folder`` but for its own folder."""
    return {
        f"{root}/{name}"
        for root, folders, files in os.walk(folder)
        if not root.startswith(str(folder / "own"))
        for name in (*folders, *files)
    }


def refused(deb: Path, folder: Path, *patterns: str, largest: int = 1 << 20) -> Problem:
    with pytest.raises(FwbuildError) as error:
        take(deb, folder, *patterns, largest=largest)
    (problem,) = error.value.problems
    return problem


def hostile(folder: Path, *entries: tuple[tarfile.TarInfo, bytes]) -> Path:
    return raw_deb(folder / "hostile.deb", tar_of(entries))
