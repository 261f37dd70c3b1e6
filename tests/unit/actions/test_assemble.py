# SPDX-License-Identifier: Apache-2.0
"""The boot code with its tables: a line for each CPU, the modes, and what does not fit."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest

from fwbuild.actions.assemble import AssembleAction
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
    "part": "boot-code",
    "labels": {},
    "symbols": {
        "ANSWER": 0x12345678,
        "CELL_STRIDE": 0x10,
        "CPU_LINE_SHIFT": 3,
        "CPU_HASH_SHIFT": 7,
        "CPU_HASH_MASK": 3,
    },
    "cpus": [
        {"mpidr": 0x100, "node": "/cpus/cpu@1", "actlr-set": 0x41, "nsacr": 0xC00},
        {"mpidr": 0, "node": "/cpus/cpu@0", "actlr-set": 0x40, "nsacr": 0x400},
    ],
    "record": ["mode", "secure", "hyp"],
    "tree": 0x80000000,
}


def assembled(
    folder: Path, source: str = SOURCE, cells: object = CELLS, more: dict[str, Path] | None = None, **params: Any
) -> dict[str, bytes]:
    (folder / "a.S").write_text(source)
    (folder / "cells").write_text(json.dumps(cells))
    outputs = {name: folder / f"out-{name}" for name in ("code", "symbols", "lines")}
    context = Context(
        step="the step",
        params={**PARAMS, **params},
        inputs={"source-0": folder / "a.S", "cells": folder / "cells", **(more or {})},
        outputs=outputs,
        scratch=folder,
        say=lambda text: None,
    )
    AssembleAction(lambda architecture: find_encoder("auto", architecture)).run(context)
    return {name: path.read_bytes() for name, path in outputs.items()}


def problem(folder: Path, **more: Any) -> Problem:
    with pytest.raises(FwbuildError) as caught:
        assembled(folder, **more)
    (found,) = caught.value.problems
    return found


def words(made: dict[str, bytes], label: str, count: int) -> tuple[int, ...]:
    start = json.loads(made["symbols"])[label] - PARAMS["address"]
    return struct.unpack_from(f"<{count}I", made["code"], start)


NOBODY = (0xFFFFFFFF, 0)


def test_a_line_for_each_cpu_at_the_place_that_its_mpidr_gives(tmp_path: Path) -> None:
    made = assembled(tmp_path)
    assert words(made, "cpu_table", 8) == (0, 0x80000100, *NOBODY, 0x100, 0x80000200, *NOBODY)


def test_lines_say_what_differs_between_cores(tmp_path: Path) -> None:
    made = assembled(tmp_path, symbols={**PARAMS["symbols"], "CPU_LINE_SHIFT": 4})
    assert words(made, "cpu_table", 4) == (0, 0x80000100, 0x40, 0x400)
    assert words(made, "cpu_table", 12)[8:] == (0x100, 0x80000200, 0x41, 0xC00)


def test_symbols_may_be_labels_of_another_program(tmp_path: Path) -> None:
    symbols = {name: value for name, value in PARAMS["symbols"].items() if name != "ANSWER"}
    (tmp_path / "labels").write_text(json.dumps({"entry": 0x8000}))
    made = assembled(tmp_path, symbols=symbols, labels={"ANSWER": "entry"}, more={"labels": tmp_path / "labels"})
    assert made["code"] == assembled(tmp_path, symbols={**symbols, "ANSWER": 0x8000})["code"]


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
    assert found.message == f"boot-code has {size:,} bytes; {size - 1:,} are reserved for it"


def test_an_error_in_the_source_has_its_place(tmp_path: Path) -> None:
    found = problem(tmp_path, source="_start:\n\tb\tnowhere\n")
    assert found.code == "assembly"
    assert found.origin is not None
    assert (found.origin.path, found.origin.line) == ("boot/a.S", 2)
