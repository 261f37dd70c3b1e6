# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from fwbuild.engine.graph import FileInput, Graph, OutputOf
from fwbuild.model.lock import Lock, Pin
from fwbuild.model.problem import FwbuildError
from fwbuild.model.source import SourceSpec
from fwbuild.sources.steps import steps_for
from tests.unit.sources.folder import Folder


def pin(package: str, *, resolved: str = "", depends: str = "", sha256: str = "a" * 64, version: str = "6.1") -> Pin:
    return Pin(
        package=package,
        architecture="armhf",
        suite="stable",
        depends=depends,
        resolved=resolved or package,
        version=version,
        sha256=sha256,
        size=10,
    )


LOCK = Lock(deb=(pin("linux"), pin("busybox-static", sha256="b" * 64, version="1.35")))


def problems_of(
    sources: Mapping[str, SourceSpec], lock: Lock = LOCK, wanted: list[str] | None = None
) -> list[tuple[str, str, str]]:
    with pytest.raises(FwbuildError) as error:
        steps_for(sources, lock, wanted=wanted)
    assert all(problem.origin is None or problem.origin.line in (0, 7) for problem in error.value.problems)
    return [(problem.code, problem.message, problem.hint) for problem in error.value.problems]


# Plans


def test_members_of_one_package_share_its_steps(folder: Folder) -> None:
    sources = {
        "tree": folder.deb("usr/*.dtb"),
        "kernel": folder.deb("boot/vmlinuz-*"),
        "again": folder.deb("boot/vmlinuz-*"),
    }
    planned = steps_for(sources, LOCK)
    fetch, take = planned.steps
    assert fetch.name == "fetch stable/linux 6.1 (armhf)"
    assert fetch.action == "fetch-deb"
    assert fetch.params == {
        "package": "linux",
        "version": "6.1",
        "architecture": "armhf",
        "suite": "stable",
        "sha256": "a" * 64,
        "size": 10,
    }
    assert (fetch.outputs, fetch.promises) == (("deb",), {"deb": "a" * 64})
    assert take.name == "take boot/vmlinuz-*, usr/*.dtb from stable/linux 6.1 (armhf)"
    assert take.action == "deb-member"
    assert take.params == {
        "package": "linux 6.1 (armhf)",
        "members": {"boot/vmlinuz-*": "boot/vmlinuz-*", "usr/*.dtb": "usr/*.dtb"},
    }
    assert take.inputs == {"deb": OutputOf(fetch.name, "deb")}
    assert planned.files == {
        "again": OutputOf(take.name, "boot/vmlinuz-*"),
        "kernel": OutputOf(take.name, "boot/vmlinuz-*"),
        "tree": OutputOf(take.name, "usr/*.dtb"),
    }


def test_a_pointer_and_its_target_share_their_steps(folder: Folder) -> None:
    both = Lock(deb=(pin("linux"), pin("pointer", resolved="linux", depends="linux*")))
    sources = {"a": folder.deb("a"), "b": folder.deb("b", package="pointer", depends="linux*")}
    assert [step.action for step in steps_for(sources, both).steps] == ["fetch-deb", "deb-member"]


def test_plans_do_not_depend_on_the_order(folder: Folder) -> None:
    sources: dict[str, SourceSpec] = {
        "kernel": folder.deb("boot/vmlinuz-*"),
        "disk": folder.ramdisk(),
        "busybox": folder.deb("bin/busybox", package="busybox-static"),
        "other": folder.url("https://example.org/x"),
    }
    reverse = dict(reversed(sources.items()))
    assert steps_for(sources, LOCK) == steps_for(reverse, LOCK)
    Graph(steps_for(sources, LOCK).steps)


def test_plans_of_several_images_go_into_one_graph(folder: Folder) -> None:
    one = steps_for({"kernel": folder.deb("boot/vmlinuz-*")}, LOCK)
    other = steps_for({"kernel": folder.deb("boot/vmlinuz-*"), "tree": folder.deb("usr/*.dtb")}, LOCK)
    assert len(Graph((*one.steps, *other.steps)).steps) == 3


def test_only_what_is_wanted_is_planned(folder: Folder) -> None:
    sources: dict[str, SourceSpec] = {
        "disk": folder.ramdisk(),
        "busybox": folder.deb("bin/busybox", package="busybox-static"),
        "kernel": folder.deb("boot/vmlinuz-*", package="not-locked"),
        "missing": folder.file("nowhere"),
    }
    planned = steps_for(sources, LOCK, wanted=["disk"])
    assert [step.action for step in planned.steps] == ["fetch-deb", "deb-member", "ramdisk"]
    assert set(planned.files) == {"busybox", "disk"}


