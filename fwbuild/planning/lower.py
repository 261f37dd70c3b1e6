# SPDX-License-Identifier: Apache-2.0
"""Turns a plan into the graph of steps that makes and proves the image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fwbuild.devicetree.edits import to_json
from fwbuild.elf.notes import Statement
from fwbuild.engine.graph import FileInput, Input, OutputOf, Step, StoredInput
from fwbuild.model.contribution import Material
from fwbuild.model.plan import BOOT_CODE, DEVICE_TREE, EARLIER_STAGE, Placed, Plan
from fwbuild.planning.core import RECORD
from fwbuild.planning.facts import facts, map_rows
from fwbuild.planning.proofs import Proofs, default_proofs
from fwbuild.planning.proving import Naming, Proving, step_of

#: Seconds that the proof of the entry may take: the way is short, the host may be slow.
_ENTRY_DEADLINE = 90


@dataclass(frozen=True, slots=True)
class Lowered:
    """The steps for one image, and which of their outputs go where."""

    steps: tuple[Step, ...]
    #: file name in the image's output folder -> what becomes that file
    files: Mapping[str, OutputOf]


def lower(plan: Plan, *, verify: bool, version: str, proofs: Proofs | None = None) -> Lowered:
    """The steps that make the image of ``plan``, and prove it if ``verify``.

    ``version`` is fwbuild's own, for the manifest. ``proofs`` says by which emulators; by
    default by the one that the platform or the recipe names.
    """
    lowering = Lowering(plan)
    steps = [
        *lowering.made_parts(),
        lowering.payload(),
        lowering.image(),
        lowering.map(),
    ]
    name = plan.target.recipe.name
    files = {
        f"{name}.elf": lowering.output("image", "elf"),
        f"{name}.symbols.elf": lowering.output("image", "symbols"),
        f"{name}.dtb": lowering.output("device tree", "dtb"),
        f"{name}.dts": lowering.output("device tree", "dts"),
        f"{name}.map": lowering.output("map", "map"),
        f"{name}.payload.elf": lowering.output("payload", "elf"),
    }
    steps.append(lowering.manifest(files, version))
    files["manifest.json"] = lowering.output("manifest", "manifest")
    proofs = proofs or default_proofs(plan)
    if verify and proofs is not None:
        steps += lowering.earlier_stage()
        proving = Proving(plan, deadline=_ENTRY_DEADLINE)
        steps += proving.steps(proofs)
        files["verdict.json"] = lowering.output("verdict", "verdict")
        files["entry.json"] = lowering.output("entry proof", "evidence")
        if proofs.second:
            files[f"entry-{proofs.second}.json"] = lowering.output("second entry proof", "evidence")
        if proofs.console:
            files["console.log"] = lowering.output("console proof", "transcript")
    return Lowered(tuple(steps), files)


class Lowering(Naming):
    """The steps that make an image."""

    def __init__(self, plan: Plan, name: str = "") -> None:
        super().__init__(plan, name)
        self.loaded = [placed for placed in plan.layout.placed if placed.part.material]

    def material(self, name: str) -> Input:
        return _input(self.plan.target.material(name))

    def tree(self) -> Step:
        plan = self.plan
        inputs: dict[str, Input] = {"base": self.material(plan.target.platform.device_tree.base)}
        for index, path in enumerate(plan.fragments):
            inputs[f"fragment-{index}"] = FileInput(str(path))
        return self.step(
            "device tree",
            "device-tree",
            inputs,
            ("dtb", "dts", "cells"),
            fragments=[f"{path.parent.name}/{path.name}" for path in plan.fragments],
            edits=to_json(plan.edits, plan.layout.resolve),
            cells=[{"node": node, "properties": list(RECORD)} for node in plan.cpu_nodes],
            reserve=plan.layout.place(DEVICE_TREE).region.size,
        )

    def made_parts(self) -> list[Step]:
        """The steps that make parts: the device tree and all code."""
        boot = self.plan.boot
        return [
            self.tree(),
            self.assemble(BOOT_CODE, boot.sources, boot.symbols, {}),
            *(
                self.assemble(code.assembly.part, code.sources, code.symbols, code.assembly.labels, offset=code.offset)
                for code in self.plan.code
            ),
        ]

    def assemble(
        self,
        part: str,
        sources: Sequence[tuple[str, Path]],
        symbols: Mapping[str, int],
        labels: Mapping[str, str],
        *,
        offset: int = 0,
    ) -> Step:
        """The machine code of ``part``, at ``offset`` in it; ``labels`` are symbols and labels of the boot code."""
        boot, target = self.plan.boot, self.plan.target
        inputs: dict[str, Input] = {"cells": self.output("device tree", "cells")}
        for index, (_, path) in enumerate(sources):
            inputs[f"source-{index}"] = FileInput(str(path))
        if labels:
            inputs["labels"] = self.output(step_of(BOOT_CODE), "symbols")
        region = self.plan.layout.place(part).region
        return self.step(
            step_of(part),
            "assemble",
            inputs,
            ("code", "symbols", "lines"),
            architecture=boot.architecture,
            cpu=boot.cpu,
            part=part,
            address=region.start + offset,
            reserve=region.size - offset,
            tables_last=part not in (BOOT_CODE, EARLIER_STAGE),
            sources=[shown for shown, _ in sources],
            symbols=dict(symbols),
            labels=dict(labels),
            cpus=[
                {"mpidr": cpu.mpidr, "node": node, "actlr-set": core.actlr_set, "nsacr": core.nsacr}
                for cpu, core, node in zip(boot.cpus, target.cores, self.plan.cpu_nodes, strict=True)
            ],
            record=list(RECORD),
            tree=self.plan.layout.place(DEVICE_TREE).region.start,
        )

    def notes(self, *, digest: bool = True) -> list[dict[str, Any]]:
        """The payload's statement, as it goes into the wrapper and the image."""
        entry = self.plan.entry
        # Code that the build assembles has no bytes of its own to be bound to.
        material = self.plan.target.materials.get(self.plan.layout.place(entry.part).part.material)
        statement = Statement(
            modes=self.plan.accepts,
            uniform=entry.uniform,
            entry_point=self.plan.entry_address,
            secondaries=entry.secondaries,
            payload_digest=bytes.fromhex(material.digest if digest and material else ""),
        )
        return [{"type": note.type, "descriptor": note.descriptor.hex()} for note in statement.notes()]

    def segment(self, placed: Placed) -> dict[str, Any]:
        part = placed.part
        offset = next((code.offset for code in self.plan.code if code.assembly.part == part.name), 0)
        material = self.plan.target.materials.get(part.material)
        whole = material is None or (not material.container and part.size == material.size)
        return {
            **({} if material is None or whole else {"slice": [material.offset + part.offset, part.size]}),
            "name": part.name,
            "address": placed.region.start + offset,
            "input": part.name,
            "memory-size": placed.region.size - offset,
            "executable": part.name == self.plan.entry.part,
        }

    def payload(self) -> Step:
        """The payload alone with its notes; a digest only around an image that is one piece."""
        entry = self.plan.layout.place(self.plan.entry.part)
        material = entry.part.material
        pieces = [placed for placed in self.loaded if placed.part.material == material] or [entry]
        made = self.made()
        return self.step(
            "payload",
            "image",
            {placed.part.name: self.material(material) if material else made[placed.part.name] for placed in pieces},
            ("elf",),
            segments=[self.segment(placed) for placed in pieces],
            notes=self.notes(digest=len(pieces) == 1),
            entry=self.plan.entry_address,
        )

    def image(self) -> Step:
        inputs = self.made()
        code = [BOOT_CODE, *(code.assembly.part for code in self.plan.code)]
        segments: list[dict[str, Any]] = []
        for placed in self.plan.layout.placed:
            name = placed.part.name
            if name == BOOT_CODE:
                segments.insert(0, {**self.segment(placed), "executable": True})
            elif name in code:
                segments.append({**self.segment(placed), "executable": True})
            elif name in inputs or placed.part.material:
                segments.append(self.segment(placed))
            if placed.part.material:
                inputs[name] = self.material(placed.part.material)
        inputs["symbols"] = self.output(step_of(BOOT_CODE), "symbols")
        for name in code[1:]:
            inputs[f"symbols of {name}"] = self.output(step_of(name), "symbols")
        return self.step(
            "image",
            "image",
            inputs,
            ("elf", "symbols"),
            segments=segments,
            notes=self.notes(),
            entry="entry",
        )

    def earlier_stage(self) -> list[Step]:
        """The steps that put a stage before the image for the proof, if the machine needs one."""
        stage = self.plan.earlier_stage
        if stage is None:
            return []
        # Its payload is the boot code.
        entry = {"PAYLOAD_ENTRY": "entry", "SECONDARY_ENTRY": "entry"}
        image = self.image()
        placed = self.plan.layout.place(EARLIER_STAGE)
        name = step_of(EARLIER_STAGE)
        return [
            self.assemble(EARLIER_STAGE, stage.sources, stage.symbols, entry),
            self.step(
                "proof image",
                "image",
                {
                    **image.inputs,
                    EARLIER_STAGE: self.output(name, "code"),
                    "symbols": self.output(name, "symbols"),
                    f"symbols of {BOOT_CODE}": self.output(step_of(BOOT_CODE), "symbols"),
                },
                ("elf",),
                segments=[{**self.segment(placed), "executable": True}, *image.params["segments"]],
                notes=self.notes(),
                entry="entry",
            ),
        ]

    def made(self) -> dict[str, Input]:
        """The parts whose bytes the build makes."""
        names = (BOOT_CODE, *(code.assembly.part for code in self.plan.code))
        return {
            **{name: self.output(step_of(name), "code") for name in names},
            DEVICE_TREE: self.output("device tree", "dtb"),
        }

    def map(self) -> Step:
        inputs = self.made()
        target = self.plan.target
        return self.step(
            "map",
            "map",
            inputs,
            ("map",),
            title=f"{self.name} on {target.platform.name}: {target.recipe.summary}",
            banks=[[bank.start, bank.size] for bank in target.platform.memory],
            rows=map_rows(self.plan, inputs),
        )

    def manifest(self, files: Mapping[str, OutputOf], version: str) -> Step:
        inputs = {f"file-{index}": output for index, output in enumerate(files.values())}
        return self.step(
            "manifest",
            "manifest",
            inputs,
            ("manifest",),
            facts=facts(self.plan, version),
            files={f"file-{index}": name for index, name in enumerate(files)},
        )


def _input(material: Material) -> Input:
    """A material as a step's input: from the store by digest, or a file of the user's."""
    if material.type == "file":
        return FileInput(str(material.path))
    return StoredInput(material.container or material.digest)
