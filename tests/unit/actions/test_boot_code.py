# SPDX-License-Identifier: Apache-2.0
"""The boot code with its tables: a line for each CPU, the modes, and what does not fit."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest

from fwbuild.actions.boot_code import BootCodeAction
from fwbuild.asm.find import find_encoder
from fwbuild.engine.action import Context
from fwbuild.model.problem import FwbuildError, Problem

SOURCE = "_start:\n\tldr\tr0, =ANSWER\n\tb\t_start\n"
CELLS = {
    "/cpus/cpu@0": {"mode": 0x100, "secure": 0x110, "hyp": 0x120},
    "/cpus/cpu@1": {"mode": 0x200, "secure": 0x210, "hyp": 0x220},
}
PARAMS: dict[str, Any] = {
    "architecture": "armv7-a",
    "cpu": "cortex-a15",
    "address": 0x1000,
    "reserve": 0x1000,
    "sources": ["boot/a.S"],
    "symbols": {"ANSWER": 0x12345678, "CELL_STRIDE": 0x10},
    "modes": [2, 3],
    "cpus": [{"mpidr": 0x100, "node": "/cpus/cpu@1"}, {"mpidr": 0, "node": "/cpus/cpu@0"}],
    "record": ["mode", "secure", "hyp"],
    "tree": 0x80000000,
}


def assembled(folder: Path, source: str = SOURCE, cells: object = CELLS, **params: Any) -> dict[str, bytes]:
    (folder / "a.S").write_text(source)
    (folder / "cells").write_text(json.dumps(cells))
    outputs = {name: folder / f"out-{name}" for name in ("code", "symbols", "lines")}
    context = Context(
        step="the step",
        params={**PARAMS, **params},
        inputs={"source-0": folder / "a.S", "cells": folder / "cells"},
        outputs=outputs,
        scratch=folder,
        say=lambda text: None,
    )
    BootCodeAction(lambda architecture: find_encoder("auto", architecture)).run(context)
    return {name: path.read_bytes() for name, path in outputs.items()}


def problem(folder: Path, **more: Any) -> Problem:
    with pytest.raises(FwbuildError) as caught:
        assembled(folder, **more)
    (found,) = caught.value.problems
    return found


def words(made: dict[str, bytes], label: str, count: int) -> tuple[int, ...]:
    start = json.loads(made["symbols"])[label] - PARAMS["address"]
    return struct.unpack_from(f"<{count}I", made["code"], start)


def test_a_line_for_each_cpu_in_order_and_an_end(tmp_path: Path) -> None:
    made = assembled(tmp_path)
    assert words(made, "cpu_table", 5) == (0x100, 0x80000200, 0, 0x80000100, 0xFFFFFFFF)
    assert words(made, "entry_modes", 3) == (2, 3, 0)


def test_labels_and_lines_lead_back_to_the_source(tmp_path: Path) -> None:
    made = assembled(tmp_path)
    start = json.loads(made["symbols"])["_start"]
    found = json.loads(made["lines"])
    assert [start, "boot/a.S", 2] in found
    assert [start + 4, "boot/a.S", 3] in found
    assert struct.pack("<I", 0x12345678) in made["code"]


@pytest.mark.parametrize("cell", ["secure", "hyp"])
def test_cells_that_do_not_follow_each_other(tmp_path: Path, cell: str) -> None:
    """The boot code counts on it: it writes the record with fixed offsets."""
    cells = {**CELLS, "/cpus/cpu@1": {**CELLS["/cpus/cpu@1"], cell: 0x300}}
    found = problem(tmp_path, cells=cells)
    assert found.code == "bad-device-tree"
    assert found.message == "the cells of the record in /cpus/cpu@1 do not follow each other"


def test_code_that_outgrows_its_reserve(tmp_path: Path) -> None:
    size = len(assembled(tmp_path)["code"])
    assembled(tmp_path, reserve=size)
    found = problem(tmp_path, reserve=size - 1)
    assert found.code == "reserve-exceeded"
    assert found.message == f"the boot code has {size:,} bytes; {size - 1:,} are reserved for it"


def test_an_error_in_the_source_has_its_place(tmp_path: Path) -> None:
    found = problem(tmp_path, source="_start:\n\tb\tnowhere\n")
    assert found.code == "assembly"
    assert found.origin is not None
    assert (found.origin.path, found.origin.line) == ("boot/a.S", 2)
