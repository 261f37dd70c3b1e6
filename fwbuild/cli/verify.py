# SPDX-License-Identifier: Apache-2.0
"""``fwbuild verify``: proves images, and shows every rule with its evidence."""

from __future__ import annotations

import argparse
import sys

from fwbuild.cli.options import add_build_options, add_names, session_of
from fwbuild.cli.verdict import show_verdict
from fwbuild.model.problem import Exit, fail


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_names(parser)
    parser.add_argument(
        "--adversary",
        action="store_true",
        help="put the conformance payload in place of the image's own and let it attack what was dropped",
    )
    add_build_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Prove; 4 if a verdict failed."""
    session, progress = session_of(arguments)
    try:
        names = list(dict.fromkeys(arguments.names))
        built = session.attack(names) if arguments.adversary else session.build(names)
    finally:
        progress.close()
    failed = False
    for image in built:
        sys.stdout.write(f"{image.name}{' under attack' if arguments.adversary else ''}:\n")
        if image.verdict is None:
            raise fail(
                "bad-value",
                f"the platform of {image.name} names no emulator machine, so there is no proof",
                hint="[[emulators]] in its platform.toml names one",
            )
        show_verdict(image.verdict, sys.stdout)
        failed |= not image.verdict["passed"]
    return int(Exit.VERDICT_FAILED if failed else Exit.GOOD)
