# SPDX-License-Identifier: Apache-2.0
"""Real images, built by an installed package and in other surroundings: the same bytes everywhere."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from fwbuild import __version__
from fwbuild.session import Session
from tests.project import ROOT

NAME = "xen-a15"


@pytest.fixture
def away(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder outside of any project."""
    return tmp_path_factory.mktemp("away")


@pytest.fixture
def expected(session: Session) -> dict[str, bytes]:
    """The files of the image as the checkout makes them."""
    (built,) = session.build([NAME], verify=False)
    return files(built.folder)


def files(folder: Path) -> dict[str, bytes]:
    found = {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
    assert len(found) == 7, sorted(found)
    return found


def project(folder: Path) -> Path:
    """A folder with nothing but the lock."""
    folder.mkdir(parents=True)
    (folder / "fwbuild.lock").write_bytes((ROOT / "fwbuild.lock").read_bytes())
    return folder


def store_of(folder: Path) -> Path:
    """A store that shares only files with the checkout's: nothing is known of what was made before."""
    store = folder / ".fwbuild"
    store.mkdir()
    for part in ("files", "apt"):
        (store / part).symlink_to(ROOT / ".fwbuild" / part)
    return store


def run(command: list[str], folder: Path, environment: Mapping[str, str], umask: int = 0o022) -> str:
    around = {"PATH": os.environ["PATH"], **environment}
    ended = subprocess.run(command, cwd=folder, env=around, umask=umask, capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


#: Everything that must not matter, each different from the test run's own.
PLACES: dict[str, tuple[str, dict[str, str], list[str], int]] = {
    "one": (
        "a",
        {"TZ": "UTC", "LC_ALL": "C", "PYTHONHASHSEED": "0", "HOME": "/nowhere", "USER": "one"},
        ["-j", "1"],
        0o077,
    ),
    "other": (
        "deep/er and/ünï",
        {
            "TZ": "Asia/Tokyo",
            "LC_ALL": "tr_TR.UTF-8",
            "PYTHONHASHSEED": "4711",
            "HOSTNAME": "other",
            "COLUMNS": "20",
            "PYTHONOPTIMIZE": "2",
        },
        ["-j", "8"],
        0o000,
    ),
}


@pytest.mark.parametrize("place", PLACES)
def test_equal_inputs_give_equal_bytes(expected: dict[str, bytes], away: Path, place: str) -> None:
    name, environment, words, umask = PLACES[place]
    folder = project(away / name)
    store = store_of(folder)
    environment = {**environment, "PYTHONPATH": str(ROOT)}
    run([sys.executable, "-m", "fwbuild", "image", NAME, "--no-verify", *words], folder, environment, umask)
    assert files(folder / "build" / NAME) == expected
    assert len(list((store / "steps").glob("*/*"))) > 6, "everything was made anew"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as it is published."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of a virtual environment with the wheel, and its requirements from this one."""
    venv = tmp_path_factory.mktemp("installed") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    (site,) = venv.glob("lib/python*/site-packages")
    # A folder that is named here is searched; what points from it to the checkout is not followed.
    (site / "requirements.pth").write_text(sysconfig.get_path("purelib") + "\n")
    python = str(venv / "bin" / "python")
    command = [sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index", "-q", str(wheel)]
    subprocess.run(command, check=True)
    return venv / "bin"


def test_the_wheel_has_the_built_in_layer_and_nothing_of_the_tests(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
    layer = {f"fwbuild/layer/{name}" for name in tracked if name.split("/")[0] in ("plugins", "platforms", "recipes")}
    package = {name for name in tracked if name.startswith("fwbuild/")}
    info = {name for name in names if ".dist-info/" in name}
    assert names - info == layer | package
    assert any(name.endswith("/licenses/LICENSE") for name in info)


def test_an_installed_package_builds_the_same(expected: dict[str, bytes], installed: Path, away: Path) -> None:
    folder = project(away / "elsewhere")
    environment = {"FWBUILD_STORE": str(store_of(folder).rename(away / "store"))}
    where = run([str(installed / "python"), "-c", "import fwbuild; print(fwbuild.__file__)"], folder, environment)
    assert str(installed.parent) in where, "it is not the checkout that runs"
    out = run([str(installed / "fwbuild"), "image", NAME, "--no-verify"], folder, environment)
    assert out == f"{NAME}: built in build/{NAME}/\n  not verified\n"
    assert files(folder / "build" / NAME) == expected
    assert len(list((away / "store" / "steps").glob("*/*"))) > 6, "everything was made anew"
    out = run([str(installed / "python"), "-m", "fwbuild", "--version"], folder, environment)
    assert out == f"fwbuild {__version__}\n"
    assert "payloads" in run([str(installed / "fwbuild"), "list"], away, environment)
