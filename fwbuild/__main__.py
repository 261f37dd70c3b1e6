# SPDX-License-Identifier: Apache-2.0
"""Starts fwbuild: the console script, and ``python -m fwbuild``."""

from __future__ import annotations

import os
import sys


def main() -> int:
    """Run the command line; the exit status."""
    from fwbuild.uptodate import recall

    if None in (sys.stdin, sys.stdout, sys.stderr):
        _open_standard_files()
    text = recall(sys.argv[1:])
    if text is not None:
        try:
            sys.stdout.write(text)
            sys.stdout.flush()
            return 0
        except OSError:
            pass  # what follows meets the same and says so

    from fwbuild.cli.main import main as run

    return run()


def _open_standard_files() -> None:
    """For a process that was started without some of them, as ``fwbuild list >&-`` does.

    Otherwise the next file that is opened would get the number of standard output.
    """
    while (handle := os.open(os.devnull, os.O_RDWR)) <= 2:  # always the lowest number that is free
        pass
    os.close(handle)
    sys.stdin = sys.stdin or os.fdopen(0, closefd=False)
    sys.stdout = sys.stdout or os.fdopen(1, "w", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", closefd=False)


if __name__ == "__main__":
    sys.exit(main())
