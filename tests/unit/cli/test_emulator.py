# SPDX-License-Identifier: Apache-2.0
"""An emulator that dies, hangs, refuses or talks nonsense: a clear word, in time, and no process left.

The emulator is a script that stands first in PATH.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fwbuild.verify import gdbstub, qemu
from tests.conftest import Command
from tests.unit.cli.shell import environment
from tests.unit.engine.test_child import is_running, wait_until_gone

VERSION = 'case "$*" in --version) echo "QEMU emulator version 7.2.99 (fake)"; exit;; esac\n'
#: Leaves its process number and does nothing else.
HANGS = 'echo $$ > "$HERE/pid.$$"; exec sleep 600\n'

RECIPE = """\
summary = "x"
platform = "vexpress-a15"
[payload]
type = "linux"
image = "linux-armmp-lpae"
[verify]
deadline = {}
"""

#: Talks to whoever is on the debug stub's socket, whose number stands in the command line.
TALKER = """\
import os, re, socket, sys
words = " ".join(sys.argv)
if "--version" in words:
    print("QEMU emulator version 7.2.99")
    sys.exit()
found = re.search(r"id=stub,fd=(\\d+)", words)
if found is None:
    print("nothing that a kernel says")
    sys.exit()
stub = socket.socket(fileno=int(found[1]))

def packet(data):
    return b"$" + data + b"#%02x" % (sum(data) & 0xFF)

def answers(*data):
    for each in data:
        stub.recv(65536)
        stub.sendall(b"+" + packet(each))

