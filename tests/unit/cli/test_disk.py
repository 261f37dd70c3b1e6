# SPDX-License-Identifier: Apache-2.0
"""A disk that is full or cannot be written, and others who write to it at the same time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Command
from tests.project import zimage
from tests.unit.cli.shell import environment, shell

IMAGE = "$FW image linux-a15 --no-verify"


def _mounting() -> list[str]:
    """How this process may mount something that only it sees, if at all."""
    for words in (["unshare", "-m"], ["unshare", "-Urm"]):
        command = [*words, "mount", "-t", "tmpfs", "-o", "size=64k", "none", "/mnt"]
        if subprocess.run(command, capture_output=True).returncode == 0:
            return words
    return []


MOUNTING = _mounting()


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def larger(fw: Command) -> None:
    """Make the next image larger than the last one."""
    (fw.folder / "zImage").write_bytes(zimage(0x80000))


def test_a_limit_on_the_size_of_files(fw: Command) -> None:
    """What `ulimit -f` refuses reads like a full disk, wherever it strikes first."""
    fw("image", "linux-a15", "--no-verify")
    output = fw.folder / "build" / "linux-a15"
    before = files(output)
    larger(fw)
    ended = shell(f"ulimit -f 100; {IMAGE}", fw.folder)
    assert ended.returncode == 1
    assert ": [Errno 27] File too large" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert files(output) == before
    assert not list((fw.folder / ".fwbuild" / "work").iterdir())
    fw("image", "linux-a15", "--no-verify")
    assert files(output) != before


@pytest.mark.parametrize("where", [".fwbuild", "build"])
def check_a_full_disk(fw: Command, where: str) -> None:
    """A clear word, and the old files are whole; when there is room again it goes on."""
    larger(fw)
    (fw.folder / where).mkdir()
    script = f"""
        mount -t tmpfs -o size=4m none {where}
        {IMAGE} || exit 90
        (cd build/linux-a15 && sha256sum *) > before
        dd if=/dev/zero of={where}/ballast bs=1k count=8000 2>/dev/null
        cp zImage.new zImage
        {IMAGE} 2> message; echo $? > status
        (cd build/linux-a15 && sha256sum -c --quiet ../../before && [ $(ls -A | wc -l) = 7 ]) || exit 91
        rm {where}/ballast
        {IMAGE} || exit 92
        (cd build/linux-a15 && ! sha256sum -c --quiet ../../before) || exit 93
    """
    (fw.folder / "zImage.new").write_bytes(zimage(0x80000, unpacked=0x40000))
    command = [*MOUNTING, "bash", "-c", script]
    ended = subprocess.run(command, cwd=fw.folder, env=environment(), capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    message = (fw.folder / "message").read_text()
    assert (fw.folder / "status").read_text() == "1\n"
    assert "error[no-space]: no space left for " in message
    assert "hint: free some space and run the command again; nothing is lost" in message
    assert "Traceback" not in message


if MOUNTING:
    test_a_full_disk = check_a_full_disk


@pytest.mark.parametrize("where", ["build", "build/linux-a15", ".fwbuild", ".fwbuild/work", ".fwbuild/files"])
def test_a_file_where_a_folder_must_be(fw: Command, where: str) -> None:
    path = fw.folder / where
    path.parent.mkdir(exist_ok=True)
    path.write_text("mine")
    _, err = fw("image", "linux-a15", "--no-verify", status=1)
    assert "error[store]: cannot write " in err
    assert where in err
    assert path.read_text() == "mine"


def test_a_folder_where_a_file_must_be(fw: Command) -> None:
    folder = fw.folder / "build" / "linux-a15" / "linux-a15.elf"
    folder.mkdir(parents=True)
    (folder / "mine").write_text("mine")
    _, err = fw("image", "linux-a15", "--no-verify", status=1)
    assert "error[store]: cannot write " in err
    assert (folder / "mine").read_text() == "mine"


def test_a_lock_that_cannot_be_written(fw: Command) -> None:
    (fw.folder / "fwbuild.lock").mkdir()
    _, err = fw("image", "linux-a15", "--no-verify", status=2)
    assert err.startswith("fwbuild.lock: error[unreadable-file]")


def test_results_that_were_damaged_are_made_again(fw: Command) -> None:
    """A record that cannot be read, and one whose files are gone."""
    fw("image", "linux-a15", "--no-verify")
    before = files(fw.folder / "build" / "linux-a15")
    records = sorted(path for path in (fw.folder / ".fwbuild" / "steps").rglob("*") if path.is_file())
    for path, text in zip(records, ["", "{", "[]", '{"outputs": {"elf": "' + "0" * 64 + '"}}', "null"], strict=False):
        path.write_text(text)
    (fw.folder / "build" / "linux-a15" / "linux-a15.elf").write_bytes(b"torn")
    out, _ = fw("image", "linux-a15", "--no-verify")
    assert "built in" in out
    assert files(fw.folder / "build" / "linux-a15") == before


def test_several_at_once_in_one_project(fw: Command) -> None:
    """They share store and output folder; each ends well and what is there is whole."""
    command = [sys.executable, "-m", "fwbuild", "image", "linux-a15", "xen-a15", "--no-verify", "-q", "-j", "2"]
    running = [
        subprocess.Popen(command, cwd=fw.folder, env=environment(), stderr=subprocess.PIPE, text=True) for _ in range(6)
    ]
    for process in running:
        _, err = process.communicate(timeout=120)
        assert (process.returncode, err) == (0, "")
    found = {name: files(fw.folder / "build" / name) for name in ("linux-a15", "xen-a15")}
    fw("clean", "--store")
    fw("image", "linux-a15", "xen-a15", "--no-verify")
    assert {name: files(fw.folder / "build" / name) for name in found} == found
