# SPDX-License-Identifier: Apache-2.0
"""Runs one action as the engine would."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from fwbuild.engine.action import Action, Context
from fwbuild.engine.graph import Json


def perform(
    action: Action,
    folder: Path,
    *,
    params: Mapping[str, Json],
    outputs: tuple[str, ...],
    inputs: Mapping[str, Path] = {},
    said: list[str] | None = None,
) -> dict[str, Path]:
    """Run ``action`` in the new folder ``folder``; its outputs, all of which must be there."""
    scratch = folder / "scratch"
    scratch.mkdir(parents=True)
    context = Context(
        step="the step",
        params=params,
        inputs=inputs,
        outputs={name: folder / f"out-{index}" for index, name in enumerate(outputs)},
        scratch=scratch,
        say=(said if said is not None else []).append,
    )
    action.run(context)
    made = dict(context.outputs)
    assert all(path.is_file() for path in made.values())
    assert action.tools(params) == {}
    return made
