# SPDX-License-Identifier: Apache-2.0
"""The part of a plan's graph that proves the image: see lower.py for the part that makes it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from fwbuild.engine.graph import Input, OutputOf, Step
from fwbuild.model.plan import BOOT_CODE, DEVICE_TREE, EARLIER_STAGE, Plan
from fwbuild.model.report import Report
from fwbuild.model.rule import ConsoleRule, NeverRule, RegisterRule, WriteRule
from fwbuild.planning.facts import choices, payload
from fwbuild.planning.proofs import Proofs, board_of, machine_of
from fwbuild.planning.report import report_params
from fwbuild.planning.rules import features


def step_of(part: str) -> str:
    """What the step is called that assembles ``part``."""
    return part.replace("-", " ")


class Naming:
    """Steps of one image, called after it unless there is another ``name``."""

    def __init__(self, plan: Plan, name: str = "") -> None:
        self.plan = plan
        self.name = name or plan.target.recipe.name

    def step(
        self, what: str, action: str, inputs: Mapping[str, Input], outputs: tuple[str, ...], **params: Any
    ) -> Step:
        """A step; underscores in the names of parameters become hyphens."""
        name = f"{self.name}: {what}"
        keys = {key.replace("_", "-"): value for key, value in params.items()}
        return Step(name=name, action=action, inputs=inputs, outputs=outputs, params=keys)

    def output(self, what: str, output: str) -> OutputOf:
        """An output of the step ``what``."""
        return OutputOf(f"{self.name}: {what}", output)


class Proving(Naming):
    """The proofs of one image. ``deadline`` is in seconds, for each proof of the entry."""

    def __init__(self, plan: Plan, *, deadline: int, name: str = "") -> None:
        super().__init__(plan, name)
        self.deadline = deadline

    def machine(self, emulator: str) -> dict[str, Any]:
        """The machine for ``emulator``: the model that is named for it, or the platform itself."""
        model = self.plan.machine
        return dataclasses.asdict(machine_of(self.plan, model if model and model.type == emulator else None))

    def steps(self, proofs: Proofs) -> list[Step]:
        """The proofs, and the verdict over all of them."""
        steps = [self.entry("entry proof", proofs.entry)]
        if proofs.second:
            steps += [self.entry("second entry proof", proofs.second), self.compare(proofs)]
        if proofs.console:
            steps += self.run(proofs.console)
        findings = [self.output(step.name.partition(": ")[2], "findings") for step in steps]
        if proofs.second:
            del findings[1]  # what the second one found is compared, not counted again
        return [*steps, self.verdict(findings, proofs)]

    def attack(self, proofs: Proofs) -> list[Step]:
        """What the payload itself reports, and the verdict over that alone."""
        steps = self.run(proofs.console)
        findings = [self.output(step.name.partition(": ")[2], "findings") for step in steps]
        return [*steps, self.verdict(findings, proofs)]

    def run(self, emulator: str) -> list[Step]:
        """The payload runs, and its report is judged if it makes one."""
        report = self.plan.report
        return [self.console(emulator), *([] if report is None else [self.judge_report(report)])]

    def judge_report(self, report: Report) -> Step:
        return self.step(
            "report",
            "judge-report",
            {
                "transcript": self.output("console proof", "transcript"),
                "symbols": self.output(step_of(BOOT_CODE), "symbols"),
            },
            ("findings",),
            registers=[self.rule(rule) for rule in self.plan.registers],
            **report_params(self.plan, report),
        )

    def entry(self, what: str, emulator: str) -> Step:
        plan = self.plan
        boot = plan.layout.place(BOOT_CODE).region
        shim = {name: self.output(step_of(plan.shim), name) for name in ("code", "symbols") if plan.shim}
        return self.step(
            what,
            "prove-entry",
            {
                "elf": self.proved(emulator),
                "code": self.output(step_of(BOOT_CODE), "code"),
                "symbols": self.output(step_of(BOOT_CODE), "symbols"),
                **{f"{name} of the shim": output for name, output in shim.items()},
            },
            ("findings", "evidence"),
            emulator=emulator,
            machine=self.machine(emulator),
            board=board_of(plan).to_json(),
            deadline=self.deadline,
            payload=plan.entry_address,
            address=boot.start,
            earlier_stage=self.stage_region(emulator),
            shim=[plan.shim, plan.layout.place(plan.shim).region.start] if plan.shim else [],
            symbols=dict(plan.boot.symbols),
            cpus=[
                {
                    "mpidr": choice.cpu.mpidr,
                    "node": node,
                    "mode": int(choice.mode),
                    "payload-mode": int(choice.payload_mode),
                    "secure": int(choice.secure),
                    "hyp": int(choice.hyp),
                    "features": sorted(features(core, plan.target.platform)),
                }
                for choice, node, core in zip(plan.choices, plan.cpu_nodes, plan.target.cores, strict=True)
            ],
            registers=[self.rule(rule) for rule in plan.registers],
            writes=[self.rule(rule) for rule in plan.writes],
            # One that writes over the pen calls its secondaries in its own way, and reports about them.
            released=plan.report is None,
            tree=plan.layout.place(DEVICE_TREE).region.start,
            resident={
                placed.part.name: [placed.region.start, placed.region.size]
                for placed in plan.layout.placed
                if placed.part.resident
            },
        )

    def staged(self, emulator: str) -> bool:
        """Whether the machine of ``emulator`` needs an earlier stage; one that is made to order does not."""
        model = self.plan.machine
        return self.plan.earlier_stage is not None and model is not None and model.type == emulator

    def proved(self, emulator: str) -> OutputOf:
        """The image that ``emulator`` runs."""
        return self.output("proof image" if self.staged(emulator) else "image", "elf")

    def stage_region(self, emulator: str) -> list[int]:
        """Where the proof's earlier stage lies: first address and size."""
        if not self.staged(emulator):
            return [0, 0]
        region = self.plan.layout.place(EARLIER_STAGE).region
        return [region.start, region.size]

    def compare(self, proofs: Proofs) -> Step:
        """Whether both emulators saw the same."""
        inputs: dict[str, Input] = {}
        for index, what in enumerate(("entry proof", "second entry proof")):
            inputs[f"evidence-{index}"] = self.output(what, "evidence")
            inputs[f"findings-{index}"] = self.output(what, "findings")
        return self.step(
            "comparison", "compare-entries", inputs, ("findings",), emulators=[proofs.entry, proofs.second]
        )

    def console(self, emulator: str) -> Step:
        plan = self.plan
        mode = plan.choices[0].payload_mode
        return self.step(
            "console proof",
            "prove-console",
            {"elf": self.proved(emulator)},
            ("findings", "transcript"),
            emulator=emulator,
            machine=self.machine(emulator),
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

    def verdict(self, findings: Sequence[OutputOf], proofs: Proofs) -> Step:
        inputs = {f"findings-{index}": output for index, output in enumerate(findings)}
        return self.step(
            "verdict",
            "verdict",
            {**inputs, "elf": self.output("image", "elf")},
            ("verdict",),
            facts={
                "image": self.name,
                "machine": self.machine(proofs.entry),
                "emulators": [name for name in (proofs.entry, proofs.second) if name],
                "payload": payload(self.plan),
                "choices": choices(self.plan),
            },
            missing=list(proofs.missing),
        )
