# SPDX-License-Identifier: Apache-2.0
"""The launcher ./fw, with stand-ins for everything that it would install or start."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

import pytest

from tests.project import ROOT

#: What the launcher itself needs to run.
TOOLS = ("dirname", "cmp", "flock", "rm", "cp", "cat", "sleep", "mkdir", "chmod", "sh")
EMULATOR = ("qemu-system-arm",)
ORACLES = ("dtc", "arm-linux-gnueabihf-as", "gdb-multiarch", "mkimage", "cc", "gpg", "apt-ftparchive", "dt-validate")

PYTHON = r"""
echo "python $*" >> "$LOG"
case "$*" in
*"-m venv "*)
    sleep 0.1
    mkdir -p "$HERE/.venv/bin"
    cp "$0" "$HERE/.venv/bin/python"
    printf '#!/bin/sh\necho "fwbuild: $*"\n' > "$HERE/.venv/bin/fwbuild"
    chmod +x "$HERE/.venv/bin/fwbuild"
    ;;
esac
"""


class Machine:
    """A machine on which only some programs are installed, with a checkout."""

    def __init__(self, folder: Path) -> None:
        self.checkout = folder / "checkout"
        self.programs = folder / "bin"
        self.log = folder / "log"
        self.checkout.mkdir()
        self.programs.mkdir()
        shutil.copy(ROOT / "fw", self.checkout)
        (self.checkout / "requirements.lock").write_text("one==1\n")
        for name in TOOLS:
            found = shutil.which(name)
            assert found is not None
            (self.programs / name).symlink_to(found)
        self.install("id", "echo 1000")
        self.install("python3", PYTHON)

    def install(self, name: str, script: str = "") -> None:
        path = self.programs / name
        path.unlink(missing_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def environment(self) -> dict[str, str]:
        return {"PATH": str(self.programs), "LOG": str(self.log), "HERE": str(self.checkout)}

    def fw(self, *words: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
        command = [str(self.checkout / "fw"), *words]
        around = self.environment()
        return subprocess.run(command, cwd=folder, env=around, capture_output=True, text=True, timeout=60)

    def calls(self) -> list[str]:
        """What was run so far, with the checkout's path left out."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        return [line.replace(f"{self.checkout}/", "") for line in lines if " -c " not in line]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


SET_UP = [
    "python -m venv .venv",
    "python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock",
    "python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e {}",
]


def set_up(machine: Machine) -> list[str]:
    return [line.format(machine.checkout) for line in SET_UP]


def test_the_first_run_sets_up_and_the_second_does_nothing(machine: Machine, tmp_path: Path) -> None:
    for name in EMULATOR:
        machine.install(name)
    ended = machine.fw("image", "xen a15", folder=tmp_path)
    assert (ended.returncode, ended.stdout) == (0, "fwbuild: image xen a15\n")
    assert ended.stderr == "fw: making a virtual environment in .venv\n"
    assert machine.calls() == set_up(machine)
    started = time.monotonic()
    ended = machine.fw("list")
    assert time.monotonic() - started < 1
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "fwbuild: list\n", "")
    assert machine.calls() == []


@pytest.mark.parametrize("spoil", ["lock", "interrupted", "gone"])
def test_it_sets_up_again_when_it_must(machine: Machine, spoil: str) -> None:
    machine.install("qemu-system-arm")
    machine.fw("list")
    machine.calls()
    if spoil == "lock":
        (machine.checkout / "requirements.lock").write_text("one==2\n")
    elif spoil == "interrupted":
        (machine.checkout / ".venv" / "fwbuild-lock").unlink()
    else:
        shutil.rmtree(machine.checkout / ".venv")
    assert machine.fw("list").returncode == 0
    assert machine.calls() == set_up(machine)


def test_a_set_up_that_fails_is_tried_again(machine: Machine) -> None:
    machine.install("qemu-system-arm")
    machine.install("python3", PYTHON + 'case "$*" in *"-m venv "*) echo no room >&2; exit 1;; esac')
    ended = machine.fw("list")
    assert ended.returncode == 1
    assert "no room" in ended.stderr
    assert "fwbuild:" not in ended.stdout
    machine.install("python3", PYTHON)
    assert machine.fw("list").stdout == "fwbuild: list\n"


