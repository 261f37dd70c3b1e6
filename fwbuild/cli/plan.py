# SPDX-License-Identifier: Apache-2.0
"""``fwbuild plan``: what is decided about an image, without building it."""

from __future__ import annotations

import argparse
import json
import sys

from fwbuild import __version__
from fwbuild.cli.options import add_build_options, add_names, session_of
from fwbuild.model.problem import Exit
from fwbuild.planning.facts import facts


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_names(parser)
    parser.add_argument("--steps", action="store_true", help="show the steps instead, with all their parameters")
    add_build_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print each plan as JSON."""
    session, progress = session_of(arguments)
    try:
        plans = session.plans(arguments.names)
    finally:
        progress.close()
    for plan in plans:
        if arguments.steps:
            steps = session.lowered(plan).steps
            shown: object = {
                step.name: {"action": step.action, "inputs": list(step.inputs), "params": step.params} for step in steps
            }
        else:
            shown = facts(plan, __version__)
        sys.stdout.write(json.dumps(shown, indent=2) + "\n")
    return int(Exit.GOOD)
