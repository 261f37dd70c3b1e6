# SPDX-License-Identifier: Apache-2.0
"""Arguments that several commands have."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from fwbuild.cli.progress import Progress
from fwbuild.session import Session


def add_names(parser: argparse.ArgumentParser, *, several: bool = True) -> None:
    """The recipes that a command is about."""
    if several:
        parser.add_argument("names", nargs="+", metavar="NAME", help="a recipe")
    else:
        parser.add_argument("name", metavar="NAME", help="a recipe")


def add_build_options(parser: argparse.ArgumentParser) -> None:
    """How much is done at once and how much is told."""
    parser.add_argument(
        "-j", "--jobs", type=_count, metavar="N", help="run N steps at once; by default one for each CPU"
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="tell only what goes wrong")


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def session_of(arguments: argparse.Namespace) -> tuple[Session, Progress]:
    """The session for a command with :func:`add_build_options`, and who tells about it."""
    progress = Progress(sys.stderr, quiet=arguments.quiet)
    return Session(Path.cwd(), progress, jobs=arguments.jobs), progress
