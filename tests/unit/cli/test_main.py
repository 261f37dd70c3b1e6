# SPDX-License-Identifier: Apache-2.0
"""Where output goes and where fwbuild is started, seen from outside."""

from __future__ import annotations

import pytest

from tests.conftest import Command
from tests.unit.cli.shell import shell


@pytest.mark.parametrize("buffered", ["", "1"])
def test_a_reader_that_goes_away_is_no_error(fw: Command, buffered: str) -> None:
    ended = shell("$FW list | true; echo ${PIPESTATUS[0]}", fw.folder, {"PYTHONUNBUFFERED": buffered})
    assert (ended.stdout, ended.stderr) == ("0\n", "")


@pytest.mark.parametrize("buffered", ["", "1"])
def test_output_to_a_full_disk(fw: Command, buffered: str) -> None:
    ended = shell("$FW list > /dev/full", fw.folder, {"PYTHONUNBUFFERED": buffered})
    assert ended.stderr == "error[no-space]: cannot write the output: No space left on device\n"
    assert ended.returncode == 1


def test_without_standard_files(fw: Command) -> None:
    """Nothing that is opened gets the number of standard output, and so what was meant for it."""
    ended = shell("$FW image linux-a15 --no-verify <&- >&- 2>&-", fw.folder)
    assert ended.returncode == 0
    fw("image", "linux-a15", "--no-verify", "-q")
    out, _ = fw("image", "linux-a15", "--no-verify")
    assert "nothing to do" in out
    ended = shell("$FW image nothing >&-", fw.folder)
    assert (ended.returncode, ended.stderr.splitlines()[0]) == (2, "error[unknown-name]: there is no recipe `nothing`")


@pytest.mark.parametrize("words", ["list", "image linux-a15", "note show x"])
def test_a_folder_that_was_removed(fw: Command, words: str) -> None:
    (fw.folder / "gone").mkdir()
    ended = shell(f"cd gone && rmdir ../gone && PYTHONSAFEPATH=1 $FW {words}", fw.folder)
    assert ended.stderr.splitlines()[-2:] == [
        "error[usage]: the current folder cannot be used: No such file or directory",
        "  hint: it was removed, perhaps made anew since; go there again, or to another one",
    ]
    assert ended.returncode == 2


def test_from_a_folder_that_was_removed_to_another(fw: Command) -> None:
    (fw.folder / "gone").mkdir()
    ended = shell("d=$PWD; cd gone && rmdir ../gone && PYTHONSAFEPATH=1 $FW list -C $d payloads", fw.folder)
    assert ended.returncode == 0
    assert "\n  linux " in ended.stdout


def test_as_a_module(fw: Command) -> None:
    from fwbuild import __version__

    ended = shell("$FW --version", fw.folder)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, f"fwbuild {__version__}\n", "")


def test_a_fault_of_fwbuild_is_called_one(fw: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    from fwbuild.cli import list_

    monkeypatch.setattr(list_, "_KINDS", None)
    _, err = fw("list", status=3)
    assert "Traceback" in err
    assert err.endswith(
        "error[bug]: this is a fault of fwbuild, not of your files; please report it with the lines above\n"
    )
