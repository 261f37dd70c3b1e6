# SPDX-License-Identifier: Apache-2.0
"""The rules about the records of CPUs that a payload reads back and prints."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from fwbuild.model.plan import Choice
from fwbuild.model.rule import ConsoleRule, CpuRecords, NeverRule


def with_records(
    rules: Iterable[ConsoleRule | CpuRecords], choices: Sequence[Choice], nodes: Sequence[str]
) -> tuple[list[ConsoleRule], list[NeverRule]]:
    """``rules`` with a line for each CPU where they ask for it, and lines that must not come then.

    ``nodes`` are the device-tree paths of the CPUs of ``choices``. A record that says
    something else than planned ends a run at once, and is shown as it was printed.
    """
    expected: list[ConsoleRule] = []
    never: list[NeverRule] = []
    for rule in rules:
        if isinstance(rule, CpuRecords):
            lines = list(_lines(choices, nodes))
            expected += [_expected(rule, index, *line) for index, line in enumerate(lines)]
            never += [_never(rule, index, *line) for index, line in enumerate(lines)]
        else:
            expected.append(rule)
    return expected, never


def _lines(choices: Sequence[Choice], nodes: Sequence[str]) -> Iterator[tuple[str, Choice]]:
    """Node name and choice of each CPU, in the order in which a shell lists the nodes (recipes/proof-init.sh)."""
    yield from sorted(
        ((node.rpartition("/")[2], choice) for node, choice in zip(nodes, choices, strict=True)),
        key=lambda line: line[0],
    )


def _cells(choice: Choice) -> str:
    return f"entry-mode {choice.mode:08x} secure-state {choice.secure:08x} hyp-state {choice.hyp:08x}"


def _expected(rule: CpuRecords, index: int, name: str, choice: Choice) -> ConsoleRule:
    return ConsoleRule(
        id=f"{rule.id}-{index}",
        pattern=f"fwbuild: {re.escape(name)} {_cells(choice)}",
        text=f"the payload reads what {name} was handed over in: {choice.mode.word}",
    )


def _never(rule: CpuRecords, index: int, name: str, choice: Choice) -> NeverRule:
    cell = "[0-9a-f]{8}"
    other = f"entry-mode {cell} secure-state {cell} hyp-state {cell}"
    return NeverRule(
        id=f"{rule.id}-{index}-wrong",
        pattern=f"fwbuild: {re.escape(name)} (?!{_cells(choice)}){other}",
        text=f"the payload reads something else for {name} than was planned",
    )
