# SPDX-License-Identifier: Apache-2.0
"""Turns a plan into the graph of steps that makes and proves the image."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fwbuild.devicetree.edits import to_json
from fwbuild.elf.notes import Statement
from fwbuild.engine.graph import FileInput, Input, OutputOf, Step, StoredInput
from fwbuild.model.contribution import Material
from fwbuild.model.plan import BOOT_CODE, DEVICE_TREE, Placed, Plan
from fwbuild.model.platform import EmulatorMachine
from fwbuild.model.ports import Machine
from fwbuild.model.rule import ConsoleRule, NeverRule, RegisterRule, WriteRule
from fwbuild.planning.bootcode import BOOT_CODE_RESERVE
from fwbuild.planning.core import RECORD

#: Seconds that the proof of the entry may take: the way is short, the host may be slow.
_ENTRY_DEADLINE = 90


@dataclass(frozen=True, slots=True)
class Lowered:
    """The steps for one image, and which of their outputs go where."""

    steps: tuple[Step, ...]
    #: file name in the image's output folder -> what becomes that file
    files: Mapping[str, OutputOf]


def lower(plan: Plan, *, verify: bool, version: str) -> Lowered:
    """The steps that make the image of ``plan``, and prove it if ``verify``.

    ``version`` is fwbuild's own, for the manifest.
    """
    lowering = _Lowering(plan)
    steps = [
        lowering.tree(),
        lowering.boot_code(),
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
    if verify and plan.machine is not None:
        steps += [lowering.prove_entry(), lowering.prove_console(), lowering.verdict()]
        files["verdict.json"] = lowering.output("verdict", "verdict")
        files["entry.json"] = lowering.output("entry proof", "evidence")
        files["console.log"] = lowering.output("console proof", "transcript")
    return Lowered(tuple(steps), files)


class _Lowering:
    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.name = plan.target.recipe.name
        self.loaded = [placed for placed in plan.layout.placed if placed.part.material]

    def step(
        self, what: str, action: str, inputs: Mapping[str, Input], outputs: tuple[str, ...], **params: Any
    ) -> Step:
        name = f"{self.name}: {what}"
        keys = {key.replace("_", "-"): value for key, value in params.items()}
        return Step(name=name, action=action, inputs=inputs, outputs=outputs, params=keys)

    def output(self, what: str, output: str) -> OutputOf:
        return OutputOf(f"{self.name}: {what}", output)

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

    def boot_code(self) -> Step:
        boot = self.plan.boot
        inputs: dict[str, Input] = {"cells": self.output("device tree", "cells")}
        for index, (_, path) in enumerate(boot.sources):
            inputs[f"source-{index}"] = FileInput(str(path))
        return self.step(
            "boot code",
            "boot-code",
            inputs,
            ("code", "symbols", "lines"),
            architecture=boot.architecture,
            cpu=boot.cpu,
            address=self.plan.layout.place(BOOT_CODE).region.start,
            reserve=BOOT_CODE_RESERVE,
            sources=[shown for shown, _ in boot.sources],
            symbols=dict(boot.symbols),
            modes=[int(mode) for mode in boot.modes],
            cpus=[{"mpidr": cpu.mpidr, "node": node} for cpu, node in zip(boot.cpus, self.plan.cpu_nodes, strict=True)],
            record=list(RECORD),
            tree=self.plan.layout.place(DEVICE_TREE).region.start,
        )

    def notes(self, *, digest: bool = True) -> list[dict[str, Any]]:
        """The payload's statement, as it goes into the wrapper and the image."""
        entry = self.plan.entry
        payload = self.plan.target.material(self.plan.layout.place(entry.part).part.material)
        statement = Statement(
            modes=entry.modes,
            uniform=entry.uniform,
            entry_point=self.plan.entry_address,
            secondaries=entry.secondaries,
            payload_digest=bytes.fromhex(payload.digest if digest else ""),
        )
        return [{"type": note.type, "descriptor": note.descriptor.hex()} for note in statement.notes()]

    def segment(self, placed: Placed) -> dict[str, Any]:
        part = placed.part
        material = self.plan.target.materials.get(part.material)
        whole = material is None or (not material.container and part.size == material.size)
        return {
            **({} if material is None or whole else {"slice": [material.offset + part.offset, part.size]}),
            "name": part.name,
            "address": placed.region.start,
            "input": part.name,
            "memory-size": placed.region.size,
            "executable": part.name == self.plan.entry.part,
        }

    def payload(self) -> Step:
        """The payload alone with its notes; a digest only around an image that is one piece."""
        material = self.plan.layout.place(self.plan.entry.part).part.material
        pieces = [placed for placed in self.loaded if placed.part.material == material]
        return self.step(
            "payload",
            "image",
            {placed.part.name: self.material(material) for placed in pieces},
            ("elf",),
            segments=[self.segment(placed) for placed in pieces],
            notes=self.notes(digest=len(pieces) == 1),
            entry=self.plan.entry_address,
        )

    def image(self) -> Step:
        inputs: dict[str, Input] = {
            "symbols": self.output("boot code", "symbols"),
            BOOT_CODE: self.output("boot code", "code"),
            DEVICE_TREE: self.output("device tree", "dtb"),
        }
        segments: list[dict[str, Any]] = []
        for placed in self.plan.layout.placed:
            if placed.part.name == BOOT_CODE:
                segments.insert(0, {**self.segment(placed), "executable": True})
            elif placed.part.name in inputs or placed.part.material:
                segments.append(self.segment(placed))
            if placed.part.material:
                inputs[placed.part.name] = self.material(placed.part.material)
        return self.step(
            "image",
            "image",
            inputs,
            ("elf", "symbols"),
            segments=segments,
            notes=self.notes(),
            entry="entry",
        )

    def map(self) -> Step:
        inputs: dict[str, Input] = {
            BOOT_CODE: self.output("boot code", "code"),
            DEVICE_TREE: self.output("device tree", "dtb"),
        }
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

    def machine(self) -> dict[str, Any]:
        assert self.plan.machine is not None
        return dataclasses.asdict(machine_of(self.plan, self.plan.machine))

    def prove_entry(self) -> Step:
        plan = self.plan
        assert plan.machine is not None
        boot = plan.layout.place(BOOT_CODE).region
        return self.step(
            "entry proof",
            "prove-entry",
            {
                "elf": self.output("image", "elf"),
                "code": self.output("boot code", "code"),
                "symbols": self.output("boot code", "symbols"),
            },
            ("findings", "evidence"),
            emulator=plan.machine.type,
            machine=self.machine(),
            deadline=_ENTRY_DEADLINE,
            payload=plan.entry_address,
            address=boot.start,
            symbols=dict(plan.boot.symbols),
            cpus=[
                {
                    "mpidr": choice.cpu.mpidr,
                    "node": node,
                    "mode": int(choice.mode),
                    "secure": int(choice.secure),
                    "hyp": int(choice.hyp),
                }
                for choice, node in zip(plan.choices, plan.cpu_nodes, strict=True)
            ],
            registers=[self.rule(rule) for rule in plan.registers],
            writes=[self.rule(rule) for rule in plan.writes],
            tree=plan.layout.place(DEVICE_TREE).region.start,
            resident={BOOT_CODE: [boot.start, boot.size]},
        )

    def prove_console(self) -> Step:
        plan = self.plan
        assert plan.machine is not None
        mode = plan.choices[0].mode
        return self.step(
            "console proof",
            "prove-console",
            {"elf": self.output("image", "elf")},
            ("findings", "transcript"),
            emulator=plan.machine.type,
            machine=self.machine(),
            deadline=plan.target.recipe.verify.deadline,
            expected=[self.rule(rule) for rule in plan.console if mode in rule.modes],
            never=[dataclasses.asdict(rule) for rule in plan.never],
        )

    def rule(self, rule: RegisterRule | WriteRule | ConsoleRule | NeverRule) -> dict[str, Any]:
        """A rule as JSON, its addresses known now."""
        fields = {field.name: getattr(rule, field.name) for field in dataclasses.fields(rule)}
        if isinstance(rule, RegisterRule) and not isinstance(rule.value, str):
            fields["value"] = self.plan.layout.resolve(rule.value)
        if isinstance(rule, WriteRule):
            fields["targets"] = list(rule.targets)
        if "modes" in fields:
            fields["modes"] = [int(mode) for mode in fields["modes"]]
        return fields

    def verdict(self) -> Step:
        return self.step(
            "verdict",
            "verdict",
            {
                "findings-0": self.output("entry proof", "findings"),
                "findings-1": self.output("console proof", "findings"),
                "elf": self.output("image", "elf"),
            },
            ("verdict",),
            facts={
                "image": self.name,
                "machine": self.machine(),
                "payload": _payload(self.plan),
                "choices": _choices(self.plan),
            },
        )


