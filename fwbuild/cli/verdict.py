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
        seals = choice["seals"]
        secure, hyp = seals.get("monitor", choice["secure-state"]), seals.get("hyp", choice["hyp-state"])
        stream.write(f"  CPU {choice['cpu']} ({choice['core']}): {_way(choice)}, secure state {secure}, hyp {hyp}\n")
    for finding in findings:
        if not finding["checked"]:
            stream.write(f"  {style('open', 'yellow')}  {finding['rule']}: {finding['text']}\n")
            stream.write(f"        not checked: {finding['evidence']}\n")
        elif not finding["passed"]:
            stream.write(f"  {style('FAIL', 'red', 'bold')}  {finding['rule']}: {finding['text']}\n")
            stream.write(f"        {finding['evidence']}\n")
            if finding["source"]:
                stream.write(style(f"        {finding['source']}\n", "dim"))
        elif not brief:
            stream.write(f"  {style('ok', 'green')}    {finding['rule']}: {finding['text']}\n")
    for proof in verdict["missing"]:
        stream.write(f"  {style('not proven', 'yellow')}  {proof}\n")
    stream.write(_last_line(verdict, style))


def _way(choice: Mapping[str, Any]) -> str:
    """The mode of a CPU, and that behind the payload's shim if it has one."""
    behind = choice.get("payload-mode")
    return f"{choice['mode']}, {behind} behind the shim" if behind else str(choice["mode"])


def _last_line(verdict: Mapping[str, Any], style: Style) -> str:
    """The verdict in one line; one with gaps does not look like one without."""
    findings = verdict["findings"]
    held = sum(finding["passed"] for finding in findings)
    unchecked = sum(not finding["checked"] for finding in findings)
    machine = verdict["machine"]
    where = f"on {machine['machine']} with {machine['cpus']} CPU{'s' if machine['cpus'] != 1 else ''}"
    gaps = f", {unchecked} were not checked," if unchecked else ""
    if not verdict["passed"]:
        failed = len(findings) - held - unchecked
        return f"{style('verdict: FAILED', 'red', 'bold')}, {failed} of {len(findings)} rules broken{gaps} {where}\n"
    if verdict["complete"]:
        return f"{style('verdict: PASSED', 'green', 'bold')}, {held} rules held {where}\n"
    lacking = " and ".join(proof.partition(":")[0] for proof in verdict["missing"]) or "some rules"
    result = style(f"verdict: PASSED WITHOUT {lacking}", "yellow", "bold")
    return f"{result}, {held} rules held{gaps} {where} by {' and '.join(verdict['emulators'])}\n"
