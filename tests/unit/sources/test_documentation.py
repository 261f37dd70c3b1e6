# SPDX-License-Identifier: Apache-2.0
"""The examples of docs/reference/sources.md and the how-to are real ones."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from fwbuild.config import lockfile
from fwbuild.config.structure import structure
from fwbuild.config.toml import parse
from fwbuild.model.project import Settings
from fwbuild.model.setting import Origins, Table, setting
from fwbuild.model.source import SourceSpec

DOCS = Path(__file__).parents[3] / "docs"
PAGES = (DOCS / "reference" / "sources.md", DOCS / "how-to" / "use-your-own-kernel.md")
BLOCKS = [block for page in PAGES for block in re.findall(r"^```toml\n(.*?)^```$", page.read_text(), re.M | re.S)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    sources: Mapping[str, SourceSpec] = setting("sources")


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.startswith("[sources.")])
def test_sources(block: str) -> None:
    document = parse(block, path="example.toml")
    assert structure(Sources, Table(document.values, Origins(document.origin))).sources


def test_all_types_are_shown() -> None:
    assert set(re.findall(r'^type = "(deb|url|file|ramdisk)"$', "".join(BLOCKS), re.M)) == {
        *("deb", "url", "file", "ramdisk")
    }


def test_the_lock_file(tmp_path: Path) -> None:
    (block,) = (block for block in BLOCKS if block.startswith("format = "))
    (tmp_path / "fwbuild.lock").write_text(block)
    assert len(lockfile.read(tmp_path / "fwbuild.lock").deb) == 1


def test_the_file_of_archives() -> None:
    (block,) = (block for block in BLOCKS if "[apt]" in block)
    document = parse(block, path="fwbuild.toml")
    assert structure(Settings, Table(document.values, Origins(document.origin))).apt.sources == "archives.sources"
