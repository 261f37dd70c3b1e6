# SPDX-License-Identifier: Apache-2.0
"""What more than one test needs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from fwbuild.cli.main import main
from fwbuild.model.problem import FwbuildError, Problem
from tests.project import ROOT, make_project


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write golden files instead of comparing")


@pytest.fixture
def only_problem() -> Callable[[Callable[[], object]], Problem]:
    """Runs something that must fail with exactly one problem, and gives that problem."""

    def run(action: Callable[[], object]) -> Problem:
        with pytest.raises(FwbuildError) as caught:
            action()
        assert len(caught.value.problems) == 1, caught.value.problems
        return caught.value.problems[0]

    return run


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compares a text with a file in tests/golden, or writes that file with --update-golden."""

    def compare(name: str, text: str) -> None:
        path = ROOT / "tests" / "golden" / name
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        assert path.read_text() == text, f"{name} differs; see `git diff` after pytest --update-golden"

    return compare


class Command:
    """Runs the command line in a folder, in this process."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self._capsys = capsys
        monkeypatch.chdir(folder)

    def __call__(self, *words: str, status: int = 0) -> tuple[str, str]:
        """What ``fwbuild WORDS`` writes to its two outputs; its exit status must be ``status``."""
        self._capsys.readouterr()
        found = main(list(words))
        out, err = self._capsys.readouterr()
        assert found == status, f"exit status {found}, not {status}\n{out}\n{err}"
        return out, err


@pytest.fixture
def fw(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command line in a small project of its own: see tests/project.py."""
    monkeypatch.delenv("FWBUILD_STORE", raising=False)
    return Command(make_project(tmp_path / "project"), capsys, monkeypatch)
