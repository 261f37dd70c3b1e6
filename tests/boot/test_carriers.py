# SPDX-License-Identifier: Apache-2.0
"""Payloads whose notes say how they are entered: it is so, and they run."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fwbuild.cli.main import main
from fwbuild.session import Built, Session
from tests.boot.test_boots import proven
from tests.project import ROOT

CASE = ROOT / "tests" / "cases" / "kernel"
HEAD = 'summary = "x"\nplatform = "vexpress-a15"\ncpus = 1\n'


@pytest.fixture
def project(tmp_path: Path, session: Session, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a layer of its own, whose recipe names the files `kernel` and `notes`."""
    (tmp_path / "layer" / "recipes").mkdir(parents=True)
    sources = "".join(f'[sources.{name}]\ntype = "file"\npath = "{name}"\n' for name in ("kernel", "notes"))
    (tmp_path / "fwbuild.toml").write_text(f'layers = ["fwbuild", "layer"]\n{sources}')
    (tmp_path / "notes").write_bytes(b"")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def boots(project: Path, text: str) -> Built:
    (project / "layer" / "recipes" / "mine.toml").write_text(HEAD + text)
    return proven(Session(project), "mine")


def kernel(folder: Path, modes: str) -> None:
    """Build the little kernel with notes for ``modes`` linked in."""
    for name in ("kernel.S", "kernel.lds"):
        shutil.copy(CASE / name, folder)
    note = subprocess.run(
        [sys.executable, "-m", "fwbuild", "note", "emit", "--modes", modes],
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=True,
    )
    (folder / "note.S").write_bytes(note.stdout)
    for name in ("kernel", "note"):
        subprocess.run(["arm-linux-gnueabihf-as", "-o", f"{name}.o", f"{name}.S"], cwd=folder, check=True)
    link = ["arm-linux-gnueabihf-ld", "-T", "kernel.lds", "-o", "kernel", "kernel.o", "note.o"]
    subprocess.run(link, cwd=folder, check=True)


@pytest.mark.parametrize(("modes", "letter"), [("hyp,svc", "H"), ("svc,hyp", "S")])
def test_a_kernel_with_notes_of_its_own(project: Path, modes: str, letter: str) -> None:
    kernel(project, modes)
    built = boots(project, f'[payload]\ntype = "raw"\nimage = "kernel"\n[verify]\nexpect = ["kernel: {letter}[+]"]\n')
    assert built.verdict is not None
    assert built.verdict["payload"]["stated-by"] == "notes"
    manifest = json.loads((built.folder / "manifest.json").read_text())
    assert manifest["payload"]["entry"] == "0x80100004"


def test_a_flat_binary_that_says_nothing(project: Path) -> None:
    kernel(project, "hyp")
    subprocess.run(["arm-linux-gnueabihf-objcopy", "-O", "binary", "-j", ".text", "kernel", "flat"], check=True)
    flat = (project / "flat").read_bytes()
    (project / "kernel").write_bytes(flat)
    built = boots(
        project,
        '[payload]\ntype = "raw"\nimage = "kernel"\naddress = 0x80100000\nmemory-size = 0x200000\n'
        '[verify]\nexpect = ["kernel: S"]\n',
    )
    assert built.verdict is not None
    assert built.verdict["payload"]["stated-by"] == "legacy"


@pytest.mark.parametrize("carrier", ["wrapper", "sidecar"])
def test_debians_kernel_with_notes_around_it_or_beside_it(project: Path, carrier: str, session: Session) -> None:
    """Notes ask for supervisor mode first, where the recogniser would take hyp."""
    (target,) = session.targets(session.requests(["linux-a15"]))
    raw = target.material("linux-armmp-lpae").read()
    (project / "raw").write_bytes(raw)
    head = ""
    if carrier == "wrapper":
        assert main(["note", "wrap", "raw", "-o", "kernel", "--modes", "svc,hyp"]) == 0
    else:
        (project / "kernel").write_bytes(raw)
        assert main(["note", "sidecar", "raw", "-o", "notes", "--modes", "svc,hyp"]) == 0
        head = 'notes = "notes"\n'
    built = boots(
        project,
        f'{head}[payload]\ntype = "linux"\nimage = "kernel"\nramdisk = "proof-ramdisk-armhf"\n'
        'bootargs = "console=ttyAMA0 earlycon=pl011,0x1c090000"\n',
    )
    assert built.verdict is not None
    assert built.verdict["payload"]["stated-by"] == carrier
    assert built.verdict["payload"]["overruled"] == {"recogniser": ["hyp", "svc"]}
    console = (built.folder / "console.log").read_text(errors="replace")
    assert "CPU: All CPU(s) started in SVC mode." in console
