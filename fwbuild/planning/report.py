# SPDX-License-Identifier: Apache-2.0
"""What a report is judged by, as parameters of a step."""

from __future__ import annotations

import dataclasses
from typing import Any

from fwbuild.model.contribution import Target
from fwbuild.model.plan import Choice, Plan
from fwbuild.model.report import Report
from fwbuild.planning.core import RECORD


def report_params(plan: Plan, report: Report) -> dict[str, Any]:
    """The parameters of the step `judge-report`, except for the register rules."""
    return {
        "prefix": report.prefix,
        "numbers": dict(plan.boot.symbols),
        "readings": [
            {**dataclasses.asdict(reading), "modes": [int(mode) for mode in reading.modes]}
            for reading in report.readings
        ],
        "attempts": [
            {
                **dataclasses.asdict(rule),
                "against": int(rule.against),
                "modes": [int(mode) for mode in rule.modes],
                "allowed": {str(int(seal)): list(outcomes) for seal, outcomes in rule.allowed.items()},
            }
            for rule in report.attempts
        ],
        "cpus": [_reporter(plan.target, number, choice) for number, choice in enumerate(plan.choices)],
    }


def _reporter(target: Target, number: int, choice: Choice) -> dict[str, Any]:
    core = target.cores[number]
    has = {"security": core.security, "virtualization": core.virtualization, "generic-timer": core.generic_timer}
    values = (int(choice.mode), int(choice.secure), int(choice.hyp))
    return {
        "mpidr": choice.cpu.mpidr,
        "mode": int(choice.payload_mode),
        "cells": dict(zip(RECORD, values, strict=True)),
        "seals": {str(int(mode)): int(seal) for mode, seal in choice.seals},
        "has": [name for name, there in has.items() if there],
    }
