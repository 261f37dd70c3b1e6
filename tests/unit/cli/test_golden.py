# SPDX-License-Identifier: Apache-2.0
"""What is decided about each recipe, word for word: a change here is a change of images.

The materials are made up, so nothing here follows the lock.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fwbuild import __version__
from tests.conftest import Command
from tests.project import ROOT

Golden = Callable[[str, str], None]
RECIPES = ("linux-a15", "xen-a15")


@pytest.mark.parametrize("name", RECIPES)
def test_the_plan(fw: Command, golden: Golden, name: str) -> None:
    plan = fw("plan", name)[0]
    assert plan.count(__version__) == 1
    golden(f"{name}.plan.json", plan.replace(__version__, "VERSION"))


@pytest.mark.parametrize("name", RECIPES)
def test_the_map(fw: Command, golden: Golden, name: str) -> None:
    golden(f"{name}.map", fw("map", name)[0])


@pytest.mark.parametrize("name", RECIPES)
def test_the_device_tree(fw: Command, golden: Golden, name: str) -> None:
    fw("image", name, "--no-verify")
    golden(f"{name}.dts", (fw.folder / "build" / name / f"{name}.dts").read_text())


@pytest.mark.parametrize("name", RECIPES)
def test_what_is_shown_of_the_recipe(fw: Command, golden: Golden, name: str) -> None:
    golden(f"{name}.show", fw("show", name)[0])


def test_every_golden_file_is_compared() -> None:
    found = {path.name for path in (ROOT / "tests" / "golden").iterdir()}
    assert found == {f"{name}.{kind}" for name in RECIPES for kind in ("plan.json", "map", "dts", "show")}
