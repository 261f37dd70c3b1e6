# SPDX-License-Identifier: Apache-2.0
"""Shows a verdict: what was proven, and the evidence for what failed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TextIO

from fwbuild.cli.style import Style


def _overruled(payload: Mapping[str, Any]) -> str:
    """Who else said something about the modes, in parentheses; empty if nobody did."""
    said = [f"{carrier} says {', '.join(modes)}" for carrier, modes in payload["overruled"].items()]
    return f" (overruled: {'; '.join(said)})" if said else ""


def show_verdict(verdict: Mapping[str, Any], stream: TextIO, *, brief: bool = False) -> None:
    """Write ``verdict`` to ``stream``; ``brief`` leaves out the rules that held."""
    style = Style(stream)
    findings = verdict["findings"]
    payload = verdict["payload"]
    stream.write(f"  modes {', '.join(payload['modes'])}, stated by {payload['stated-by']}{_overruled(payload)}\n")
    for choice in verdict["choices"]:
        stream.write(
            f"  CPU {choice['cpu']} ({choice['core']}): {choice['mode']},"
            f" secure state {choice['secure-state']}, hyp {choice['hyp-state']}\n"
        )
    for finding in findings:
        if not finding["passed"]:
            stream.write(f"  {style('FAIL', 'red', 'bold')}  {finding['rule']}: {finding['text']}\n")
            stream.write(f"        {finding['evidence']}\n")
            if finding["source"]:
                stream.write(style(f"        {finding['source']}\n", "dim"))
        elif not brief:
            stream.write(f"  {style('ok', 'green')}    {finding['rule']}: {finding['text']}\n")
    held = sum(finding["passed"] for finding in findings)
    machine = verdict["machine"]
    where = f"on {machine['machine']} with {machine['cpus']} CPU{'s' if machine['cpus'] != 1 else ''}"
    if verdict["passed"]:
        stream.write(f"{style('verdict: PASSED', 'green', 'bold')}, {held} rules held {where}\n")
    else:
        failed = len(findings) - held
        stream.write(f"{style('verdict: FAILED', 'red', 'bold')}, {failed} of {len(findings)} rules broken {where}\n")
