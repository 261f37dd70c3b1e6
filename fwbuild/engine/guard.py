# SPDX-License-Identifier: Apache-2.0
"""Runs a program that dies with the process that asked for it.

Called as ``python -I -S guard.py PARENT PROGRAM [ARGUMENT...]``. Linux sends a signal
to a child whose parent ends, however it ends, if the child asked for that; this asks
and then becomes the program. Without it an emulator could outlive a killed build.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main() -> None:
    """Ask for the signal, then become the program."""
    parent = int(sys.argv[1])
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit("the parent is gone")
    try:
        os.execvp(sys.argv[2], sys.argv[2:])
    except OSError as error:
        sys.exit(f"cannot run {sys.argv[2]}: {error.strerror}")


main()
