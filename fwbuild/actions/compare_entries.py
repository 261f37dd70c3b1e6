# SPDX-License-Identifier: Apache-2.0
"""Compares the evidence of two emulators about the same image."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from fwbuild.actions.prove import write_findings
from fwbuild.engine.action import Context
from fwbuild.engine.graph import Json
from fwbuild.verify.compare import Seen, compare


@dataclass(frozen=True, slots=True)
class CompareEntriesAction:
    """Step `compare-entries`: registers and rules of two proofs of the entry.

    Inputs ``evidence-0``, ``findings-0``, ``evidence-1`` and ``findings-1``, as
    `prove-entry` writes them. Params: ``emulators``, their two names. Output
    ``findings`` (JSON).
    """

    name: str = "compare-entries"
    version: int = 1

    def tools(self, params: Mapping[str, Json]) -> Mapping[str, str]:
        """No tool."""
        return {}

    def run(self, context: Context) -> None:
        """Compare."""
        first, second = (_seen(context, index, name) for index, name in enumerate(context.params["emulators"]))
        write_findings(context, [compare(first, second)])


def _seen(context: Context, index: int, emulator: str) -> Seen:
    evidence = json.loads(context.inputs[f"evidence-{index}"].read_bytes())
    findings = json.loads(context.inputs[f"findings-{index}"].read_bytes())
    held: dict[str, bool] = {}
    for finding in findings:
        if finding["checked"]:
            # A rule may have several findings, such as one for each CPU's record.
            held[finding["rule"]] = held.get(finding["rule"], True) and finding["passed"]
    return Seen(
        emulator=emulator,
        failure=evidence["failure"],
        cpus=[
            (cpu["reached"], {name: int(value, 16) for name, value in cpu["registers"].items()})
            for cpu in evidence["cpus"]
        ],
        held=held,
    )
