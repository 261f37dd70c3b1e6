# SPDX-License-Identifier: Apache-2.0
"""The output folder holds exactly the image's files, each whole, and all or none of a new image."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import threading
from pathlib import Path

import pytest

from fwbuild.engine.store import Store
from fwbuild.model.problem import FwbuildError
from fwbuild.publish import publish


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "build" / "image"


def held(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def add(store: Store, **files: bytes) -> dict[str, str]:
    return {name: store.add_bytes(data) for name, data in files.items()}


def test_files_can_go_beside_what_is_there(store: Store, folder: Path) -> None:
    publish(folder, add(store, image=b"1"), store)
    assert publish(folder, add(store, extra=b"2"), store, beside=True) == ["extra"]
    assert held(folder) == {"extra": b"2", "image": b"1"}
    publish(folder, add(store, image=b"1"), store)
    assert held(folder) == {"image": b"1"}


def test_what_is_new_or_changed_is_written(store: Store, folder: Path) -> None:
    assert publish(folder, add(store, a=b"1", b=b"2"), store) == ["a", "b"]
    before = (folder / "a").stat()
    assert publish(folder, add(store, a=b"1", b=b"3"), store) == ["b"]
    assert held(folder) == {"a": b"1", "b": b"3"}
    after = (folder / "a").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns), "the same file is not touched"
    assert publish(folder, add(store, a=b"1", b=b"3"), store) == []


def test_a_change_of_the_same_length_is_seen(store: Store, folder: Path) -> None:
    files = add(store, a=b"1234")
    publish(folder, files, store)
    (folder / "a").write_bytes(b"1x34")
    assert publish(folder, files, store) == ["a"]
    assert held(folder) == {"a": b"1234"}


def test_what_does_not_belong_is_removed(store: Store, folder: Path) -> None:
    publish(folder, add(store, a=b"1", verdict=b"passed"), store)
    (folder / ".a.left-by-a-killed-run").write_bytes(b"half")
    (folder / "notes").mkdir()
    assert publish(folder, add(store, a=b"1"), store) == []
    assert sorted(path.name for path in folder.iterdir()) == ["a", "notes"], "folders are someone else's"


@pytest.mark.parametrize("umask", [0o077, 0o000])
def test_files_can_be_read_by_all_and_changed_by_one(store: Store, folder: Path, umask: int) -> None:
    old = os.umask(umask)
    try:
        publish(folder, add(store, a=b"1"), store)
    finally:
        os.umask(old)
    assert (folder / "a").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("fails_at", [1, 2, 3])
def test_a_disk_that_gets_full_leaves_the_old_image_whole(
    store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch, fails_at: int
) -> None:
    """Not even one of several files is replaced."""
    publish(folder, add(store, a=b"1", b=b"2", c=b"3", old=b"4"), store)
    before = held(folder)
    copies = []

    def copyfile(source: Path, target: str) -> None:
        copies.append(target)
        if len(copies) == fails_at:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), target)
        Path(target).write_bytes(source.read_bytes())

    with monkeypatch.context() as patched:
        patched.setattr(shutil, "copyfile", copyfile)
        with pytest.raises(FwbuildError) as caught:
            publish(folder, add(store, a=b"x", b=b"y", c=b"z"), store)
    (problem,) = caught.value.problems
    assert (problem.code, problem.message) == ("no-space", f"no space left for {folder}")
    assert held(folder) == before
    publish(folder, add(store, a=b"x", b=b"y", c=b"z"), store)
    assert held(folder) == {"a": b"x", "b": b"y", "c": b"z"}


def test_room_is_made_before_it_is_needed(store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy that a killed run has left is gone when the first new one is made."""
    publish(folder, add(store, a=b"1"), store)
    (folder / ".a.left").write_bytes(b"half")
    seen: list[bool] = []
    original = shutil.copyfile

    def copyfile(source: Path, target: str) -> None:
        seen.append((folder / ".a.left").exists())
        original(source, target)

    monkeypatch.setattr(shutil, "copyfile", copyfile)
    publish(folder, add(store, a=b"2"), store)
    assert seen == [False]


def test_two_who_publish_to_one_folder_wait_for_each_other(store: Store, folder: Path) -> None:
    publish(folder, add(store, a=b"1"), store)
    other = os.open(folder, os.O_RDONLY)
    fcntl.flock(other, fcntl.LOCK_EX)
    thread = threading.Thread(target=publish, args=(folder, add(store, a=b"2"), store))
    thread.start()
    thread.join(0.2)
    assert thread.is_alive()
    assert held(folder) == {"a": b"1"}
    os.close(other)
    thread.join(10)
    assert held(folder) == {"a": b"2"}


def test_a_folder_that_cannot_be_made(store: Store, tmp_path: Path) -> None:
    (tmp_path / "build").write_text("a file")
    with pytest.raises(FwbuildError) as caught:
        publish(tmp_path / "build" / "image", add(store, a=b"1"), store)
    assert caught.value.problems[0].code == "store"
