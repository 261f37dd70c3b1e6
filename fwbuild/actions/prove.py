# SPDX-License-Identifier: Apache-2.0
"""Proves an image on an emulator: how it is entered, and what its console says."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from fwbuild.engine.action import Context
from fwbuild.engine.graph import Json
from fwbuild.engine.key import digest_of_file
from fwbuild.model.board import Board
from fwbuild.model.modes import Mode, Ownership
from fwbuild.model.ports import BootPath, Emulator, Machine
from fwbuild.model.problem import FwbuildError
from fwbuild.model.region import Region
from fwbuild.model.rule import ConsoleRule, NeverRule, RegisterRule, WriteRule
from fwbuild.model.verdict import AT_RESET, EntryEvidence, Finding
from fwbuild.verify.judge import EntryRules, Expectation, judge_console, judge_entry
from fwbuild.verify.tree import Record, TreeRules, judge_tree

FindEmulator = Callable[[str], Emulator]


@dataclass(frozen=True, slots=True)
class ProveEntryAction:
    """Step `prove-entry`: every CPU from reset to the payload's first instruction.

    Inputs ``elf``, ``code`` and ``symbols``, and for a shim ``code of the shim`` and
    ``symbols of the shim``. Params: ``emulator``, ``machine``,
    ``board`` (the machine in numbers), ``deadline`` (seconds), ``payload`` (address),
    ``address`` (of the boot code), ``earlier-stage`` (address and size), ``shim`` (name of its
    part and address, or nothing), ``cpus``, ``registers``, ``writes``, ``released`` (whether
    secondaries are followed beyond their pens), ``tree`` and ``resident``. Outputs ``findings``
    and ``evidence`` (JSON).
    """

    find_emulator: FindEmulator
    name: str = "prove-entry"
    version: int = 5

    def tools(self, params: Mapping[str, Json]) -> Mapping[str, str]:
        """The emulator and its version."""
        return self.find_emulator(params["emulator"]).fingerprint()

    def run(self, context: Context) -> None:
        """Run and judge. Raises FwbuildError ``tool-missing``."""
        params = context.params
        emulator = _ready(self.find_emulator, params["emulator"])
        registers = tuple(RegisterRule(**rule_of(rule)) for rule in params["registers"])
        symbols = json.loads(context.inputs["symbols"].read_bytes())
        shim, labels = _shim(context)
        path = BootPath(
            payload=params["payload"],
            symbols=symbols,
            address=params["address"],
            code=context.inputs["code"].read_bytes(),
            earlier_stage=tuple(params["earlier-stage"]),
            registers=_wanted(registers, {Mode(cpu["payload-mode"]) for cpu in params["cpus"]}),
            secondaries=len(params["cpus"]) - 1 if params["released"] else 0,
            board=Board.from_json(params["board"]),
            shim=shim,
        )
        machine = Machine(**params["machine"])
        evidence = emulator.observe_entry(machine, context.inputs["elf"], path, deadline=params["deadline"])
        rules = EntryRules(
            cpus=tuple(
                Expectation(mpidr=cpu["mpidr"], mode=Mode(cpu["payload-mode"]), features=frozenset(cpu["features"]))
                for cpu in params["cpus"]
            ),
            registers=registers,
            writes=tuple(WriteRule(**rule_of(rule)) for rule in params["writes"]),
            symbols={**symbols, **labels, **params["symbols"]},
            released=params["released"],
        )
        findings = judge_entry(evidence, rules)
        if not evidence.failure:
            findings += judge_tree(evidence.device_tree, _tree_rules(params))
        write_findings(context, findings)
        _write_json(context, "evidence", _shown(evidence))


def _shim(context: Context) -> tuple[tuple[int, bytes], dict[str, int]]:
    """The payload's shim, where it lies, and its labels as rules call them; nothing if there is none."""
    if not context.params["shim"]:
        return (0, b""), {}
    part, address = context.params["shim"]
    labels = json.loads(context.inputs["symbols of the shim"].read_bytes())
    code = context.inputs["code of the shim"].read_bytes()
    return (address, code), {f"{part}:{label}": value for label, value in labels.items()}


def _wanted(registers: Sequence[RegisterRule], modes: Set[Mode]) -> tuple[str, ...]:
    """Every register that a rule for ``modes`` looks at, and those that a report is useless without."""
    names = {"CPSR": None, "SCR": None, "r0": None, "r1": None, "r2": None}
    for rule in registers:
        if not modes & set(rule.modes):
            continue
        names[rule.register] = None
        if isinstance(rule.value, str) and rule.value.startswith("= "):
            names[rule.value.removeprefix("= ")] = None
    names = {name: None for name in names if not name.startswith(AT_RESET)}
    return tuple(names)


