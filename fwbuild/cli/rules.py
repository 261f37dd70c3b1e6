# SPDX-License-Identifier: Apache-2.0
"""``fwbuild rules``: what must be true of a CPU when a payload gets it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator

from fwbuild.cli.options import add_build_options, session_of
from fwbuild.config.layers import BOOT_FOLDER, architecture_folder
from fwbuild.config.rules import RegisterRow, WriteRow, load_rules
from fwbuild.model.modes import Mode
from fwbuild.model.plan import Plan
from fwbuild.model.problem import Exit
from fwbuild.model.rule import RegisterRule, WriteRule

_WHOLE = (0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "names", metavar="NAME", nargs="*", help="only what applies to these images, with their numbers"
    )
    add_build_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the table of the boot code, or the rules of images."""
    if not arguments.names:
        table = load_rules(BOOT_FOLDER / architecture_folder("armv7-a") / "rules.toml")
        rows: tuple[RegisterRow | WriteRow, ...] = (*table.register, *table.write)
        _show([described(row) for row in rows])
        return int(Exit.GOOD)
    session, progress = session_of(arguments)
    try:
        plans = session.plans(arguments.names)
    finally:
        progress.close()
    for plan in plans:
        sys.stdout.write(f"{plan.target.recipe.name}\n")
        _show(list(_rows(plan)))
    return int(Exit.GOOD)


def _rows(plan: Plan) -> Iterator[tuple[str, ...]]:
    rules: tuple[RegisterRule | WriteRule, ...] = (*plan.registers, *plan.writes)
    for rule in rules:
        if {choice.payload_mode for choice in plan.choices} & set(rule.modes):
            yield _rule(rule, plan)
    for line in plan.console:
        yield line.id, "console", line.pattern, "", "boot CPU's modes", line.text, ""
    for never in plan.never:
        yield never.id, "console, never", never.pattern, "", "", never.text, ""


def _rule(rule: RegisterRule | WriteRule, plan: Plan) -> tuple[str, ...]:
    if isinstance(rule, RegisterRule):
        target = rule.register
        value = rule.value if isinstance(rule.value, str) else plan.layout.resolve(rule.value)
    else:
        first = rule.targets[0]
        more = f" and {len(rule.targets) - 1} more" if len(rule.targets) > 1 else ""
        target = f"write to {first if isinstance(first, str) else hex(first)}{more}"
        value = rule.value
    return (*_cells(rule.id, target, value, rule.mask), _who(rule.modes, rule.cpus), rule.text, rule.source)


def described(row: RegisterRow | WriteRow) -> tuple[str, ...]:
    """A row of the table as words: rule, what is looked at, value, bits, for whom, meaning, source."""
    if isinstance(row, RegisterRow):
        target = row.register
    else:
        words = f", {row.words} words" if row.words != 1 else ""
        target = f"write to {row.target}" + (f" + {row.offset:#x}{words}" if row.offset or words else "")
    cores = f", cores with {row.cores}" if row.cores else ""
    start = {"": "", "hyp": ", started in secure state or hyp", "secure": ", started in secure state"}[row.start]
    who = _who(row.modes, row.cpus) + cores + start
    return (*_cells(row.id, target, row.value, row.mask), who, row.text, row.source)


def _cells(rule: str, target: str, value: int | str, mask: int | str) -> tuple[str, str, str, str]:
    shown = "anything" if mask == 0 else value if isinstance(value, str) else f"{value:#x}"
    bits = "all" if mask in _WHOLE else mask if isinstance(mask, str) else f"{mask:#x}"
    return rule, target, shown, bits


def _who(modes: tuple[Mode, ...], cpus: str) -> str:
    shown = "all modes" if len(modes) == len(Mode) else ", ".join(mode.word for mode in modes)
    return shown + {"all": "", "boot": ", boot CPU", "secondary": ", secondaries"}[cpus]


def _show(rows: list[tuple[str, ...]]) -> None:
    for rule, target, value, bits, who, text, source in rows:
        where = "" if bits in ("", "all") else f" in the bits {bits}"
        sys.stdout.write(f"  {rule}: {text}\n      {target} = {value}{where}" + (f"; {who}\n" if who else "\n"))
        if source:
            sys.stdout.write(f"      {source}\n")
