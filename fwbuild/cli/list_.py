# SPDX-License-Identifier: Apache-2.0
"""``fwbuild list``: what there is."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from fwbuild.model.problem import Exit
from fwbuild.session import Session

_KINDS = ("recipes", "platforms", "payloads")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("kind", nargs="?", choices=_KINDS, help="only these; by default all")


def run(arguments: argparse.Namespace) -> int:
    """List names and summaries, by kind."""
    session = Session(Path.cwd())
    catalogue = session.catalogue
    for kind in _KINDS if arguments.kind is None else (arguments.kind,):
        if kind == "recipes":
            rows = [(name, catalogue.recipe(name).summary) for name in catalogue.recipes]
        elif kind == "platforms":
            rows = [(name, catalogue.platform(name).summary) for name in catalogue.platforms]
        else:
            rows = [(name, payload.summary) for name, payload in session.registry.payloads().items()]
        _show(kind, rows, with_title=arguments.kind is None)
    return int(Exit.GOOD)


def _show(kind: str, rows: Sequence[tuple[str, str]], *, with_title: bool) -> None:
    if with_title:
        sys.stdout.write(f"{kind}\n")
    width = max((len(name) for name, _ in rows), default=0)
    for name, summary in sorted(rows):
        sys.stdout.write(f"  {name:{width}}  {summary}\n")
