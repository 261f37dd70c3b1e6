# SPDX-License-Identifier: Apache-2.0
"""What a plan decided, in words and numbers: for the manifest, the map and `fwbuild plan`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fwbuild.model.plan import Plan


def map_rows(plan: Plan, made: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows of the memory map; parts in ``made`` get their size from a step's output."""
    return [
        {
            "name": placed.part.name,
            "text": placed.part.text,
            "start": placed.region.start,
            "size": placed.region.size,
            "used": 0 if placed.part.name in made else placed.part.size,
            "input": placed.part.name if placed.part.name in made else "",
        }
        for placed in plan.layout.placed
    ]


def choices(plan: Plan) -> list[dict[str, Any]]:
    """The choice for each CPU."""
    return [
        {
            "cpu": f"{choice.cpu.mpidr:#x}",
            "core": choice.cpu.core,
            "mode": choice.mode.word,
            **({"payload-mode": choice.passed_on.word} if choice.passed_on else {}),
            "secure-state": choice.secure.name.lower(),
            "hyp-state": choice.hyp.name.lower(),
            "seals": {mode.word: seal.word for mode, seal in choice.seals},
            "refused": {mode.word: reason for mode, reason in choice.refused},
        }
        for choice in plan.choices
    ]


def payload(plan: Plan) -> dict[str, Any]:
    """How the payload is entered, and who said so."""
    return {
        "type": plan.target.payload,
        "entry": f"{plan.entry_address:#x}",
        "modes": [mode.word for mode in plan.entry.modes],
        **({"behind": plan.shim, "accepts": [mode.word for mode in plan.accepts]} if plan.shim else {}),
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
        "payload": payload(plan),
        "cpus": choices(plan),
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
