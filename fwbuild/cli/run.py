# SPDX-License-Identifier: Apache-2.0
"""``fwbuild run``: boots an image with its console in this terminal."""

from __future__ import annotations

import argparse
import os
import shlex
import sys

from fwbuild.cli.options import add_build_options, add_names, session_of
from fwbuild.model.problem import Exit


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_names(parser, several=False)
    parser.add_argument("--command", action="store_true", help="only print the command, to be copied")
    add_build_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Build without verifying, then become the emulator."""
    session, progress = session_of(arguments)
    try:
        command = session.run_command(arguments.name)
    finally:
        progress.close()
    if arguments.command:
        sys.stdout.write(shlex.join(command) + "\n")
        return int(Exit.GOOD)
    sys.stderr.write("the console is in this terminal; Ctrl-A X ends, Ctrl-A H helps\n")
    sys.stdout.flush()
    sys.stderr.flush()
    os.environ["QEMU_AUDIO_DRV"] = "none"
    return os.execvp(command[0], command)
