# SPDX-License-Identifier: Apache-2.0
"""fwbuild on a terminal: colour, the status line, Ctrl-C, and the emulator's console."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.conftest import Command
from tests.unit.cli.shell import environment, shell
from tests.unit.cli.terminal import terminal
from tests.unit.engine.test_child import wait_until_gone

FW = [sys.executable, "-m", "fwbuild"]
BUILD = [*FW, "image", "linux-a15", "--no-verify"]
COLOUR = re.compile(rb"\x1b\[[0-9;]*m")


def shown(fw: Command, command: list[str], columns: int = 80, more: Mapping[str, str] = {}) -> bytes:
    with terminal(command, fw.folder, environment(**{"TERM": "xterm", **more}), columns=columns) as screen:
        screen.end()
        return screen.shown


def test_a_terminal_shows_colour_and_what_runs(fw: Command) -> None:
    text = shown(fw, BUILD)
    assert b"\x1b[32mdone\x1b[0m  linux-a15: boot code" in text
    assert b"\r\x1b[K\x1b[2m  ...  " in text, "the status line"
    final = text.replace(b"\r\n", b"\n").split(b"\r\x1b[K")[-1]
    assert final == b"linux-a15: built in build/linux-a15/\n  not verified\n", "the status line is gone at the end"


@pytest.mark.parametrize(
    ("more", "colour", "status"),
    [
        ({"NO_COLOR": "1"}, False, True),
        ({"NO_COLOR": ""}, True, True),
        ({"NO_COLOR": "1", "CLICOLOR_FORCE": "1"}, False, True),
        ({"TERM": "dumb"}, False, False),
        ({"TERM": "dumb", "CLICOLOR_FORCE": "1"}, True, False),
        ({}, True, True),
    ],
)
def test_what_the_environment_asks_of_a_terminal(fw: Command, more: dict[str, str], colour: bool, status: bool) -> None:
    text = shown(fw, BUILD, more=more)
    assert bool(COLOUR.search(text)) == colour
    assert (b"\r\x1b[K" in text) == status
    assert b"done" in text


@pytest.mark.parametrize(
    ("more", "colour"),
    [
        ({}, False),
        ({"CLICOLOR_FORCE": "1"}, True),
        ({"CLICOLOR_FORCE": "0"}, False),
        ({"CLICOLOR_FORCE": "1", "NO_COLOR": "1"}, False),
    ],
)
def test_a_log_has_no_status_line_and_colour_only_when_forced(fw: Command, more: dict[str, str], colour: bool) -> None:
    ended = shell("$FW image linux-a15 --no-verify", fw.folder, {"TERM": "xterm", **more})
    assert ("\x1b[32mdone" in ended.stderr) == colour
    assert "\r" not in ended.stderr
    assert "..." not in ended.stderr


@pytest.mark.parametrize("columns", [20, 40, 200])
def test_the_status_line_fits_the_terminal(fw: Command, columns: int) -> None:
    """A line that wraps could not be taken away again."""
    text = shown(fw, [*BUILD, "-j", "8"], columns)
    found = re.findall(rb"\x1b\[K\x1b\[2m([^\r\n]*?)\x1b\[0m", text)
    assert found
    assert all(len(line) < columns for line in found), max(found, key=len)


def test_problems_are_coloured_on_a_terminal(fw: Command) -> None:
    text = shown(fw, [*FW, "image", "linux-a51"])
    assert text.replace(b"\r\n", b"\n") == (
        b"\r\x1b[K\x1b[31;1merror[unknown-name]\x1b[0m: there is no recipe `linux-a51`\n"
        b"  \x1b[32mhint\x1b[0m: did you mean `linux-a15`?\n"
    )


def fake_emulator(folder: Path, script: str) -> dict[str, str]:
    """The environment with a script as the emulator; $HERE is its folder."""
    folder.mkdir()
    path = folder / "qemu-system-arm"
    path.write_text(f'#!/bin/sh\ncase "$*" in --version) echo "version 7.2.0"; exit;; esac\n{script}')
    path.chmod(0o755)
    return environment(PATH=f"{folder}:{os.environ['PATH']}", HERE=str(folder), TERM="xterm")


def test_ctrl_c_ends_the_build_and_its_emulator(fw: Command, tmp_path: Path) -> None:
    around = fake_emulator(tmp_path / "fake", 'echo $$ > "$HERE/pid.$$"; exec sleep 600\n')
    with terminal([*FW, "image", "linux-a15", "-j", "2"], fw.folder, around) as screen:
        screen.wait_for(b"proof")
        while not all(path.read_text() for path in (tmp_path / "fake").glob("pid.*")) or not list(
            (tmp_path / "fake").glob("pid.*")
        ):
            screen.read(0.01)
        screen.type(b"\x03")
        assert screen.end() == 130
    assert screen.shown.endswith(b"interrupted; nothing half-written is left behind\r\n")
    assert b"Traceback" not in screen.shown
    for path in (tmp_path / "fake").glob("pid.*"):
        wait_until_gone(int(path.read_text()))
    assert not (fw.folder / "build").exists()


def test_run_becomes_the_emulator_with_the_terminal_as_its_console(fw: Command, tmp_path: Path) -> None:
    script = """
        [ -t 0 ] && [ -t 1 ] || echo no terminal
        echo "I am $$ with $*"
        read line
        echo "it said: $line; sound: $QEMU_AUDIO_DRV"
        exit 7
    """
    around = fake_emulator(tmp_path / "fake", script)
    with terminal([*FW, "run", "linux-a15"], fw.folder, around) as screen:
        screen.wait_for(b"I am ")
        screen.type(b"hello\r")
        assert screen.end() == 7, "the emulator's status is that of fwbuild"
        assert f"I am {screen.process.pid} with -M vexpress-a15".encode() in screen.shown
    assert b"no terminal" not in screen.shown
    assert b"the console is in this terminal; Ctrl-A X ends, Ctrl-A H helps\r\n" in screen.shown
    assert b"it said: hello; sound: none" in screen.shown
    assert b"-serial mon:stdio" in screen.shown.replace(b"\r\n", b"")
