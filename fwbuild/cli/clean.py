# SPDX-License-Identifier: Apache-2.0
"""``fwbuild clean``: removes what was built."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from fwbuild.engine.store import storage_error
from fwbuild.model.problem import Exit
from fwbuild.session import Session


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these images; by default all")
    parser.add_argument("--store", action="store_true", help="also what was fetched: the next build needs the network")


def run(arguments: argparse.Namespace) -> int:
    """Remove the images' folders and, if asked, the store."""
    session = Session(Path.cwd())
    output = session.project.output
    # Only what fwbuild makes: the folders of recipes that there are.
    known = session.catalogue.recipes
    for name in arguments.names:
        session.catalogue.recipe(name)  # says so when there is none
    folders = [output / name for name in arguments.names or known]
    if arguments.store:
        folders.append(session.store.folder)
    for folder in folders:
        if folder.is_dir():
            try:
                shutil.rmtree(folder)
            except OSError as error:
                raise storage_error(error, folder) from error
            sys.stdout.write(f"removed {folder}\n")
    if output.is_dir() and not any(output.iterdir()):
        output.rmdir()
    return int(Exit.GOOD)
