# SPDX-License-Identifier: Apache-2.0
"""Every reset state: the boot code finds out and does what is still possible, up to Linux's user land."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fwbuild.session import Session
from tests.boot.variants import add_platform, add_recipe
from tests.project import ROOT

#: reset state, the payload's modes -> the mode, its code, secure-state and hyp-state of the record
STATES = {
    ("monitor", ("hyp", "svc")): ("hyp", 2, 2, 1),
    ("monitor", ("svc",)): ("svc", 3, 2, 2),
    ("hyp", ("hyp", "svc")): ("hyp", 2, 3, 1),
    ("hyp", ("svc",)): ("svc", 3, 3, 3),
    ("svc", ("hyp", "svc")): ("svc", 3, 3, 3),
}
BANNER = {"hyp": "HYP", "svc": "SVC"}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FWBUILD_STORE", str(ROOT / ".fwbuild"))
    (tmp_path / "fwbuild.toml").write_text('layers = ["fwbuild", "."]\n')
    (tmp_path / "fwbuild.lock").write_bytes((ROOT / "fwbuild.lock").read_bytes())
    return tmp_path


@pytest.mark.parametrize(("state", "modes"), STATES)
def test_linux_boots_from_every_reset_state(project: Path, state: str, modes: tuple[str, ...]) -> None:
    mode, *record = STATES[state, modes]
    changes = {
        'state = "secure-svc"': f'state = "{state}"',
        'source = "QEMU 7.2 hw/arm/vexpress.c': 'reset = "secure-svc"\nsource = "',
    }
    add_platform(project, "board", "vexpress-a15", changes)
    add_recipe(project, "image", "board", modes)
    (built,) = Session(project).build(["image"])
    assert built.verdict is not None
    assert built.verdict["passed"], [each for each in built.verdict["findings"] if not each["passed"]]
    console = (built.folder / "console.log").read_text(errors="replace")
    assert f"CPU: All CPU(s) started in {BANNER[mode]} mode." in console
    words = "entry-mode {:08x} secure-state {:08x} hyp-state {:08x}".format(*record)
    assert console.count(words) == 2
    manifest = json.loads((built.folder / "manifest.json").read_text())
    assert [cpu["mode"] for cpu in manifest["cpus"]] == [mode, mode]


@pytest.mark.parametrize(
    ("properties", "mode", "record"),
    [
        ('secure = "on", virtualization = "on"', "HYP", "00000002 secure-state 00000002 hyp-state 00000001"),
        ('secure = "on", virtualization = "off"', "SVC", "00000003 secure-state 00000003 hyp-state 00000000"),
        ('secure = "off", virtualization = "on"', "HYP", "00000002 secure-state 00000000 hyp-state 00000001"),
        ('secure = "off", virtualization = "off"', "SVC", "00000003 secure-state 00000000 hyp-state 00000000"),
    ],
)
def test_one_image_serves_cpus_without_an_extension(project: Path, properties: str, mode: str, record: str) -> None:
    """The same bytes; what the CPUs really have is found out at run time."""
    add_platform(project, "board", "vexpress-a15", {'secure = "on", virtualization = "on"': properties})
    add_recipe(project, "image", "board", ("hyp", "svc"))
    (built,) = Session(project).build(["image"])
    console = (built.folder / "console.log").read_text(errors="replace")
    assert f"CPU: All CPU(s) started in {mode} mode." in console
    assert f"entry-mode {record}" in console
    assert built.verdict is not None
    assert built.verdict["passed"] is (mode == "HYP" and "2 secure" in record and "state 00000002" in record)


def test_no_mode_at_run_time_is_a_line_and_a_parked_cpu(project: Path) -> None:
    add_platform(project, "board", "vexpress-a15", {'virtualization = "on"': 'virtualization = "off"'})
    add_recipe(project, "image", "board", ("hyp",), "[verify]\ndeadline = 3\n")
    (built,) = Session(project).build(["image"])
    assert (built.folder / "console.log").read_bytes() == b"fwbuild: no mode\r\n"
    assert built.verdict is not None
    assert not built.verdict["passed"]


@pytest.mark.parametrize("name", ["virt-a15", "vexpress-a9"])
def test_the_other_platforms_are_entered_as_they_should(
    project: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    modes = ("hyp", "svc") if name == "virt-a15" else ("svc",)
    add_recipe(project, "image", name, modes, "cpus = 1\n[verify]\ndeadline = 1\n")
    (built,) = Session(project).build(["image"])
    assert built.verdict is not None
    console = {"linux-alive", "linux-cpus", "linux-hyp", "linux-svc", "linux-init", "linux-record-0"}
    broken = [each for each in built.verdict["findings"] if not each["passed"] and each["rule"] not in console]
    assert not broken
