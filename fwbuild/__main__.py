# SPDX-License-Identifier: Apache-2.0
"""Starts fwbuild: the console script, and ``python -m fwbuild``."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line; the exit status."""
    from fwbuild.uptodate import recall

    text = recall(sys.argv[1:])
    if text is not None:
        sys.stdout.write(text)
        return 0

    from fwbuild.cli.main import main as run

    return run()


if __name__ == "__main__":
    sys.exit(main())
