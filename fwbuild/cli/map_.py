# SPDX-License-Identifier: Apache-2.0
"""``fwbuild map``: draws what lies where in memory."""

from __future__ import annotations

import argparse
import sys

from fwbuild.actions.memory_map import Row, draw
from fwbuild.cli.options import add_build_options, add_names, session_of
from fwbuild.model.plan import Plan
from fwbuild.model.problem import Exit
from fwbuild.model.region import Region


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_names(parser)
    add_build_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Draw the map of each plan; nothing is built but what the images are made of."""
    session, progress = session_of(arguments)
    try:
        plans = session.plans(arguments.names)
    finally:
        progress.close()
    for plan in plans:
        sys.stdout.write(_picture(plan))
    return int(Exit.GOOD)


def _picture(plan: Plan) -> str:
    target = plan.target
    rows = [
        Row(name=placed.part.name, text=placed.part.text, region=placed.region, used=placed.part.size)
        for placed in plan.layout.placed
    ]
    banks = [Region(bank.start, bank.size) for bank in target.platform.memory]
    return draw(f"{target.recipe.name} on {target.platform.name}: {target.recipe.summary}", banks, rows)