def test_without_the_emulator_and_not_root_it_says_what_to_install_and_goes_on(machine: Machine) -> None:
    ended = machine.fw("image", "xen-a15", "--no-verify")
    assert (ended.returncode, ended.stdout) == (0, "fwbuild: image xen-a15 --no-verify\n")
    assert ended.stderr.splitlines()[-2:] == [
        "fw: these packages are missing: qemu-system-arm",
        "fw: as root, run: apt-get install --no-install-recommends qemu-system-arm",
    ]


def test_the_tests_need_every_package(machine: Machine) -> None:
    machine.install("dtc")
    ended = machine.fw("test")
    assert (ended.returncode, ended.stdout) == (5, "")
    packages = "qemu-system-arm binutils-arm-linux-gnueabihf gdb-multiarch u-boot-tools gcc gnupg apt-utils dt-schema"
    assert ended.stderr.splitlines()[-2:] == [
        f"fw: these packages are missing: {packages}",
        f"fw: as root, run: apt-get install --no-install-recommends {packages}",
    ]
    for name in (*EMULATOR, *ORACLES):
        machine.install(name)
    machine.calls()
    ended = machine.fw("test", "tests/unit", "-k", "a b")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert machine.calls() == ["python -m pytest tests/unit -k a b"]


def test_root_gets_the_packages_installed(machine: Machine) -> None:
    machine.install("id", "echo 0")
    machine.install("apt-get", 'echo "apt-get $*" >> "$LOG"; echo noise')
    ended = machine.fw("list")
    assert (ended.returncode, ended.stdout) == (0, "fwbuild: list\n"), "what apt prints is no output of fwbuild"
    assert "fw: installing qemu-system-arm\n" in ended.stderr
    assert [call for call in machine.calls() if call.startswith("apt-get")] == [
        "apt-get update -qq",
        "apt-get install -y -qq --no-install-recommends qemu-system-arm",
    ]


@pytest.mark.parametrize(("words", "status"), [(("image", "x"), 0), (("test",), 5)])
def test_packages_that_cannot_be_installed(machine: Machine, words: tuple[str, ...], status: int) -> None:
    machine.install("id", "echo 0")
    machine.install("apt-get", 'echo "apt-get: no network" >&2; exit 100')
    ended = machine.fw(*words)
    assert ended.returncode == status
    assert "apt-get: no network" in ended.stderr
    assert ("fwbuild: image x\n" in ended.stdout) == (status == 0)


@pytest.mark.parametrize("python", ["absent", "too old", "without venv"])
def test_python_is_needed(machine: Machine, python: str) -> None:
    machine.install("qemu-system-arm")
    if python == "absent":
        (machine.programs / "python3").unlink()
    elif python == "too old":
        machine.install("python3", "exit 1")
    else:
        machine.install("python3", 'case "$*" in *ensurepip*) exit 1;; esac')
    ended = machine.fw("list")
    assert (ended.returncode, ended.stdout) == (5, "")
    assert ended.stderr.splitlines() == [
        "fw: these packages are missing: python3 python3-venv",
        "fw: as root, run: apt-get install --no-install-recommends python3 python3-venv",
    ]
    assert not (machine.checkout / ".venv").exists()


def test_a_newer_python_beside_an_old_one_is_taken(machine: Machine) -> None:
    machine.install("qemu-system-arm")
    machine.install("python3", "exit 1")
    machine.install("python3.12", PYTHON)
    assert machine.fw("list").stdout == "fwbuild: list\n"


def test_two_at_once_set_up_once(machine: Machine) -> None:
    machine.install("qemu-system-arm")
    command = [str(machine.checkout / "fw"), "list"]
    running = [
        subprocess.Popen(command, env=machine.environment(), stdout=-1, stderr=subprocess.DEVNULL, text=True)
        for _ in range(4)
    ]
    assert [process.communicate(timeout=60)[0] for process in running] == ["fwbuild: list\n"] * 4
    assert machine.calls() == set_up(machine)


def test_what_it_starts_does_not_hold_its_lock(machine: Machine) -> None:
    """Otherwise a second run would wait for the first to end."""
    machine.install("qemu-system-arm")
    machine.fw("list")
    script = machine.checkout / ".venv" / "bin" / "fwbuild"
    script.write_text('#!/bin/sh\necho started\nif [ "$1" = long ]; then exec sleep 60; fi\n')
    with subprocess.Popen(
        [str(machine.checkout / "fw"), "long"], env=machine.environment(), stdout=subprocess.PIPE, text=True
    ) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "started\n"
        assert machine.fw("short").stdout == "started\n"
        first.kill()
