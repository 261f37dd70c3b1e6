# SPDX-License-Identifier: Apache-2.0
"""Sizes, names, licences and types of the whole tree."""

from __future__ import annotations

import ast
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

from tests.project import ROOT

MODULES = sorted(path for folder in ("fwbuild", "plugins") for path in (ROOT / folder).rglob("*.py"))
TRACKED = [
    ROOT / name
    for name in subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")
    if name
]

MAX_MODULE = 400
MAX_FUNCTION = 60
EMPTY_NAMES = {"util", "utils", "helper", "helpers", "common", "misc", "manager", "managers"}

#: Files that cannot carry a comment, or whose text is not ours to write.
WITHOUT_SPDX = {"LICENSE", "fwbuild.lock", "requirements.lock", ".gitignore"}
WITHOUT_SPDX_ENDINGS = {".md", ".json", ".typed", ".txt"}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_and_functions_are_small(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= MAX_MODULE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or 0) - node.lineno + 1
            assert length <= MAX_FUNCTION, f"{node.name} has {length} lines"


def test_the_usual_module_is_much_smaller() -> None:
    sizes = [len(path.read_text().splitlines()) for path in MODULES if path.name != "__init__.py"]
    assert statistics.median(sizes) <= 160


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert not [path for path in MODULES if path.stem in EMPTY_NAMES or path.parent.name in EMPTY_NAMES]


def test_every_file_names_its_licence() -> None:
    missing = [
        path.relative_to(ROOT)
        for path in TRACKED
        if path.is_file()
        and path.name not in WITHOUT_SPDX
        and path.suffix not in WITHOUT_SPDX_ENDINGS
        and "golden" not in path.parts
        and b"SPDX-License-Identifier: Apache-2.0" not in path.read_bytes()[:400]
    ]
    assert not missing


def test_no_binary_is_kept() -> None:
    """Payloads come from their packages; nothing of them is copied here."""
    assert not [path for path in TRACKED if path.is_file() and b"\0" in path.read_bytes()]


@pytest.mark.parametrize("command", [["mypy"], ["ruff", "check"], ["ruff", "format", "--check"]], ids=" ".join)
def test_types_and_style(command: list[str]) -> None:
    done = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_suppressions_are_rare_and_explained() -> None:
    """One in a thousand lines, each with its reason on the line."""
    lines = [line for path in MODULES for line in path.read_text().splitlines()]
    found = [line for line in lines if "type: ignore" in line or "noqa" in line]
    assert len(found) <= len(lines) / 1000
    assert not [
        line
        for line in found
        if not line.rpartition("# type: ignore")[2].partition("#")[2].strip()
        and not line.rpartition("# noqa")[2].partition("  # ")[2].strip()
    ]
