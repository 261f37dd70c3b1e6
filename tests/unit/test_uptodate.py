# SPDX-License-Identifier: Apache-2.0
"""The answer that is given without looking must be the one that looking would give."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from fwbuild import uptodate
from tests.project import ROOT

WORDS = ["image", "linux-a15"]


class Stamped:
    """A folder with an input, an output and a stamp for a command on them."""

    def __init__(self, folder: Path) -> None:
        self.input, self.output = folder / "input", folder / "out" / "output"
        (folder / "fwbuild.toml").write_text("")
        self.input.write_text("in")
        self.output.parent.mkdir()
        self.output.write_text("out")
        self.pause()
        self.remember()

    def pause(self) -> None:
        """Let the kernel's clock tick, as it has for any file that a person wrote."""
        time.sleep(0.03)

    def remember(self, *, missing: Path | None = None) -> None:
        inputs = {str(self.input), str(self.input.parent / "fwbuild.toml"), str(missing or self.input)}
        outputs = {str(self.output), str(self.output.parent)}
        uptodate.remember(WORDS, "nothing to do\n", inputs=inputs, outputs=outputs, began=time.time_ns())


@pytest.fixture
def stamped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stamped:
    monkeypatch.chdir(tmp_path)
    return Stamped(tmp_path)


def test_nothing_changed(stamped: Stamped, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert uptodate.recall(WORDS) == "nothing to do\n"
    assert uptodate.recall([*WORDS, "xen-a15"]) is None
    assert uptodate.recall(["verify", "linux-a15"]) is None
    assert uptodate.recall(["image", "--no-verify", "linux-a15"]) is None
    (tmp_path / "deeper").mkdir()
    monkeypatch.chdir(tmp_path / "deeper")
    assert uptodate.recall(WORDS) is None, "the answer names paths relative to the folder it was given in"


def rewrite(path: Path, *, keep_time: bool = False) -> None:
    before = path.stat()
    path.write_text("ni")
    if keep_time:
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def swap(path: Path) -> None:
    """Another file of the same size and time in its place, as `cp -p` and editors do."""
    other = path.with_name("other")
    shutil.copy2(path, other)
    other.replace(path)


CHANGES: dict[str, Callable[[Stamped], object]] = {
    "an input has other bytes": lambda s: rewrite(s.input),
    "an input has other bytes and its old time": lambda s: rewrite(s.input, keep_time=True),
    "an input was swapped": lambda s: swap(s.input),
    "an input is gone": lambda s: s.input.unlink(),
    "an input may be executed now": lambda s: s.input.chmod(0o755),
    "an output has other bytes": lambda s: rewrite(s.output, keep_time=True),
    "an output is gone": lambda s: s.output.unlink(),
    "a file was added to the outputs": lambda s: (s.output.parent / "new").write_text(""),
    "the project file changed": lambda s: (s.input.parent / "fwbuild.toml").write_text("#"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_is_noticed(stamped: Stamped, change: str) -> None:
    CHANGES[change](stamped)
    assert uptodate.recall(WORDS) is None


@pytest.mark.parametrize("name", ["FWBUILD_STORE", "PATH", "SOURCE_DATE_EPOCH"])
def test_the_environment_is_noticed(stamped: Stamped, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "/other")
    assert uptodate.recall(WORDS) is None


def test_a_file_that_must_not_be_there(stamped: Stamped, tmp_path: Path) -> None:
    stamped.remember(missing=tmp_path / "nearer")
    assert uptodate.recall(WORDS) is not None
    (tmp_path / "nearer").write_text("")
    assert uptodate.recall(WORDS) is None


def test_an_input_that_changed_during_the_run_is_not_trusted(stamped: Stamped) -> None:
    began = time.time_ns()
    stamped.input.write_text("changed while the build ran")
    uptodate.remember(WORDS, "wrong", inputs={str(stamped.input)}, outputs=set(), began=began)
    assert uptodate.recall(WORDS) is None


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"format": 1}', '{"format": 99}'])
def test_a_damaged_stamp_is_no_stamp(stamped: Stamped, tmp_path: Path, damage: str) -> None:
    (tmp_path / ".fwbuild" / "stamps" / "linux-a15").write_text(damage)
    assert uptodate.recall(WORDS) is None


def test_a_folder_that_cannot_be_written_costs_only_time(stamped: Stamped, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / ".fwbuild")
    (tmp_path / ".fwbuild").write_text("in the way")
    stamped.remember()
    assert uptodate.recall(WORDS) is None


def test_the_short_way_imports_next_to_nothing(stamped: Stamped, tmp_path: Path) -> None:
    script = (
        "import sys; sys.argv = ['fwbuild', 'image', 'linux-a15']; from fwbuild.__main__ import main\n"
        "assert main() == 0\n"
        "print(*sorted(name for name in sys.modules if name.startswith(('fwbuild', 'argparse', 'pluggy', 'tomli'))))"
    )
    # The interpreter's path is part of the stamp: write it from the same command.
    stamp = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
    write = (
        f"{stamp}import time; from fwbuild import uptodate\n"
        f"uptodate.remember({WORDS!r}, 'nothing to do\\n', inputs=set(), outputs=set(), began=time.time_ns())"
    )
    for text in (write, stamp + script):
        done = subprocess.run([sys.executable, "-c", text], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["nothing to do", "fwbuild fwbuild.__main__ fwbuild.uptodate"]


def test_everything_in_a_folder(tmp_path: Path) -> None:
    (tmp_path / "a" / "__pycache__").mkdir(parents=True)
    (tmp_path / "a" / "__pycache__" / "x.pyc").write_text("")
    (tmp_path / "a" / "b.py").write_text("")
    found = {os.path.relpath(path, tmp_path) for path in uptodate.everything_in(str(tmp_path))}
    assert found == {".", "a", "a/b.py"}
