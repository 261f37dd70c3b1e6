# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fwbuild.config import lockfile
from fwbuild.model.lock import Lock, Pin, wanted_by
from fwbuild.model.problem import FwbuildError, Origin, fail
from fwbuild.model.setting import Origins
from fwbuild.model.source import DebSource, FileSource, SourceSpec
from fwbuild.sources.apt import Apt
from fwbuild.sources.debian import Found, Relation
from fwbuild.sources.lock import lock, render, write
from tests.unit.sources.archive import Archive, Host, make_deb

XEN = DebSource(type="deb", package="xen", architecture="armhf", suite="stable", member="boot/xen")
LINUX = DebSource(
    type="deb", package="linux", architecture="armhf", suite="stable", member="boot/vmlinuz-*", depends="linux-6*"
)


@dataclass
class Shelf:
    """Archives that hold what a test puts there."""

    packages: dict[str, Found] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def put(self, package: str, version: str, *depends: Relation) -> None:
        self.packages[package] = Found(
            package=package,
            version=version,
            architecture="armhf",
            sha256=f"{abs(hash((package, version))):064x}",
            size=100,
            depends=depends,
        )

    def candidate(self, package: str, architecture: str, suite: str, *, version: str = "") -> Found:
        self.asked.append(f"{package}={version}" if version else package)
        if package not in self.packages:
            raise fail("no-such-package", f"there is no package `{package}` in `{suite}` for {architecture}")
        return self.packages[package]


@pytest.fixture
def shelf() -> Shelf:
    shelf = Shelf()
    shelf.put("xen", "4.17-1")
    shelf.put("linux", "6.1+5", Relation(name="kmod"), Relation(name="linux-6.1.0-50", exact="6.1.5-1"))
    shelf.put("linux-6.1.0-50", "6.1.5-1")
    return shelf


def named(**sources: SourceSpec) -> list[tuple[str, SourceSpec]]:
    return list(sources.items())


def test_each_deb_source_gets_one_pin(shelf: Shelf) -> None:
    sources = named(
        linux=LINUX,
        dtb=replace(LINUX, member="usr/lib/*/a15.dtb"),
        xen=XEN,
        mine=FileSource(type="file", path="zImage"),
    )
    made = lock(sources, Lock(), shelf)
    linux, xen = made.deb
    assert (linux.package, linux.resolved, linux.version) == ("linux", "linux-6.1.0-50", "6.1.5-1")
    assert linux.sha256 == shelf.packages["linux-6.1.0-50"].sha256
    assert (xen.package, xen.resolved, xen.version, xen.size) == ("xen", "xen", "4.17-1", 100)
    assert shelf.asked == ["linux", "linux-6.1.0-50=6.1.5-1", "xen"]
    assert made.pin(XEN) == xen


def test_pins_that_are_there_stay_and_are_not_asked_for(shelf: Shelf) -> None:
    old = lock(named(xen=XEN), Lock(), shelf)
    shelf.put("xen", "4.17-2")
    shelf.asked.clear()
    new = lock(named(xen=XEN, linux=LINUX), old, shelf)
    assert "xen" not in shelf.asked
    assert new.pin(XEN).version == "4.17-1"
    assert new.pin(LINUX).version == "6.1.5-1"


def test_pins_that_nobody_needs_go(shelf: Shelf) -> None:
    old = lock(named(xen=XEN, linux=LINUX), Lock(), shelf)
    assert lock(named(linux=LINUX), old, shelf).deb == (old.pin(LINUX),)
    assert lock([], old, shelf).deb == ()


@pytest.mark.parametrize("name", ["kernel", "linux", "linux-6.1.0-50"])
def test_one_source_is_updated_by_its_name_or_its_package(shelf: Shelf, name: str) -> None:
    sources = named(hypervisor=XEN, kernel=LINUX)
    old = lock(sources, Lock(), shelf)
    shelf.put("xen", "4.17-2")
    shelf.put("linux", "6.1+6", Relation(name="linux-6.1.0-51", exact="6.1.6-1"))
    shelf.put("linux-6.1.0-51", "6.1.6-1")
    new = lock(sources, old, shelf, {name})
    assert new.pin(XEN).version == "4.17-1"
    assert (new.pin(LINUX).resolved, new.pin(LINUX).version) == ("linux-6.1.0-51", "6.1.6-1")


