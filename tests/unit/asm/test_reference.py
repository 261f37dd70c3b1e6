# SPDX-License-Identifier: Apache-2.0
"""The reference page names what there is."""

from __future__ import annotations

import re
from pathlib import Path

from fwbuild.asm import conditional, directives
from fwbuild.asm.armv7_forms import CPUS, TABLE
from fwbuild.asm.armv7_operands import ELEMENTS

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "assembler.md").read_text("utf-8")
WORDS = set(re.findall(r"`([^`]+)`", PAGE))


def test_every_mnemonic_is_named() -> None:
    endings = ("", "ia", "ib", "da", "db", "fd", "fa", "ed", "ea")
    named = WORDS | {f"{base}{ending}" for base in ("ldm", "stm") for ending in endings}
    assert {mnemonic for row in TABLE for mnemonic in row.mnemonics.split()} - named == set()


def test_every_directive_is_named() -> None:
    there_are = {*directives._DIRECTIVES, *conditional._DIRECTIVES}
    assert there_are - {word.split()[0] for word in WORDS} == set()


def test_every_element_of_a_form_is_explained() -> None:
    amounts = {name for name in ELEMENTS if name.endswith("_amount")} - {"#lsl_amount"}
    assert set(ELEMENTS) - amounts - {word.removeprefix("=") for word in WORDS} == set()
    used = {name for row in TABLE for form in row.forms for name in re.findall(r"#?[a-z][a-z0-9_]*", form)}
    assert used == set(ELEMENTS)


def test_every_cpu_is_named() -> None:
    assert set(CPUS) - WORDS == set()