def machine_of(plan: Plan, model: EmulatorMachine) -> Machine:
    """The machine to prove the image of ``plan`` on."""
    return Machine(
        machine=model.machine,
        cpu=model.cpu,
        properties=dict(model.properties),
        cpus=len(plan.target.cpus),
        memory=sum(bank.size for bank in plan.target.platform.memory),
    )


def _input(material: Material) -> Input:
    """A material as a step's input: from the store by digest, or a file of the user's."""
    if material.type == "file":
        return FileInput(str(material.path))
    return StoredInput(material.container or material.digest)


def map_rows(plan: Plan, made: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows of the memory map; parts in ``made`` get their size from a step's output."""
    return [
        {
            "name": placed.part.name,
            "text": placed.part.text,
            "start": placed.region.start,
            "size": placed.region.size,
            "used": 0 if placed.part.name in (BOOT_CODE, DEVICE_TREE) else placed.part.size,
            "input": placed.part.name if placed.part.name in made else "",
        }
        for placed in plan.layout.placed
    ]


def _choices(plan: Plan) -> list[dict[str, Any]]:
    return [
        {
            "cpu": f"{choice.cpu.mpidr:#x}",
            "core": choice.cpu.core,
            "mode": choice.mode.word,
            "secure-state": choice.secure.name.lower(),
            "hyp-state": choice.hyp.name.lower(),
            "refused": {mode.word: reason for mode, reason in choice.refused},
        }
        for choice in plan.choices
    ]


def _payload(plan: Plan) -> dict[str, Any]:
    """How the payload is entered, and who said so."""
    return {
        "type": plan.target.payload,
        "entry": f"{plan.entry_address:#x}",
        "modes": [mode.word for mode in plan.entry.modes],
        "uniform": plan.entry.uniform,
        "secondaries": [method.word for method in plan.entry.secondaries],
        "stated-by": plan.entry.carrier,
        "overruled": {carrier: [mode.word for mode in modes] for carrier, modes in plan.entry.overruled},
    }


def facts(plan: Plan, version: str) -> dict[str, Any]:
    """What the plan decided, for the manifest and for `fwbuild plan`."""
    target = plan.target
    return {
        "image": target.recipe.name,
        "summary": target.recipe.summary,
        "platform": target.platform.name,
        "fwbuild": version,
        "payload": _payload(plan),
        "cpus": _choices(plan),
        "layout": {
            placed.part.name: {
                "start": f"{placed.region.start:#x}",
                "size": placed.region.size,
                "material": placed.part.material,
            }
            for placed in plan.layout.placed
        },
        "materials": {
            name: {
                "sha256": material.container or material.digest,
                "size": material.size,
                "version": material.version,
                "type": material.type,
            }
            for name, material in sorted(target.materials.items())
        },
    }