def test_everything_is_updated_without_names(shelf: Shelf) -> None:
    old = lock(named(xen=XEN), Lock(), shelf)
    shelf.put("xen", "4.17-2")
    assert lock(named(xen=XEN), old, shelf, set()).pin(XEN).version == "4.17-2"


def test_names_to_update_must_exist(shelf: Shelf) -> None:
    with pytest.raises(FwbuildError) as error:
        lock(named(hypervisor=XEN), Lock(), shelf, {"hypervizor", "mine"})
    first, second = error.value.problems
    assert (first.code, first.message) == ("unknown-name", "no deb source is called `hypervizor`")
    assert first.hint == "did you mean `hypervisor`?"
    assert second.hint == "known: hypervisor, xen"


def test_all_sources_that_cannot_be_pinned_are_told_with_their_places(shelf: Shelf) -> None:
    origins = Origins(lambda key: Origin(path="recipe.toml", line=len(key), column=1), ("sources",))
    sources = named(
        one=replace(XEN, package="one", origins=origins), two=replace(XEN, package="two", origins=origins), xen=XEN
    )
    with pytest.raises(FwbuildError) as error:
        lock(sources, Lock(), shelf)
    assert [problem.message for problem in error.value.problems] == [
        "there is no package `one` in `stable` for armhf",
        "there is no package `two` in `stable` for armhf",
    ]
    assert {str(problem.origin) for problem in error.value.problems} == {"recipe.toml:2:1"}


@pytest.mark.parametrize(
    ("pattern", "message", "hint"),
    [
        ("linux-5*", "no dependency of linux 6.1+5 matches `linux-5*`", "it depends on: kmod, linux-6.1.0-50"),
        ("*", "more than one dependency of linux 6.1+5 matches `*`", "it depends on: kmod, linux-6.1.0-50"),
    ],
)
def test_exactly_one_dependency_must_match(shelf: Shelf, pattern: str, message: str, hint: str) -> None:
    with pytest.raises(FwbuildError) as error:
        lock(named(linux=replace(LINUX, depends=pattern)), Lock(), shelf)
    (problem,) = error.value.problems
    assert (problem.code, problem.message, problem.hint) == ("no-such-package", message, hint)


def test_a_package_without_dependencies_points_nowhere(shelf: Shelf) -> None:
    with pytest.raises(FwbuildError) as error:
        lock(named(xen=replace(XEN, depends="xen-*")), Lock(), shelf)
    (problem,) = error.value.problems
    assert problem.hint == "it depends on: nothing"


def test_a_dependency_without_a_version_is_taken_from_the_suite(shelf: Shelf) -> None:
    shelf.put("linux", "6.1+5", Relation(name="linux-6.1.0-50"), Relation(name="linux-6.1.0-50"))
    assert lock(named(linux=LINUX), Lock(), shelf).pin(LINUX).version == "6.1.5-1"
    assert shelf.asked == ["linux", "linux-6.1.0-50"]


def test_a_source_that_changed_needs_a_new_lock(shelf: Shelf) -> None:
    made = lock(named(xen=XEN, linux=LINUX), Lock(), shelf)
    origins = Origins(lambda key: Origin(path="r.toml", line=3, column=1))
    with pytest.raises(FwbuildError) as error:
        made.pin(replace(LINUX, depends="linux-*", origins=origins))
    (problem,) = error.value.problems
    assert problem.code == "lock-stale"
    assert problem.message == "fwbuild.lock has no entry for linux (armhf, stable, its dependency linux-*)"
    assert problem.hint == "run `fwbuild lock`, which adds what is missing and leaves the rest as it is"
    assert str(problem.origin) == "r.toml:3:1"
    with pytest.raises(FwbuildError, match=r"no entry for xen \(armhf, sid\)"):
        made.pin(replace(XEN, suite="sid"))


