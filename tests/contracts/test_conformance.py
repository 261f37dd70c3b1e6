# SPDX-License-Identifier: Apache-2.0
"""What the conformance payload prints, what its plugin expects and what its page says are the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fwbuild import builtin
from fwbuild.config.project import built_in_layer
from fwbuild.model.report import Report
from fwbuild.planning import attack
from fwbuild.planning.registry import Registry
from fwbuild.session import Session
from tests.project import ROOT, make_project

ASM = ROOT / "plugins" / "conformance" / "asm"
PAGE = (ROOT / "docs" / "reference" / "conformance.md").read_text()


@pytest.fixture
def report(tmp_path: Path) -> Report:
    (made,) = Session(make_project(tmp_path / "project")).plans(["linux-a15"])
    attacked = attack.attacked(made, Registry([built_in_layer()], (builtin,)))
    assert attacked.report is not None
    return attacked.report


def names(file: str) -> set[str]:
    """The names in the tables of ``file``: short enough for a line of 32 bytes."""
    return set(re.findall(r'\.asciz\t"([\w-]{1,15})"', (ASM / file).read_text()))


def words(file: str, before: str) -> set[str]:
    return set(re.findall(rf'\.asciz\t"{before} ([\w-]+) "', (ASM / file).read_text()))


def test_every_attempt_is_expected_and_no_other(report: Report) -> None:
    printed = names("attempts.S") | names("overwrite.S") | words("texts.S", "attempt")
    assert printed == {rule.attempt for rule in report.attempts}


def test_every_register_is_expected_and_no_other(report: Report) -> None:
    assert names("readings.S") == {reading.register for reading in report.readings}


def test_the_page_describes_all_of_it(report: Report) -> None:
    assert not [rule.attempt for rule in report.attempts if f"`{rule.attempt}`" not in PAGE]
    assert not [each.register for each in report.readings if not re.search(rf"\b{each.register}\b", PAGE)]
    outcomes = {outcome for rule in report.attempts for allowed in rule.allowed.values() for outcome in allowed}
    assert not [outcome for outcome in outcomes if f"`{outcome}`" not in PAGE]
