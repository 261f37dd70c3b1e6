# SPDX-License-Identifier: Apache-2.0
"""Who may import whom: the architecture, read from the syntax tree."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.project import ROOT

#: Package -> packages and modules of fwbuild that it may import, beside itself.
ALLOWED: dict[str, set[str]] = {
    "model": set(),
    "engine": {"model.problem"},
    "arm": {"model"},
    "elf": {"model"},
    "formats": {"model"},
    "payloads": {"model", "formats"},
    "devicetree": {"model"},
    "asm": {"model", "engine.child"},
    "config": {"model"},
    "sources": {"model", "engine.child", "engine.graph", "engine.store", "engine.key", "elf"},
    "planning": {"model", "config", "devicetree", "elf", "hookspecs", "engine.graph", "engine.action"},
    "actions": {"model", "engine", "asm", "elf", "devicetree", "sources", "verify"},
    "verify": {"model", "engine.child", "arm", "devicetree", "elf"},
}

#: These stand above the rest and may import any of it, but not each other's way round.
TOP = ("cli", "session", "publish", "builtin", "plugin", "hookspecs", "uptodate", "testing", "__main__", "__init__")

#: Libraries that take long to import, and the only modules that may import them at the top.
HEAVY: dict[str, set[str]] = {name: set() for name in ("keystone", "unicorn", "capstone", "elftools", "devicetree")}
HEAVY["lief"] = {"elf/lief_child.py"}
HEAVY["unicorn"] = {"verify/unicorn_child.py"}

FILES = sorted((ROOT / "fwbuild").rglob("*.py"))


def imports(path: Path, *, at_top_only: bool = False) -> Iterator[str]:
    """Every module that ``path`` imports, absolutely."""
    tree = ast.parse(path.read_text())
    inside = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.If)
        for node in ast.walk(function)
    }
    for node in ast.walk(tree):
        if at_top_only and id(node) in inside:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def package_of(path: Path) -> str:
    return path.relative_to(ROOT / "fwbuild").parts[0].removesuffix(".py")


def covers(allowed: str, module: str) -> bool:
    return module == allowed or module.startswith(f"{allowed}.")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_imports_only_what_its_package_may(path: Path) -> None:
    package = package_of(path)
    if package in TOP:
        return
    allowed = {package, *ALLOWED[package]}
    modules = [name.removeprefix("fwbuild.") for name in imports(path) if name.startswith("fwbuild.")]
    wrong = [name for name in modules if not any(covers(each, name) for each in allowed)]
    # `from fwbuild.a import b` is seen as a and a.b: the longer is the one that counts.
    wrong = [name for name in wrong if not any(other.startswith(f"{name}.") for other in modules)]
    assert not wrong, f"{package} must not import {wrong}"


def test_every_package_has_a_rule() -> None:
    assert {package_of(path) for path in FILES} == {*ALLOWED, *TOP} - {"testing"}


@pytest.mark.parametrize("package", ["model", "engine"])
def test_the_foundations_need_only_the_standard_library(package: str) -> None:
    for path in (ROOT / "fwbuild" / package).rglob("*.py"):
        outside = {name.partition(".")[0] for name in imports(path)} - set(sys.stdlib_module_names) - {"fwbuild"}
        assert not outside, f"{path} imports {outside}"


def test_planning_runs_nothing() -> None:
    for path in (ROOT / "fwbuild" / "planning").rglob("*.py"):
        assert not {"subprocess", "socket", "urllib"} & {name.partition(".")[0] for name in imports(path)}, path


@pytest.mark.parametrize("library", HEAVY)
def test_heavy_libraries_are_imported_late(library: str) -> None:
    at_top = {
        str(path.relative_to(ROOT / "fwbuild"))
        for path in FILES
        if any(covers(library, name) for name in imports(path, at_top_only=True))
    }
    assert at_top == HEAVY[library]


def test_plugins_use_the_public_api_only() -> None:
    for path in (ROOT / "plugins").rglob("*.py"):
        used = {name for name in imports(path) if covers("fwbuild", name)}
        wrong = {name for name in used if not covers("fwbuild.plugin", name)}
        assert not wrong, f"{path} imports {wrong}"


def test_the_public_api_names_what_it_exports() -> None:
    import fwbuild.plugin

    exported = set(fwbuild.plugin.__all__)
    assert len(exported) == len(fwbuild.plugin.__all__)
    for name in exported:
        assert hasattr(fwbuild.plugin, name), name
    imported = {
        alias.asname or alias.name
        for node in ast.parse(Path(fwbuild.plugin.__file__).read_text()).body
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("fwbuild.")
        for alias in node.names
    }
    assert imported <= exported, "what plugin.py imports from fwbuild is public"


def test_no_import_goes_round() -> None:
    """Importing each module first, in a fresh interpreter, works: no order is needed."""
    graph: dict[str, set[str]] = {}
    names = {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in FILES}
    for name, path in names.items():
        graph[name] = {each for each in imports(path, at_top_only=True) if each in names and each != name}
    done: set[str] = set()
    while left := [name for name in graph if name not in done]:
        free = [name for name in left if not (graph[name] - done)]
        assert free, f"these import each other: {sorted(left)}"
        done.update(free)
