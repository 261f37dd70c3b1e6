# SPDX-License-Identifier: Apache-2.0
"""Layers side by side: what each offers is found, and nothing is defined twice in silence."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from fwbuild.config.layers import Catalogue
from fwbuild.config.project import built_in_layer, find_project, load_project
from fwbuild.model.problem import FwbuildError, Problem
from fwbuild.model.source import FileSource
from tests.project import ROOT

OnlyProblem = Callable[[Callable[[], object]], Problem]

RECIPE = 'summary = "{}"\nplatform = "{}"\n[payload]\ntype = "linux"\nimage = "kernel"\n'


def source(name: str, path: str = "x") -> str:
    return f'[sources.{name}]\ntype = "file"\npath = "{path}"\n'


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def catalogue(folder: Path, *layers: str, more: str = "") -> Catalogue:
    names = ", ".join(f'"{name}"' for name in layers)
    write(folder / "fwbuild.toml", f"layers = [{names}]\n{more}")
    return Catalogue(load_project(folder))


def platform(folder: Path, name: str, *, more: str = "") -> Path:
    shutil.copytree(ROOT / "platforms" / "vexpress-a15", folder / "platforms" / name)
    path = folder / "platforms" / name / "platform.toml"
    path.write_text(path.read_text() + more)
    return path


def test_everything_is_found_where_it_is(tmp_path: Path) -> None:
    write(tmp_path / "one" / "recipes" / "first.toml", RECIPE.format("1", "p-one"))
    write(tmp_path / "two" / "recipes" / "second.toml", RECIPE.format("2", "p-one"))
    write(tmp_path / "two" / "recipes" / "README.md", "no recipe")
    platform(tmp_path / "one", "p-one")
    found = catalogue(tmp_path, "one", "two", "fwbuild")
    assert list(found.recipes) == [
        "first",
        "second",
        "conformance-a15",
        "conformance-a9",
        "conformance-virt-a15",
        "kvm-a15",
        "linux-a15",
        "xen-a15",
    ]
    assert list(found.platforms) == ["p-one", "vexpress-a15", "vexpress-a9", "virt-a15"]
    recipe = found.recipe("second")
    assert (recipe.name, recipe.layer, recipe.folder) == ("second", "two", tmp_path / "two" / "recipes")
    assert found.platform("p-one").layer == "one"
    assert found.recipe("xen-a15").layer == "fwbuild"


def test_a_recipe_of_one_name_in_two_layers(tmp_path: Path, only_problem: OnlyProblem) -> None:
    first = write(tmp_path / "one" / "recipes" / "same.toml", RECIPE.format("1", "p"))
    second = write(tmp_path / "two" / "recipes" / "same.toml", RECIPE.format("2", "p"))
    found = catalogue(tmp_path, "one", "two")
    problem = only_problem(lambda: found.recipes)
    assert problem.code == "duplicate-name"
    assert problem.message == f"recipe `same` is defined twice: in {first} and in {second}"
    assert "fwbuild.toml" in problem.hint


def test_a_platform_of_one_name_in_two_layers(tmp_path: Path, only_problem: OnlyProblem) -> None:
    first, second = platform(tmp_path / "one", "same"), platform(tmp_path / "two", "same")
    found = catalogue(tmp_path, "one", "two")
    problem = only_problem(lambda: found.platform("same"))
    assert problem.message == f"platform `same` is defined twice: in {first} and in {second}"


def test_every_name_that_comes_twice_is_reported(tmp_path: Path) -> None:
    for layer in ("one", "two"):
        for name in ("a", "b"):
            write(tmp_path / layer / "recipes" / f"{name}.toml", RECIPE.format("x", "p"))
    with pytest.raises(FwbuildError) as caught:
        _ = catalogue(tmp_path, "one", "two").recipes
    assert [problem.message.split(" is ")[0] for problem in caught.value.problems] == ["recipe `a`", "recipe `b`"]


@pytest.mark.parametrize("where", ["layer", "platform", "recipe"])
def test_a_source_of_one_name_in_two_places(tmp_path: Path, only_problem: OnlyProblem, where: str) -> None:
    write(tmp_path / "one" / "recipes" / "sources.toml", source("kernel"))
    write(tmp_path / "two" / "recipes" / "sources.toml", source("kernel" if where == "layer" else "other"))
    platform(tmp_path / "one", "p", more=source("kernel") if where == "platform" else "")
    recipe = RECIPE.format("x", "p") + (source("kernel") if where == "recipe" else "")
    write(tmp_path / "one" / "recipes" / "mine.toml", recipe)
    found = catalogue(tmp_path, "one", "two")
    problem = only_problem(lambda: found.sources(found.recipe("mine"), found.platform("p")))
    assert problem.code == "duplicate-name"
    assert problem.message.startswith(
        f"source `kernel` is defined twice: in {tmp_path}/one/recipes/sources.toml:1:1 and in {tmp_path}/"
    )


def test_the_project_replaces_sources_of_layers(tmp_path: Path) -> None:
    write(tmp_path / "one" / "recipes" / "sources.toml", source("kernel", "theirs") + source("other", "theirs"))
    platform(tmp_path / "one", "p")
    write(tmp_path / "one" / "recipes" / "mine.toml", RECIPE.format("x", "p"))
    found = catalogue(tmp_path, "one", more=source("kernel", "mine") + source("new", "mine"))
    sources = found.sources(found.recipe("mine"), found.platform("p"))
    paths = {name: spec.path for name, spec in sources.items() if isinstance(spec, FileSource)}
    assert paths == {"kernel": "mine", "other": "theirs", "new": "mine"}


# --- the layers of a project ----------------------------------------------------------


@pytest.mark.parametrize(
    ("layers", "code", "message", "column"),
    [
        ('["fwbuild", "gone"]', "bad-layer", "`gone` is no layer: ", 22),
        ('["fwbuild", "empty"]', "bad-layer", "`empty` is no layer: ", 22),
        ('["fwbuild", "one/recipes/x.toml"]', "bad-layer", "`one/recipes/x.toml` is no layer: ", 22),
        ('["one", "fwbuild", "./one"]', "duplicate-name", "layer `./one` is listed twice", 29),
        ('["fwbuild", "fwbuild"]', "duplicate-name", "layer `fwbuild` is listed twice", 22),
        ("[]", "bad-value", "`layers` must not be empty", 1),
        ('"fwbuild"', "wrong-type", "`layers` must be a list, not a string", 1),
        ('["fwbuild", 3]', "wrong-type", "`layers[1]` must be a string, not a whole number", 22),
    ],
)
def test_layers_that_are_none(
    tmp_path: Path, only_problem: OnlyProblem, layers: str, code: str, message: str, column: int
) -> None:
    write(tmp_path / "one" / "recipes" / "x.toml", "")
    (tmp_path / "empty").mkdir()
    write(tmp_path / "fwbuild.toml", f"jobs = 1\nlayers = {layers}\n")
    problem = only_problem(lambda: load_project(tmp_path))
    assert (problem.code, problem.message[: len(message)]) == (code, message)
    assert problem.origin is not None
    assert (problem.origin.line, problem.origin.column) == (2, column)


def test_a_key_of_the_project_that_is_not_known(tmp_path: Path, only_problem: OnlyProblem) -> None:
    write(tmp_path / "fwbuild.toml", "outptu = 'x'\n")
    problem = only_problem(lambda: load_project(tmp_path))
    assert (problem.code, problem.hint) == ("unknown-key", "did you mean `output`?")


def test_the_nearest_project_above_is_taken(tmp_path: Path) -> None:
    write(tmp_path / "fwbuild.toml", "output = 'far'\n")
    write(tmp_path / "a" / "fwbuild.toml", "output = 'near'\n")
    deep = tmp_path / "a" / "b" / "c"
    deep.mkdir(parents=True)
    assert find_project(deep).folder == tmp_path / "a"
    assert find_project(deep).output == tmp_path / "a" / "near"
    assert find_project(tmp_path / "a" / "..").output == tmp_path / "far"


def test_a_folder_without_a_project_has_the_built_in_layer(tmp_path: Path) -> None:
    project = find_project(tmp_path)
    assert (project.folder, project.layers) == (tmp_path, (built_in_layer(),))
    assert (project.store, project.output) == (tmp_path / ".fwbuild", tmp_path / "build")
