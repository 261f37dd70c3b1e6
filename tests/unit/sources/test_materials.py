# SPDX-License-Identifier: Apache-2.0
"""From archives to files: sources, a lock, a store and all the actions together."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from fwbuild.actions.deb_member import DebMemberAction
from fwbuild.actions.fetch_deb import FetchDebAction
from fwbuild.actions.fetch_url import FetchUrlAction
from fwbuild.actions.ramdisk import RamdiskAction
from fwbuild.engine.action import Action
from fwbuild.engine.events import Event, StepEnded
from fwbuild.engine.graph import Graph, OutputOf
from fwbuild.engine.schedule import Results, Scheduler
from fwbuild.engine.store import Store
from fwbuild.model.lock import Lock
from fwbuild.model.source import SourceSpec
from fwbuild.sources.apt import Apt
from fwbuild.sources.lock import lock
from fwbuild.sources.steps import Materials, steps_for
from tests.unit.actions.test_ramdisk import elf
from tests.unit.sources.archive import Archive, Host, make_deb
from tests.unit.sources.folder import Folder


@dataclass
class Build:
    """Sources, a lock, a store and all the actions, put together as a session does."""

    folder: Folder
    store: Store
    sources: dict[str, SourceSpec]
    lock: Lock
    events: list[Event]

    def run(self) -> tuple[Materials, Results]:
        self.events.clear()
        # As in another process: nothing of an earlier run is known.
        apt = Apt(self.store.folder / "apt")
        actions: list[Action] = [FetchDebAction(apt), FetchUrlAction(), DebMemberAction(), RamdiskAction()]
        planned = steps_for(self.sources, self.lock)
        scheduler = Scheduler(self.store, {action.name: action for action in actions}, 2, self.events.append)
        return planned, scheduler.run(Graph(planned.steps))

    def file(self, name: str) -> bytes:
        planned, results = self.run()
        assert results.problems == []
        source = planned.files[name]
        assert isinstance(source, OutputOf)
        return self.store.path(results.digest(source)).read_bytes()

    def ran(self) -> list[str]:
        return sorted(event.action for event in self.events if isinstance(event, StepEnded) and event.how == "ran")


@pytest.fixture
def build(archive: Archive, host: Host, folder: Folder, tmp_path: Path) -> Build:
    pool = archive.folder / "pool"
    debs = [
        make_deb(pool, "linux", "6.1+5", depends="linux-6.1.0-50 (= 6.1.5-1)"),
        make_deb(pool, "linux-6.1.0-50", "6.1.5-1", files={"boot/vmlinuz-6.1.0-50": b"kernel", "usr/a.dtb": b"tree"}),
        make_deb(pool, "busybox-static", "1.35", files={"bin/busybox": elf()}),
    ]
    archive.publish("stable", debs)
    host.sources(archive.source("stable"))
    (tmp_path / "page").write_bytes(b"page")
    sources: dict[str, SourceSpec] = {
        "kernel": folder.deb("boot/vmlinuz-*", depends="linux-6*"),
        "tree": folder.deb("usr/a.dtb", depends="linux-6*"),
        "busybox": folder.deb("bin/busybox", package="busybox-static"),
        "disk": folder.ramdisk(),
        "page": folder.url(f"file://{tmp_path}/page", hashlib.sha256(b"page").hexdigest()),
    }
    store = Store(tmp_path / "store")
    made = lock(sources.items(), Lock(), Apt(store.folder / "apt"))
    return Build(folder, store, sources, made, [])


def test_from_the_archive_to_the_files(build: Build) -> None:
    assert build.file("kernel") == b"kernel"
    assert build.ran() == ["deb-member", "deb-member", "fetch-deb", "fetch-deb", "fetch-url", "ramdisk"]
    assert build.file("tree") == b"tree"
    assert build.ran() == []
    assert build.file("page") == b"page"
    assert build.file("disk").startswith(b"070701")


def test_a_second_build_needs_neither_archive_nor_packages(
    build: Build, archive: Archive, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    build.run()
    shutil.rmtree(archive.folder)
    shutil.rmtree(build.store.folder / "apt")
    (tmp_path / "page").unlink()
    for deb in build.lock.deb:
        build.store.path(deb.sha256).unlink()
    monkeypatch.setenv("PATH", str(tmp_path))  # no apt, no dpkg
    assert build.file("kernel") == b"kernel"
    assert build.file("disk").startswith(b"070701")
    assert build.ran() == []


def test_another_member_needs_the_package_but_not_the_archive(build: Build, archive: Archive) -> None:
    build.run()
    shutil.rmtree(archive.folder)
    del build.sources["tree"]
    assert build.file("kernel") == b"kernel"
    assert build.ran() == ["deb-member"]


def test_a_package_that_is_needed_again_is_fetched_again(build: Build) -> None:
    build.run()
    for deb in build.lock.deb:
        build.store.path(deb.sha256).unlink()
    del build.sources["tree"]
    assert build.file("kernel") == b"kernel"
    assert build.ran() == ["deb-member", "fetch-deb"]


def test_another_package_file_is_another_key(build: Build, archive: Archive) -> None:
    build.run()
    pool = archive.folder / "pool"
    debs = [
        make_deb(pool, "linux", "6.1+6", depends="linux-6.1.0-51 (= 6.1.6-1)"),
        make_deb(pool, "linux-6.1.0-51", "6.1.6-1", files={"boot/vmlinuz-6.1.0-51": b"newer", "usr/a.dtb": b"tree"}),
        make_deb(pool, "busybox-static", "1.35", files={"bin/busybox": elf()}),
    ]
    archive.publish("stable", debs)
    build.lock = lock(build.sources.items(), build.lock, Apt(build.store.folder / "apt"), {"kernel"})
    assert build.file("kernel") == b"newer"
    assert build.ran() == ["deb-member", "fetch-deb"]


def test_a_version_that_is_gone_stops_what_needs_it_and_nothing_else(build: Build, archive: Archive) -> None:
    archive.publish("stable", [make_deb(archive.folder / "pool", "linux-6.1.0-50", "6.1.5-2")])
    shutil.rmtree(build.store.folder / "apt")
    del build.sources["busybox"], build.sources["disk"]
    build.lock = lock(build.sources.items(), build.lock, Apt(build.store.folder / "apt"))
    planned, results = build.run()
    (problem,) = results.problems
    assert problem.code == "version-gone"
    assert problem.message == (
        "linux-6.1.0-50 6.1.5-1 (armhf), pinned in fwbuild.lock, is no longer in the archive: `stable` has 6.1.5-2 now"
    )
    assert problem.hint.startswith("run `fwbuild lock --update linux-6.1.0-50` to pin what is there now;")
    page = planned.files["page"]
    assert isinstance(page, OutputOf)
    assert build.store.has(results.digest(page))


def test_the_archives_are_in_no_key(build: Build) -> None:
    """A source that only changed its name or its file of archives finds what is there."""
    build.run()
    build.sources = {f"my-{name}": spec for name, spec in build.sources.items() if name != "disk"}
    build.sources["my-disk"] = replace(build.folder.ramdisk(), busybox="my-busybox")
    build.run()
    assert build.ran() == []
