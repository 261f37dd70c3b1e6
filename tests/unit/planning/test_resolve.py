# SPDX-License-Identifier: Apache-2.0
"""Everything that a recipe refers to is looked up, and every misspelling reported with its place."""

from __future__ import annotations

import dataclasses
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from fwbuild.config.layers import Catalogue
from fwbuild.config.project import load_project
from fwbuild.model.contribution import Payload, SourceName
from fwbuild.model.problem import FwbuildError, Problem
from fwbuild.model.setting import Origins, no_origins, setting
from fwbuild.planning.resolve import Request, resolve, source_names
from tests.project import ROOT


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner:
    file: SourceName = setting("a source inside a table")
    origins: Origins = field(default_factory=no_origins, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    type: str = setting("the type")
    image: SourceName = setting("a source")
    other: SourceName | None = setting("a source that may be left out", default=None)
    text: str = setting("no source", default="")
    level: int = setting("a number", default=0, maximum=9)
    inner: Inner | None = setting("a table", default=None)
    origins: Origins = field(default_factory=no_origins, compare=False, repr=False)


PAYLOADS = {name: Payload(name=name, summary="x", options=Options) for name in ("linux", "xen")}
HEAD = 'summary = "x"\nplatform = "board"\n'
IMAGE = '[payload]\ntype = "linux"\nimage = "kernel"\n'


@pytest.fixture
def layer(tmp_path: Path) -> Path:
    """A layer with a platform `board` and sources, in a project of its own."""
    (tmp_path / "fwbuild.toml").write_text('layers = ["layer"]\n')
    folder = tmp_path / "layer"
    shutil.copytree(ROOT / "platforms" / "vexpress-a15", folder / "platforms" / "board")
    (folder / "recipes").mkdir()
    names = ("kernel", "vexpress-a15-dtb", "busybox")
    sources = [f'[sources.{name}]\ntype = "file"\npath = "x"\n' for name in names]
    sources.append('[sources.ramdisk]\ntype = "ramdisk"\nbusybox = "busybox"\ninit = "x"\n')
    (folder / "recipes" / "sources.toml").write_text("".join(sources))
    return folder


def asked(layer: Path, recipe: str) -> Request:
    (layer / "recipes" / "mine.toml").write_text(recipe)
    return resolve("mine", Catalogue(load_project(layer.parent)), PAYLOADS)


def problems(layer: Path, recipe: str) -> tuple[Problem, ...]:
    with pytest.raises(FwbuildError) as caught:
        asked(layer, recipe)
    return caught.value.problems


def shown(problem: Problem) -> str:
    origin = problem.origin
    place = f"{Path(origin.path).name}:{origin.line}:{origin.column}: " if origin else ""
    return f"{place}{problem.code}: {problem.message} ({problem.hint})"


def test_what_the_recipe_names_is_found(layer: Path) -> None:
    request = asked(layer, f"{HEAD}cpus = 1\n{IMAGE}inner = {{ file = 'ramdisk' }}\n")
    assert request.payload == "linux"
    assert request.options.image == "kernel"
    assert [core.summary for core in request.cores] == [request.cores[0].summary] * 2
    assert {name: origin.line for name, origin in request.wanted.items()} == {
        "kernel": 6,
        "ramdisk": 7,
        "vexpress-a15-dtb": 49,
    }
    assert request.needs() == {"kernel", "ramdisk", "vexpress-a15-dtb", "busybox"}, "also what the RAM disk is made of"
    assert [name for name, _ in request.needed()] == ["busybox", "kernel", "ramdisk", "vexpress-a15-dtb"]
    target = request.target({})
    assert (len(target.cpus), len(target.cores)) == (1, 1)


@pytest.mark.parametrize(
    ("recipe", "expected"),
    [
        (
            f"{HEAD.replace('board', 'bord')}{IMAGE}",
            "mine.toml:2:1: unknown-name: there is no platform `bord` (did you mean `board`?)",
        ),
        (
            f"{HEAD}{IMAGE.replace('linux', 'lynux')}",
            "mine.toml:4:1: unknown-name: there is no payload `lynux` (did you mean `linux`?)",
        ),
        (
            f"{HEAD}{IMAGE.replace('linux', 'windows')}",
            "mine.toml:4:1: unknown-name: there is no payload `windows` (known: linux, xen)",
        ),
        (
            HEAD + IMAGE.replace('"linux"', "7"),
            "mine.toml:4:1: unknown-name: there is no payload `7` (known: linux, xen)",
        ),
        (
            f"{HEAD}[payload]\nimage = 'kernel'\n",
            "mine.toml:3:1: missing-key: [payload] needs the key `type` (one of: linux, xen)",
        ),
        (
            f"{HEAD}[payload]\ntype = 'linux'\n",
            "mine.toml:3:1: missing-key: [payload] needs the key `image` (a source)",
        ),
        (
            f"{HEAD}{IMAGE}lvel = 3\n",
            "mine.toml:6:1: unknown-key: unknown key `lvel` (did you mean `level`?)",
        ),
        (f"{HEAD}{IMAGE}level = 10\n", "mine.toml:6:1: bad-value: `level` must be at most 9, not 10 ()"),
        (
            f"{HEAD}{IMAGE.replace('kernel', 'kernal')}",
            "mine.toml:5:1: unknown-name: there is no source `kernal` (did you mean `kernel`?)",
        ),
        (
            f"{HEAD}{IMAGE}other = 'ramdsk'\n",
            "mine.toml:6:1: unknown-name: there is no source `ramdsk` (did you mean `ramdisk`?)",
        ),
        (
            f"{HEAD}{IMAGE}[payload.inner]\nfile = 'gone'\n",
            "mine.toml:7:1: unknown-name: there is no source `gone` (known: busybox, kernel, ramdisk, vexpress-a15-dtb)",
        ),
        (f"{HEAD}cpus = 3\n{IMAGE}", "mine.toml:3:1: bad-value: `cpus` is 3, but board has 2 ()"),
    ],
)
def test_what_is_not_there_is_named_with_its_place(layer: Path, recipe: str, expected: str) -> None:
    assert [shown(problem) for problem in problems(layer, recipe)] == [expected]


def test_all_that_is_wrong_is_reported_at_once(layer: Path) -> None:
    found = problems(
        layer, f"{HEAD}cpus = 9\n[payload]\ntype = 'linux'\nimage = 'a'\nother = 'b'\n[payload.inner]\nfile = 'c'\n"
    )
    assert [problem.message for problem in found] == [
        "`cpus` is 9, but board has 2",
        "there is no source `a`",
        "there is no source `b`",
        "there is no source `c`",
    ]
    found = problems(layer, f"{HEAD.replace('board', 'bord')}{IMAGE.replace('linux', 'lynux')}")
    assert [problem.message for problem in found] == ["there is no payload `lynux`", "there is no platform `bord`"]


def test_a_recipe_that_is_not_there(layer: Path) -> None:
    (layer / "recipes" / "mine.toml").write_text(f"{HEAD}{IMAGE}")
    with pytest.raises(FwbuildError) as caught:
        resolve("mien", Catalogue(load_project(layer.parent)), PAYLOADS)
    assert [shown(problem) for problem in caught.value.problems] == [
        "unknown-name: there is no recipe `mien` (did you mean `mine`?)"
    ]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ('core = "cortex-a15"', 'core = "cortex-a51"', "there is no core `cortex-a51`"),
        ('base = "vexpress-a15-dtb"', 'base = "vexpress-dtb"', "there is no source `vexpress-dtb`"),
        ("size = 0x40000000", "sise = 0x40000000", "unknown key `sise`"),
    ],
)
def test_a_fault_of_the_platform_stands_in_its_file(layer: Path, before: str, after: str, expected: str) -> None:
    path = layer / "platforms" / "board" / "platform.toml"
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))
    found = problems(layer, f"{HEAD}{IMAGE}")
    assert expected in [problem.message for problem in found]
    assert all(problem.origin is not None and problem.origin.path == str(path) for problem in found)


def test_only_options_that_are_sources_are_taken_for_sources() -> None:
    options = Options(type="x", image=SourceName("a"), text="b", inner=Inner(file=SourceName("c")))
    assert [name for name, _ in source_names(options)] == ["a", "c"]
    assert [name for name, _ in source_names(dataclasses.replace(options, other=SourceName("d")))] == ["a", "d", "c"]
