# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from fwbuild.engine.key import digest_of
from fwbuild.engine.store import Store, storage_error, write_whole
from fwbuild.model.problem import FwbuildError


def test_files_are_kept_by_digest_and_read_only(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with store.workspace() as folder:
        (folder / "a").write_bytes(b"hello")
        digest = store.add(folder / "a")
    assert digest == digest_of(b"hello") == store.add_bytes(b"hello")
    assert store.path(digest).read_bytes() == b"hello"
    assert stat.S_IMODE(store.path(digest).stat().st_mode) == 0o444


def test_the_umask_does_not_show(tmp_path: Path) -> None:
    old = os.umask(0o077)
    try:
        write_whole(tmp_path / "file", b"x")
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o644


def test_results_are_forgotten_with_their_files(tmp_path: Path) -> None:
    store = Store(tmp_path)
    digest = store.add_bytes(b"out")
    store.remember("k" * 64, {"out": digest})
    assert store.results("k" * 64) == {"out": digest}
    store.path(digest).unlink()
    assert store.results("k" * 64) is None
    assert store.results("z" * 64) is None


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"outputs": 3}'])
def test_a_damaged_record_is_no_record(tmp_path: Path, damage: bytes) -> None:
    store = Store(tmp_path)
    store.remember("k" * 64, {})
    (tmp_path / "steps" / "kk" / ("k" * 64)).write_bytes(damage)
    assert store.results("k" * 64) is None


def test_write_whole_leaves_the_old_file_when_it_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]  # noqa: PTH208  # names, not paths


def test_a_full_disk_is_said(tmp_path: Path) -> None:
    store = Store(tmp_path)
    Path("/dev/full").stat()  # the device that is always full stands in for a disk
    with pytest.raises(OSError, match="No space left") as caught, Path("/dev/full").open("wb", buffering=0) as file:
        file.write(b"x")
    problem = storage_error(caught.value, store.folder).problems[0]
    assert problem.code == "no-space"
    assert problem.hint == "free some space and run the command again; nothing is lost"


def test_a_store_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file where the folder should be")
    store = Store(tmp_path / "store")
    with pytest.raises(FwbuildError) as caught, store.workspace():
        pass
    (problem,) = caught.value.problems
    assert problem.code == "store"
    assert "cannot write" in problem.message


def test_folders_of_killed_processes_are_removed(tmp_path: Path) -> None:
    script = textwrap.dedent("""
        import os, signal, sys
        from pathlib import Path
        from fwbuild.engine.store import Store
        with Store(Path(sys.argv[1])).workspace() as folder:
            (folder / "half").write_text("half")
            os.kill(os.getpid(), signal.SIGKILL)
    """)
    subprocess.run([sys.executable, "-c", script, tmp_path], check=False)
    (left,) = (tmp_path / "work").iterdir()
    with Store(tmp_path).workspace():
        assert left.exists(), "it could be about to be locked by its owner"
    ago = time.time() - 3600
    os.utime(left, (ago, ago))
    with Store(tmp_path).workspace() as folder:
        assert not left.exists()
        os.utime(folder, (ago, ago))
        with Store(tmp_path).workspace():
            assert folder.exists(), "its owner is alive"
