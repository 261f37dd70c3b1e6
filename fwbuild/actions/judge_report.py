# SPDX-License-Identifier: Apache-2.0
"""Judges what a payload said about itself."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fwbuild.actions.prove import rule_of, write_findings
from fwbuild.engine.action import Context
from fwbuild.engine.graph import Json
from fwbuild.model.modes import Mode, Seal
from fwbuild.model.report import AttemptRule, Reading, Report, Reporter
from fwbuild.model.rule import RegisterRule
from fwbuild.verify.report import ReportRules, judge_report


@dataclass(frozen=True, slots=True)
class JudgeReportAction:
    """Step `judge-report`: the lines that a payload printed about each CPU.

    Inputs ``transcript`` and ``symbols`` (the boot code's labels, JSON). Params:
    ``prefix``, ``readings``, ``attempts``, ``cpus``, ``registers`` and ``numbers`` (the
    boot code's symbols). Output ``findings`` (JSON).
    """

    name: str = "judge-report"
    version: int = 1

    def tools(self, params: Mapping[str, Json]) -> Mapping[str, str]:
        """No tool."""
        return {}

    def run(self, context: Context) -> None:
        """Judge."""
        params = context.params
        rules = ReportRules(
            report=Report(
                prefix=params["prefix"],
                readings=tuple(Reading(**_modes(each)) for each in params["readings"]),
                attempts=tuple(_attempt(each) for each in params["attempts"]),
            ),
            cpus=tuple(_reporter(each) for each in params["cpus"]),
            registers=tuple(RegisterRule(**rule_of(each)) for each in params["registers"]),
            symbols={**json.loads(context.inputs["symbols"].read_bytes()), **params["numbers"]},
        )
        write_findings(context, judge_report(context.inputs["transcript"].read_bytes(), rules))


def _modes(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {**fields, "modes": tuple(Mode(mode) for mode in fields["modes"])}


def _attempt(fields: Mapping[str, Any]) -> AttemptRule:
    allowed = {Seal(int(seal)): tuple(outcomes) for seal, outcomes in fields["allowed"].items()}
    return AttemptRule(**{**_modes(fields), "against": Mode(fields["against"]), "allowed": allowed})


def _reporter(fields: Mapping[str, Any]) -> Reporter:
    return Reporter(
        mpidr=fields["mpidr"],
        mode=Mode(fields["mode"]),
        cells=fields["cells"],
        seals={Mode(int(mode)): Seal(seal) for mode, seal in fields["seals"].items()},
        has=frozenset(fields["has"]),
    )
