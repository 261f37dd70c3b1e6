# SPDX-License-Identifier: Apache-2.0
"""Shows problems: place, what is wrong, the line with a caret, and a hint."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

from fwbuild.cli.style import Style
from fwbuild.model.problem import Origin, Problem


def show_problems(problems: Iterable[Problem], stream: TextIO) -> None:
    """Write every problem to ``stream``; one that comes twice is shown once."""
    style = Style(stream)
    seen: set[Problem] = set()
    for problem in problems:
        if problem not in seen:
            seen.add(problem)
            stream.write(_shown(problem, style) + "\n")
    stream.flush()


def _shown(problem: Problem, style: Style) -> str:
    origin = problem.origin
    place = style(f"{_place(origin)}: ", "bold") if origin is not None else ""
    what, *more = problem.message.splitlines()
    lines = [f"{place}{style(f'error[{problem.code}]', 'red', 'bold')}: {what}", *more]
    lines += _excerpt(origin, style) if origin is not None else []
    if problem.hint:
        hint = problem.hint.replace("\n", "\n        ")
        lines.append(f"  {style('hint', 'green')}: {hint}")
    return "\n".join(lines)


def _place(origin: Origin) -> str:
    """The place with its path as short as the reader's folder allows."""
    path = origin.path
    if Path(path).is_absolute():
        short = os.path.relpath(path)
        path = path if short.startswith("../../..") else short
    return f"{path}:{origin.line}:{origin.column}" if origin.line else path


def _excerpt(origin: Origin, style: Style) -> list[str]:
    """The line itself with a caret under the column, if it can still be read."""
    if not origin.line:
        return []
    try:
        text = Path(origin.path).read_text("utf-8").splitlines()[origin.line - 1]
    except (OSError, UnicodeDecodeError, IndexError):
        return []
    indent = "".join("\t" if character == "\t" else " " for character in text[: origin.column - 1])
    number = f"{origin.line:5d} | "
    return [style(number, "dim") + text, " " * 6 + style("| ", "dim") + indent + style("^", "red", "bold")]
