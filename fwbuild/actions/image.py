# SPDX-License-Identifier: Apache-2.0
"""Links the parts of an image into an ELF file, and wraps single payloads."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from fwbuild.elf.notes import Note
from fwbuild.elf.write import Segment, write_elf32
from fwbuild.engine.action import Context
from fwbuild.engine.graph import Json


@dataclass(frozen=True, slots=True)
class ImageAction:
    """Step `image`: parts, each with its address, to one ELF file.

    Params: ``segments`` (``name``, ``address``, ``input``, ``memory-size``, ``executable``
    and, if only part of the input is meant, ``slice``: offset and size), ``notes`` (type
    and descriptor in hex) and ``entry``: an address, or a label of the input ``symbols``
    (JSON: label to address), which become the file's symbols; those of an input ``symbols
    of PART`` are called ``PART.LABEL``. Outputs ``elf`` and, if asked for, ``symbols``: the
    same without contents.
    """

    name: str = "image"
    version: int = 1

    def tools(self, params: Mapping[str, Json]) -> Mapping[str, str]:
        """No tool: the writer is fwbuild's own."""
        return {}

    def run(self, context: Context) -> None:
        """Write the files."""
        params = context.params
        symbols: dict[str, int] = {}
        if "symbols" in context.inputs:
            symbols = json.loads(context.inputs["symbols"].read_bytes())
        for name, path in context.inputs.items():
            if name.startswith("symbols of "):
                part = name.removeprefix("symbols of ")
                symbols |= {f"{part}.{label}": address for label, address in json.loads(path.read_bytes()).items()}
        entry = params["entry"]
        address = symbols[entry] if isinstance(entry, str) else entry
        notes = [Note(note["type"], bytes.fromhex(note["descriptor"])) for note in params["notes"]]
        segments = [
            Segment(
                name=segment["name"],
                address=segment["address"],
                content=context.inputs[segment["input"]],
                memory_size=segment["memory-size"],
                executable=segment["executable"],
                part=tuple(segment["slice"]) if "slice" in segment else None,
            )
            for segment in params["segments"]
        ]
        with context.outputs["elf"].open("wb") as file:
            write_elf32(file, entry=address, segments=segments, notes=notes, symbols=symbols)
        if "symbols" in context.outputs:
            code = [segment for segment in segments if segment.executable][:1]
            with context.outputs["symbols"].open("wb") as file:
                write_elf32(file, entry=address, segments=code, symbols=symbols)
