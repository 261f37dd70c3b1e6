# SPDX-License-Identifier: Apache-2.0
"""Assembles the boot code for one image."""

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

#: Ends cpu_table: an affinity value that no CPU has.
_END_OF_CPUS = 0xFFFFFFFF
#: Ends entry_modes: no mode has this code.
_END_OF_MODES = 0


@dataclass(frozen=True, slots=True)
class BootCodeAction:
    """Step `boot-code`: `.S` sources and the numbers of one image to machine code.

    Inputs ``source-0``... and ``cells``, where the device-tree step says how far into the
    tree each CPU's record lies. Params: ``architecture``, ``cpu``, ``address``,
    ``reserve`` (bytes that the code may take), ``sources`` (names for messages),
    ``symbols``, ``modes``, ``cpus`` (``mpidr`` and ``node`` of each), ``record`` (names of
    a record's cells in order) and ``tree`` (the device tree's address). Outputs ``code``,
    ``symbols`` (label to address) and
    ``lines`` (address, source, line), both JSON.
    """

    find_encoder: Callable[[str], Encoder]
    name: str = "boot-code"
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
            symbols=params["symbols"],
            tables={
                "cpu_table": _cpu_table(params, json.loads(context.inputs["cells"].read_bytes())),
                "entry_modes": (*params["modes"], _END_OF_MODES),
            },
        )
        assembled = assemble(program, self.find_encoder(params["architecture"]))
        if len(assembled.code) > params["reserve"]:
            raise fail(
                "reserve-exceeded",
                f"the boot code has {len(assembled.code):,} bytes; {params['reserve']:,} are reserved for it",
            )
        context.outputs["code"].write_bytes(assembled.code)
        context.outputs["symbols"].write_text(json.dumps(dict(assembled.symbols), sort_keys=True))
        context.outputs["lines"].write_text(json.dumps(assembled.lines))


def _cpu_table(params: Mapping[str, Any], cells: Mapping[str, Mapping[str, int]]) -> tuple[int, ...]:
    """A line for each CPU, the boot CPU first: its MPIDR and where its record lies."""
    words: list[int] = []
    stride = params["symbols"]["CELL_STRIDE"]
    for cpu in params["cpus"]:
        offsets = [cells[cpu["node"]][name] for name in params["record"]]
        if any(after - before != stride for before, after in pairwise(offsets)):
            raise fail(
                "bad-device-tree",
                f"the cells of the record in {cpu['node']} do not follow each other",
                hint="the base tree or a fragment sets some of the fwbuild,* properties; take them out there",
            )
        words += (cpu["mpidr"], params["tree"] + offsets[0])
    return (*words, _END_OF_CPUS)