"""


@pytest.fixture
def fake(fw: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Path]]:
    """Puts a script first in PATH as the emulator; its folder is $HERE."""
    folder = tmp_path / "fake"
    folder.mkdir()
    (fw.folder / "layer" / "recipes" / "mine.toml").write_text(RECIPE.format(1))
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.setenv("HERE", str(folder))
    monkeypatch.setattr(gdbstub, "_ANSWER_TIMEOUT", 0.5)
    monkeypatch.setattr(qemu, "_SHORT", 0.5)
    qemu.asked.cache_clear()

    def write(script: str) -> Path:
        shebang = "" if script.startswith("#!") else "#!/bin/sh\n"
        (folder / "qemu-system-arm").write_text(shebang + script)
        (folder / "qemu-system-arm").chmod(0o755)
        return folder

    yield write
    qemu.asked.cache_clear()


def failures(out: str) -> list[str]:
    """The evidence of each rule that broke."""
    lines = out.splitlines()
    return [lines[index + 1].strip() for index, line in enumerate(lines) if line.startswith("  FAIL  ")]


def test_it_dies_with_a_message(fw: Command, fake: Callable[[str], Path]) -> None:
    fake(VERSION + 'echo "qemu-system-arm: unsupported machine type" >&2; exit 1')
    out, _ = fw("image", "mine", status=4)
    found = failures(out)
    assert found
    assert all("exit status 1: qemu-system-arm: unsupported machine type" in each for each in found)
    assert "verdict: FAILED" in out


def test_it_is_killed(fw: Command, fake: Callable[[str], Path]) -> None:
    fake(VERSION + "kill -SEGV $$; sleep 10")
    out, _ = fw("image", "mine", status=4)
    assert failures(out)
    assert all("exit status -11" in each for each in failures(out))


def test_it_hangs(fw: Command, fake: Callable[[str], Path]) -> None:
    folder = fake(VERSION + HANGS)
    started = time.monotonic()
    out, _ = fw("image", "mine", status=4)
    assert time.monotonic() - started < 60
    assert any("no answer" in each for each in failures(out))
    assert any("the deadline came after 1 s; it printed nothing at all" in each for each in failures(out))
    pids = [int(path.read_text()) for path in folder.glob("pid.*")]
    assert len(pids) == 2
    for pid in pids:
        wait_until_gone(pid)


def test_it_prints_for_ever(fw: Command, fake: Callable[[str], Path]) -> None:
    fake(VERSION + "exec yes garbage")
    out, _ = fw("image", "mine", status=4)
    assert any("the deadline came after 1 s; last line: garbage" in each for each in failures(out))
    log = fw.folder / "build" / "mine" / "console.log"
    assert log.read_bytes().startswith(b"garbage\n")
    assert log.stat().st_size <= 16 << 20


def test_a_verdict_that_failed_is_not_believed_again(fw: Command, fake: Callable[[str], Path]) -> None:
    folder = fake(VERSION + 'echo x >> "$HERE/count"; exit 1')
    for count in (1, 2):
        fw("image", "mine", status=4)
        assert (folder / "count").read_text().count("x") == 2 * count


@pytest.mark.parametrize(
    "talk",
    [
        "stub.sendall(b'HTTP/1.1 400 Bad Request' * 1000)",
        "stub.sendall(os.urandom(100000))",
        "stub.sendall(packet(b'') * 1000); stub.recv(1)",
        "answers(b'PacketSize=1000', b'mmm', b'm', b'E01')",
        "answers(b'PacketSize=1000', b'l<reg name=\"r0\"/>')",
        "answers(b'PacketSize=1000', b'l\\xff\\xfe')",
        "answers(b'PacketSize=1000', b'l<xi:include href=\"a\"/>', b'l<reg name=\"r0\"/>')",
        "answers(b'PacketSize=1000', b'l<xi:include href=\"a\"/>', b'l<reg name=\"r0\" bitsize=\"many\"/>')",
        "answers(b'PacketSize=1000', b'l<reg/>', b'm1', b'l', b'OK', b'nonsense')",
        "answers(b'PacketSize=1000', b'l<xi:include href=\"a\"/>', b'l<reg name=\"pc\" bitsize=\"32\"/>',"
        " b'm1', b'l', b'OK', b'nonsense')",
        "answers(b'PacketSize=1000', b'l<xi:include href=\"a\"/>', b'l<reg name=\"pc\" bitsize=\"32\"/>', b'l')",
        "answers(b'PacketSize=1000')\nwhile True: answers(b'm' + b'x' * 60000)",
        "answers(b'PacketSize=1000')\nwhile True: answers(b'm')",
        "answers(b'PacketSize=1000', b'l')\nwhile True: answers(b'm' + b'1,' * 20000)",
        "stub.close()",
        "stub.recv(10); stub.close()",
    ],
)
def test_its_debug_stub_talks_nonsense(fw: Command, fake: Callable[[str], Path], talk: str) -> None:
    fake(f"#!{sys.executable}\n{TALKER}{talk}\n")
    out, _ = fw("image", "mine", status=4)
    assert len(failures(out)) >= 2
    assert "verdict: FAILED" in out


# --- before anything is booted --------------------------------------------------------


def test_it_is_not_there(fw: Command, fake: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    _, err = fw("image", "mine", status=5)
    assert "error[tool-missing]: there is no qemu-system-arm" in err
    _, err = fw("run", "mine", status=5)
    assert "error[tool-missing]: there is no qemu-system-arm" in err


def test_it_cannot_even_say_its_version(fw: Command, fake: Callable[[str], Path]) -> None:
    fake('echo "error while loading shared libraries: libpixman-1.so.0" >&2; exit 127')
    _, err = fw("image", "mine", status=5)
    assert "error[tool-missing]: qemu-system-arm does not work" in err
    assert "libpixman-1.so.0" in err


def test_it_says_no_version(fw: Command, fake: Callable[[str], Path]) -> None:
    fake("echo hello")
    _, err = fw("image", "mine", status=5)
    assert "error[tool-missing]: qemu-system-arm does not work" in err
    assert "hello" in err


def test_it_hangs_when_it_is_asked_for_its_version(fw: Command, fake: Callable[[str], Path]) -> None:
    folder = fake(HANGS)
    started = time.monotonic()
    _, err = fw("image", "mine", status=5)
    assert time.monotonic() - started < 30
    assert "qemu-system-arm" in err
    assert "did not end within 0.5 seconds" in err
    for path in folder.glob("pid.*"):
        wait_until_gone(int(path.read_text()))


def test_another_version_proves_anew(fw: Command, fake: Callable[[str], Path]) -> None:
    fake(VERSION + "exit 1")
    _, err = fw("image", "mine", status=4)
    assert "mine: boot code" in err
    fake(VERSION.replace("7.2.99", "8.0.0") + "exit 1")
    qemu.asked.cache_clear()
    _, err = fw("image", "mine", status=4)
    assert "mine: entry proof" in err
    assert "mine: boot code" not in err


# --- fwbuild ends before it -----------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "status"), [(signal.SIGKILL, -9), (signal.SIGTERM, -15), (signal.SIGINT, 130), (signal.SIGHUP, -1)]
)
def test_it_does_not_outlive_fwbuild(
    fw: Command, fake: Callable[[str], Path], how: signal.Signals, status: int
) -> None:
    """And what was published before is still there, whole, and the next run works."""
    fw("image", "mine", "--no-verify")
    output = fw.folder / "build" / "mine"
    before = {path.name: path.read_bytes() for path in output.iterdir()}
    (fw.folder / "layer" / "recipes" / "mine.toml").write_text(RECIPE.format(600))
    folder = fake(VERSION + HANGS)
    command = [sys.executable, "-m", "fwbuild", "image", "mine", "-j", "2"]
    around = environment(PATH=os.environ["PATH"], HERE=str(folder))
    with subprocess.Popen(command, cwd=fw.folder, env=around, stdout=-1, stderr=-1, text=True) as process:
        end = time.monotonic() + 60
        while len(pids := [path for path in folder.glob("pid.*") if path.read_text()]) < 2:
            assert time.monotonic() < end, "the emulator was not started"
            time.sleep(0.01)
        numbers = [int(path.read_text()) for path in pids]
        assert all(is_running(number) for number in numbers)
        process.send_signal(how)
        _, err = process.communicate(timeout=60)
    assert process.returncode == status
    for number in numbers:
        wait_until_gone(number)
    if how is signal.SIGINT:
        assert err.endswith("\ninterrupted; nothing half-written is left behind\n")
    assert "Traceback" not in err
    assert {path.name: path.read_bytes() for path in output.iterdir()} == before
    (fw.folder / "layer" / "recipes" / "mine.toml").write_text(RECIPE.format(1))
    fw("image", "mine", "--no-verify")
    assert {path.name: path.read_bytes() for path in output.iterdir()} == before


def test_it_is_started_as_the_tests_think(fw: Command, fake: Callable[[str], Path]) -> None:
    """The scripts above stand for an emulator that gets an image, a machine and a socket."""
    folder = fake(VERSION + textwrap.dedent('echo "$*" >> "$HERE/calls"; exit 1'))
    fw("image", "mine", "-j", "1", status=4)
    calls = (folder / "calls").read_text().splitlines()
    assert len(calls) == 2
    assert all("-M vexpress-a15,secure=on,virtualization=on" in call for call in calls)
    assert sum("-chardev socket,id=stub,fd=" in call for call in calls) == 1
