# SPDX-License-Identifier: Apache-2.0
"""``fwbuild run``: a real payload with its console on a terminal, until Ctrl-A X."""

from __future__ import annotations

import os
import sys

from fwbuild.session import Session
from tests.unit.cli.shell import environment
from tests.unit.cli.terminal import terminal
from tests.unit.engine.test_child import wait_until_gone


def test_a_payload_talks_to_the_terminal_until_ctrl_a_x(session: Session) -> None:
    folder = session.project.folder
    around = environment(FWBUILD_STORE=os.environ["FWBUILD_STORE"], TERM="xterm")
    command = [sys.executable, "-m", "fwbuild", "run", "linux-a15-one"]
    with terminal(command, folder, around) as screen:
        screen.wait_for(b"Booting Linux on physical CPU 0x0", timeout=120)
        screen.type(b"\x01h")
        screen.wait_for(b"C-a x    exit emulator")
        screen.type(b"\x01x")
        assert screen.end() == 0
    assert b"QEMU: Terminated" in screen.shown
    wait_until_gone(screen.process.pid)