def test_a_real_archive_is_locked(archive: Archive, host: Host, tmp_path: Path) -> None:
    pool = archive.folder / "pool"
    debs = [
        make_deb(pool, "linux", "6.1+5", depends="kmod, linux-6.1.0-50 (= 6.1.5-1)"),
        make_deb(pool, "linux-6.1.0-50", "6.1.5-1", files={"boot/vmlinuz-6.1.0-50": b"kernel"}),
        # Newer, but not the one that is pointed to.
        make_deb(pool, "linux-6.1.0-50", "6.1.6-1"),
    ]
    archive.publish("stable", debs)
    host.sources(archive.source("stable"))
    pin = lock(named(linux=LINUX), Lock(), Apt(tmp_path / "apt")).pin(LINUX)
    assert (pin.resolved, pin.version) == ("linux-6.1.0-50", "6.1.5-1")


# The file


def test_the_file_is_the_same_whatever_the_order(shelf: Shelf) -> None:
    made = lock(named(xen=XEN, linux=LINUX), Lock(), shelf)
    assert render(made) == render(Lock(deb=tuple(reversed(made.deb))))
    text = render(made).decode()
    assert text.startswith("# Written by `fwbuild lock`; keep it in version control.")
    values = tomllib.loads(text)
    assert values["format"] == 1
    assert [entry["resolved"] for entry in values["deb"]] == ["linux-6.1.0-50", "xen"]
    assert list(values["deb"][1]) == [
        *("package", "architecture", "suite", "resolved", "version", "sha256", "size"),
    ]


def test_an_empty_lock_is_written_too(tmp_path: Path) -> None:
    write(tmp_path / "fwbuild.lock", Lock())
    assert lockfile.read(tmp_path / "fwbuild.lock") == Lock()


_NAME = st.from_regex(r"[a-z0-9][a-z0-9+.-]+", fullmatch=True)
_PINS = st.builds(
    Pin,
    package=_NAME,
    architecture=st.sampled_from(["armhf", "arm64"]),
    suite=st.from_regex(r"[A-Za-z0-9./_-]+", fullmatch=True),
    depends=st.text(max_size=10),
    resolved=_NAME,
    version=st.from_regex(r"[0-9][A-Za-z0-9.+:~-]*", fullmatch=True),
    sha256=st.from_regex(r"[0-9a-f]{64}", fullmatch=True),
    size=st.integers(1, 2**40),
)


@given(st.lists(_PINS, max_size=4, unique_by=lambda pin: pin.wanted))
def test_what_is_written_is_read_back(tmp_path_factory: pytest.TempPathFactory, pins: list[Pin]) -> None:
    path = tmp_path_factory.mktemp("lock") / "fwbuild.lock"
    write(path, Lock(deb=tuple(pins)))
    assert lockfile.read(path).deb == tuple(sorted(pins, key=lambda pin: pin.wanted))


def test_an_unchanged_file_is_left_alone(shelf: Shelf, tmp_path: Path) -> None:
    path = tmp_path / "fwbuild.lock"
    made = lock(named(xen=XEN), Lock(), shelf)
    write(path, made)
    before = path.stat()
    write(path, made)
    assert path.stat().st_ino == before.st_ino
    assert path.stat().st_mode & 0o777 == 0o644


def test_a_lock_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FwbuildError) as error:
        write(tmp_path / "file" / "fwbuild.lock", Lock())
    assert error.value.problems[0].code == "store"


def test_what_a_source_asks_for_does_not_include_the_member() -> None:
    assert wanted_by(LINUX) == wanted_by(replace(LINUX, member="other"))
    assert wanted_by(LINUX) != wanted_by(replace(LINUX, depends=""))
    assert str(wanted_by(XEN)) == "xen (armhf, stable)"