def _tree_rules(params: Mapping[str, Any]) -> TreeRules:
    return TreeRules(
        address=params["tree"],
        records=tuple(
            Record(
                node=cpu["node"],
                mode=Mode(cpu["mode"]),
                secure=Ownership(cpu["secure"]),
                hyp=Ownership(cpu["hyp"]),
            )
            for cpu in params["cpus"]
        ),
        resident={name: Region(start, size) for name, (start, size) in params["resident"].items()},
    )


def rule_of(rule: Mapping[str, Any]) -> dict[str, Any]:
    """A rule's fields with the types that JSON does not have."""
    fields = {**rule, "modes": tuple(Mode(mode) for mode in rule["modes"])}
    if "targets" in fields:
        fields["targets"] = tuple(fields["targets"])
    return fields


@dataclass(frozen=True, slots=True)
class ProveConsoleAction:
    """Step `prove-console`: what the image prints when it runs freely.

    Input ``elf``. Params: ``emulator``, ``machine``, ``deadline`` (seconds), ``expected``
    and ``never``. Outputs ``findings`` (JSON), ``transcript``.
    """

    find_emulator: FindEmulator
    name: str = "prove-console"
    version: int = 2

    def tools(self, params: Mapping[str, Json]) -> Mapping[str, str]:
        """The emulator and its version."""
        return self.find_emulator(params["emulator"]).fingerprint()

    def run(self, context: Context) -> None:
        """Run and judge. Raises FwbuildError ``tool-missing``."""
        params = context.params
        emulator = _ready(self.find_emulator, params["emulator"])
        expected = [ConsoleRule(**rule_of(rule)) for rule in params["expected"]]
        never = [NeverRule(**rule) for rule in params["never"]]
        machine = Machine(**params["machine"])
        evidence = emulator.observe_console(
            machine, context.inputs["elf"], expected, never, deadline=params["deadline"]
        )
        context.outputs["transcript"].write_bytes(evidence.transcript)
        write_findings(context, judge_console(evidence, expected, never))


@dataclass(frozen=True, slots=True)
class VerdictAction:
    """Step `verdict`: the findings of all proofs in one file.

    Inputs ``findings-0``... and ``elf``, the image that they are about. Params: ``facts``
    about the image, and the proofs that are ``missing``, in words. Output ``verdict`` (JSON).
    """

    name: str = "verdict"
    version: int = 2

    def tools(self, params: Mapping[str, Json]) -> Mapping[str, str]:
        """No tool."""
        return {}

    def run(self, context: Context) -> None:
        """Put the findings together."""
        proofs = [
            json.loads(context.inputs[name].read_bytes())
            for name in sorted(context.inputs)
            if name.startswith("findings-")
        ]
        findings = [finding for proof in proofs for finding in proof]
        checked = [finding for finding in findings if finding["checked"]]
        # A proof that found nothing proves nothing, whatever the others say.
        passed = bool(checked) and all(proofs) and all(finding["passed"] for finding in checked)
        context.keep = passed
        missing = context.params["missing"]
        verdict = {
            **context.params["facts"],
            "sha256": digest_of_file(context.inputs["elf"]),
            "passed": passed,
            "complete": not missing and len(checked) == len(findings),
            "missing": missing,
            "findings": findings,
        }
        _write_json(context, "verdict", verdict)


def _ready(find: FindEmulator, name: str) -> Emulator:
    emulator = find(name)
    missing = emulator.missing()
    if missing is not None:
        raise FwbuildError(missing)
    return emulator


def write_findings(context: Context, findings: Sequence[Finding]) -> None:
    """Write findings; a proof that failed is looked at afresh next time."""
    context.keep = all(finding.passed for finding in findings if finding.checked)
    _write_json(context, "findings", [dataclasses.asdict(finding) for finding in findings])


def _write_json(context: Context, output: str, value: Any) -> None:
    context.outputs[output].write_text(json.dumps(value, indent=2) + "\n", "utf-8")


def _shown(evidence: EntryEvidence) -> dict[str, Any]:
    """Evidence as people like to read it: numbers in hex, the tree as its size."""
    return {
        "failure": evidence.failure,
        "notes": list(evidence.notes),
        "hidden": list(evidence.hidden),
        "console": evidence.console,
        "device-tree-bytes": len(evidence.device_tree),
        "cpus": [
            {
                "cpu": cpu.cpu,
                "reached": cpu.reached,
                "pc": f"{cpu.pc:#x}",
                "instructions": cpu.instructions,
                **({"shim-instructions": cpu.shim_instructions} if cpu.shim_instructions else {}),
                "registers": {name: f"{value:#x}" for name, value in cpu.registers.items()},
                "writes": [
                    {
                        "pc": f"{write.pc:#x}",
                        "target": write.target if isinstance(write.target, str) else f"{write.target:#x}",
                        "value": f"{write.value:#x}",
                    }
                    for write in cpu.writes
                ],
            }
            for cpu in evidence.cpus
        ],
    }
