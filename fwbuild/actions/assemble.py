# SPDX-License-Identifier: Apache-2.0
"""Assembles the boot code of one image, and what plugins add to it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from fwbuild.asm.program import Encoder, Program, SourceText, assemble
from fwbuild.engine.action import Context
from fwbuild.engine.graph import Json
from fwbuild.model.problem import fail

#: An affinity value that no CPU has: the line of cpu_table that is nobody's.
_NO_CPU = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class AssembleAction:
    """Step `assemble`: `.S` sources and the numbers of one image to machine code.

    Inputs ``source-0``..., ``labels`` (the symbols of a program assembled before, if
    the parameter ``labels`` takes any) and ``cells``, where the device-tree step says how
    far into the tree each CPU's record lies. Params: ``architecture``, ``cpu``,
    ``address``, ``part`` (its name), ``reserve`` (bytes that it may take), ``sources``
    (names for messages), ``symbols``, ``labels`` (symbol to label of the input),
    ``cpus`` (``mpidr``, ``node``, ``actlr-set`` and ``nsacr`` of each), ``record`` (names
    of a record's cells in order), ``tree`` (the device tree's address) and
    ``tables-last``. Outputs ``code``, ``symbols`` (label to address) and ``lines``
    (address, source, line), both JSON.
    """

    find_encoder: Callable[[str], Encoder]
    name: str = "assemble"
    version: int = 1

    def tools(self, params: Mapping[str, Json]) -> Mapping[str, str]:
        """The encoder and its version."""
        return self.find_encoder(params["architecture"]).fingerprint()

    def run(self, context: Context) -> None:
        """Assemble. Raises FwbuildError ``assembly`` or ``reserve-exceeded``."""
        params = context.params
        program = Program(
            architecture=params["architecture"],
            cpu=params["cpu"],
            address=params["address"],
            sources=tuple(
                SourceText(path=shown, text=context.inputs[f"source-{index}"].read_text("utf-8"))
                for index, shown in enumerate(params["sources"])
            ),
            symbols={**params["symbols"], **_labels(context)},
            tables={
                "cpu_table": _cpu_table(params, json.loads(context.inputs["cells"].read_bytes())),
            },
            tables_last=params.get("tables-last", False),
        )
        assembled = assemble(program, self.find_encoder(params["architecture"]))
        if len(assembled.code) > params["reserve"]:
            raise fail(
                "reserve-exceeded",
                f"{params['part']} has {len(assembled.code):,} bytes; {params['reserve']:,} are reserved for it",
            )
        context.outputs["code"].write_bytes(assembled.code)
        context.outputs["symbols"].write_text(json.dumps(dict(assembled.symbols), sort_keys=True))
        context.outputs["lines"].write_text(json.dumps(assembled.lines))


def _labels(context: Context) -> dict[str, int]:
    """Symbols that stand for labels of a program assembled before."""
    wanted: Mapping[str, str] = context.params["labels"]
    if not wanted:
        return {}
    known = json.loads(context.inputs["labels"].read_bytes())
    return {symbol: known[label] for symbol, label in wanted.items()}


def _cpu_table(params: Mapping[str, Any], cells: Mapping[str, Mapping[str, int]]) -> tuple[int, ...]:
    """A line for each place that an MPIDR can have: MPIDR, where its record lies, and more if cores differ.

    The lines of nobody have an MPIDR that no CPU has.
    """
    symbols = params["symbols"]
    shift, mask, words = symbols["CPU_HASH_SHIFT"], symbols["CPU_HASH_MASK"], 1 << symbols["CPU_LINE_SHIFT"] - 2
    lines = [[_NO_CPU, 0, 0, 0] for _ in range(mask + 1)]
    for cpu in params["cpus"]:
        offsets = [cells[cpu["node"]][name] for name in params["record"]]
        if any(after - before != symbols["CELL_STRIDE"] for before, after in pairwise(offsets)):
            raise fail(
                "bad-device-tree",
                f"the cells of the record in {cpu['node']} do not follow each other",
                hint="the base tree or a fragment sets some of the fwbuild,* properties; take them out there",
            )
        mpidr = cpu["mpidr"]
        lines[(mpidr + (mpidr >> shift if shift else 0)) & mask] = [
            mpidr,
            params["tree"] + offsets[0],
            cpu["actlr-set"],
            cpu["nsacr"],
        ]
    return tuple(word for line in lines for word in line[:words])
