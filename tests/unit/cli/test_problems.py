# SPDX-License-Identifier: Apache-2.0
"""How a problem looks: its place, its line with a caret, its hint, and no word twice."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from fwbuild.cli.problems import show_problems
from fwbuild.model.problem import Origin, Problem


@pytest.fixture(autouse=True)
def plain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a folder of its own, without colours."""
    monkeypatch.chdir(tmp_path)
    for name in ("CLICOLOR_FORCE", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)


def shown(*problems: Problem) -> str:
    stream = io.StringIO()
    show_problems(problems, stream)
    return stream.getvalue()


def problem(origin: Origin | None = None, message: str = "it is wrong", hint: str = "") -> Problem:
    return Problem(code="bad-value", message=message, origin=origin, hint=hint)


def test_without_a_place() -> None:
    assert shown(problem()) == "error[bad-value]: it is wrong\n"


def test_of_a_whole_file() -> None:
    assert shown(problem(Origin(path="a.toml"))) == "a.toml: error[bad-value]: it is wrong\n"


def test_with_its_line_and_a_caret(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text("one\n\ttwo = 3\nthree\n")
    assert shown(problem(Origin(path=str(path), line=2, column=6), hint="mend it")) == (
        "a.toml:2:6: error[bad-value]: it is wrong\n    2 | \ttwo = 3\n      | \t    ^\n  hint: mend it\n"
    )


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe\n", b"one line\n"])
def test_a_line_that_cannot_be_shown_is_left_out(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "a.toml").write_bytes(content)
    assert shown(problem(Origin(path="a.toml", line=3, column=1))) == "a.toml:3:1: error[bad-value]: it is wrong\n"


def test_more_than_one_line_of_message_and_hint() -> None:
    assert shown(problem(message="it is wrong:\n  a table", hint="do this\nor that")) == (
        "error[bad-value]: it is wrong:\n  a table\n  hint: do this\n        or that\n"
    )


def test_a_problem_that_comes_twice_is_shown_once() -> None:
    assert shown(problem(), problem(), problem(message="other")) == (
        "error[bad-value]: it is wrong\nerror[bad-value]: other\n"
    )


def test_paths_are_as_short_as_they_can_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = tmp_path / "a" / "b" / "c"
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)
    for path, expected in [
        (deep / "x", "x"),
        (tmp_path / "a" / "b" / "x", "../x"),
        (tmp_path / "a" / "x", "../../x"),
        (tmp_path / "x", str(tmp_path / "x")),
        (Path("../y"), "../y"),
    ]:
        assert shown(problem(Origin(path=str(path)))).startswith(f"{expected}: error"), path


def test_colour_when_it_is_forced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLICOLOR_FORCE", "1")
    text = shown(problem(Origin(path="a"), hint="h"))
    assert text == "\x1b[1ma: \x1b[0m\x1b[31;1merror[bad-value]\x1b[0m: it is wrong\n  \x1b[32mhint\x1b[0m: h\n"
