# SPDX-License-Identifier: Apache-2.0
"""``fwbuild lock``: pins the versions of fetched packages."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from fwbuild.model.problem import Exit
from fwbuild.session import Session


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--update",
        nargs="*",
        metavar="NAME",
        help="take the versions that the archives have now: of these sources, packages or recipes, or of all",
    )


def run(arguments: argparse.Namespace) -> int:
    """Bring fwbuild.lock up to date with every recipe of the project."""
    session = Session(Path.cwd())
    requests = session.requests(list(session.catalogue.recipes))
    sources = [item for request in requests for item in request.needed()]
    update = arguments.update
    if update:
        # A recipe stands for the sources that it uses.
        used = {request.recipe.name: request.needs() for request in requests}
        update = [source for name in update for source in used.get(name, [name])]
    before = {pin.wanted: pin for pin in session.lock.deb}
    lock = session.update_lock(sources, update=update)
    changed = [pin for pin in lock.deb if before.get(pin.wanted) != pin]
    for pin in changed:
        old = before.get(pin.wanted)
        was = f" (was {old.version})" if old is not None and old.version != pin.version else ""
        sys.stdout.write(f"  {pin.resolved} {pin.version} ({pin.architecture}){was}\n")
    dropped = len([wanted for wanted in before if lock.find(wanted) is None])
    sys.stdout.write(
        f"{session.project.lock_file.name}: {len(lock.deb)} packages, {len(changed)} changed, {dropped} dropped\n"
    )
    return int(Exit.GOOD)
