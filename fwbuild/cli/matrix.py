# SPDX-License-Identifier: Apache-2.0
"""``fwbuild matrix``: every way in which an image may find its CPUs, tried."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

from fwbuild.cli.options import add_build_options, session_of
from fwbuild.model.modes import Mode
from fwbuild.model.problem import Exit
from fwbuild.session import Tried

#: One letter for each mode, in the table.
_LETTERS = {Mode.MONITOR: "m", Mode.HYP: "h", Mode.SVC: "s", Mode.SECURE_SVC: "S"}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "names", metavar="NAME", nargs="*", help="recipes of the conformance payload; by default all that there are"
    )
    parser.add_argument(
        "--cpus",
        metavar="N,...",
        default="1,2,4",
        help="numbers of CPUs, as far as a platform has them; by default 1,2,4",
    )
    add_build_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Try every cell; 4 if one is not as expected."""
    began = time.monotonic()
    counts = [int(each) for each in arguments.cpus.split(",")]
    session, progress = session_of(arguments)
    try:
        tried = session.matrix(arguments.names, counts)
    finally:
        progress.close()
    if not arguments.quiet:
        _table(tried)
    wrong = [each for each in tried if not each.passed]
    for each in wrong:
        sys.stdout.write(f"FAIL  {each.cell.name}\n")
        for finding in each.broken:
            sys.stdout.write(f"      {finding['rule']}: {finding['evidence']}\n")
    seconds = time.monotonic() - began
    sys.stdout.write(f"{len(tried)} cells, {len(tried) - len(wrong)} as expected, in {seconds:.0f} s\n")
    return int(Exit.VERDICT_FAILED if wrong else Exit.GOOD)


def _table(tried: Sequence[Tried]) -> None:
    """A row for each machine, a column for each list; in it what came of it with each number of CPUs."""
    columns = list(dict.fromkeys((each.cell.modes, each.cell.uniform) for each in tried))
    rows: dict[tuple[str, str, str], dict[object, list[Tried]]] = {}
    for each in tried:
        cell = each.cell
        has = f"secure {'on ' if cell.secure else 'off'} hyp {'on ' if cell.hyp else 'off'}"
        row = rows.setdefault((cell.platform, has, cell.reset.value), {})
        row.setdefault((cell.modes, cell.uniform), []).append(each)
    titles = ["".join(_LETTERS[mode] for mode in modes) + ("" if uniform else "*") for modes, uniform in columns]
    width = max(map(len, titles)) + 1
    sys.stdout.write(f"{'':46}accepts {''.join(f'{title:>{width}}' for title in titles)}\n")
    for (platform, has, reset), row in rows.items():
        shown = "".join(f"{_outcome(row.get(column, [])):>{width}}" for column in columns)
        sys.stdout.write(f"{platform:14}{has:22}from {reset:13}{shown}\n")
    sys.stdout.write("m monitor, h hyp, s svc, S secure-svc; * each CPU its own;")
    sys.stdout.write(" - parked; . refused when planned; ! not as expected\n")


def _outcome(tried: Sequence[Tried]) -> str:
    if not all(each.passed for each in tried):
        return "!"
    outcomes = {_letter(each) for each in tried}
    return "/".join(sorted(outcomes))


def _letter(each: Tried) -> str:
    if each.planned is None:
        return "."
    return "".join(dict.fromkeys(_LETTERS[mode] for mode in each.planned)) or "-"