def test_a_file_is_beside_the_file_that_names_it(folder: Folder) -> None:
    (folder.path / "zImage").touch()
    (folder.path.parent / "other").touch()
    planned = steps_for({"a": folder.file("zImage"), "b": folder.file("../other")}, LOCK)
    assert planned.steps == ()
    assert planned.files == {
        "a": FileInput(f"{folder.path}/zImage"),
        "b": FileInput(f"{folder.path}/../other"),
    }


def test_a_file_by_its_full_path(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "zImage").touch()
    planned = steps_for({"a": folder.file(str(tmp_path / "zImage"))}, LOCK)
    assert planned.files == {"a": FileInput(f"{tmp_path}/zImage")}


def test_files_of_the_network(folder: Folder) -> None:
    sources = {
        "a": folder.url("https://example.org/x"),
        "b": folder.url("https://example.org/x"),
        "c": folder.url("https://example.org/x", "d" * 64),
    }
    planned = steps_for(sources, LOCK)
    first, second = planned.steps
    assert first.name == "fetch https://example.org/x (cccccccccccc)"
    assert first.params == {"url": "https://example.org/x", "sha256": "c" * 64}
    assert first.promises == {"file": "c" * 64}
    assert planned.files["a"] == planned.files["b"] == OutputOf(first.name, "file")
    assert planned.files["c"] == OutputOf(second.name, "file")


def test_a_ram_disk(folder: Folder) -> None:
    (folder.path / "busybox").touch()
    planned = steps_for({"disk": folder.ramdisk(), "busybox": folder.file("busybox")}, LOCK, epoch=99)
    (step,) = planned.steps
    assert step.name == f"make the RAM disk disk of {folder.path}/init.sh"
    assert (step.action, step.params, step.outputs) == ("ramdisk", {"epoch": 99}, ("cpio",))
    assert step.inputs == {
        "busybox": FileInput(f"{folder.path}/busybox"),
        "init": FileInput(f"{folder.path}/init.sh"),
    }
    assert planned.files["disk"] == OutputOf(step.name, "cpio")


# What is wrong


def test_everything_wrong_is_told_at_once(folder: Folder) -> None:
    sources: dict[str, SourceSpec] = {
        "kernel": folder.deb("boot/vmlinuz-*", package="not-locked"),
        "missing": folder.file("nowhere"),
        "folder": folder.file("."),
        "disk": folder.ramdisk(init="nowhere.sh"),
        "busybox": folder.deb("bin/busybox", package="busybox-static"),
    }
    relative = "the path is relative to the file that names it"
    assert problems_of(sources) == [
        (
            "lock-stale",
            "fwbuild.lock has no entry for not-locked (armhf, stable)",
            "run `fwbuild lock`, which adds what is missing and leaves the rest as it is",
        ),
        ("unreadable-file", f"{folder.path}, the file of the source `folder`, is not a file", relative),
        ("unreadable-file", f"{folder.path}/nowhere, the file of the source `missing`, does not exist", relative),
        ("unreadable-file", f"{folder.path}/nowhere.sh, the script of the RAM disk `disk`, does not exist", relative),
    ]


def test_a_source_that_is_not_there(folder: Folder) -> None:
    assert problems_of({"kernel": folder.deb("x")}, wanted=["kernle"]) == [
        ("unknown-name", "there is no source `kernle`", "did you mean `kernel`?")
    ]


def test_a_ram_disk_of_a_misspelt_source(folder: Folder) -> None:
    sources: dict[str, SourceSpec] = {
        "disk": folder.ramdisk("bussybox"),
        "busybox": folder.deb("x", package="busybox-static"),
    }
    assert problems_of(sources) == [
        (
            "unknown-name",
            "there is no source `bussybox`, which the RAM disk `disk` needs",
            "did you mean `busybox`?",
        )
    ]


@pytest.mark.parametrize("busybox", ["disk", "other"])
def test_ram_disks_are_not_made_of_ram_disks(folder: Folder, busybox: str) -> None:
    """So they cannot need each other in a circle."""
    sources: dict[str, SourceSpec] = {
        "disk": folder.ramdisk(busybox),
        "other": folder.ramdisk("disk"),
        "program": folder.deb("x"),
    }
    assert (
        "bad-value",
        f"the RAM disk `disk` needs a BusyBox, and `{busybox}` is a RAM disk",
        "known: program",
    ) in problems_of(sources)


def test_a_lock_that_contradicts_itself(folder: Folder) -> None:
    torn = Lock(deb=(pin("linux"), pin("pointer", resolved="linux", depends="linux*", sha256="f" * 64)))
    sources = {"a": folder.deb("a"), "b": folder.deb("b", package="pointer", depends="linux*")}
    assert problems_of(sources, torn) == [
        (
            "lock-stale",
            "fwbuild.lock has two different files for linux 6.1 (armhf)",
            "run `fwbuild lock --update linux`",
        )
    ]
