# SPDX-License-Identifier: Apache-2.0
"""Boot code that is broken on purpose must be caught, and for the right reason."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fwbuild.config.layers import BOOT_FOLDER
from fwbuild.model.devicetree import Edit
from fwbuild.planning import core, plan
from fwbuild.planning.lower import lower
from fwbuild.session import Session

#: Name -> file below the boot folder, what it says, what it says instead, the rule that must break.
FAULTS: dict[str, tuple[str, str, str, str]] = {
    "SCR.HCE cleared": ("armv7/leave.S", "orreq\tr5, r5, #SCR_HCE", "nop", "hvc-open"),
    "SCR.SCD not set": ("armv7/leave.S", "| SCR_AW | SCR_SCD", "| SCR_AW", "smc-sealed"),
    "FIQ routed to monitor mode": ("armv7/leave.S", "SCR_NS | SCR_FW", "SCR_NS | 4 | SCR_FW", "nothing-routed"),
    "r2 wrong": ("armv7/leave.S", "ldr\tr2, =PAYLOAD_R2", "ldr\tr2, =PAYLOAD_R2 + 8", "xen-r2"),
    "r0 stale": ("armv7/leave.S", "mov\tr0, #PAYLOAD_R0", "nop", "xen-r0"),
    "one IGROUPR left out": ("armv7/gicv2.S", "add\tr2, r3, r2, lsl #2", "add\tr2, r3, r2, lsl #2\n\tsub\tr2, r2, #4", "gic-group-shared"),
    "banked IGROUPR left out": ("armv7/gicv2.S", "str\tr1, [r0, #GICD_IGROUPR0]", "nop", "gic-group-banked"),
    "priority mask left closed": ("armv7/gicv2.S", "str\tr1, [r0, #GICC_PMR]", "nop", "gic-priority-mask"),
    "distributor left off": ("armv7/gicv2.S", "str\tr2, [r0, #GICD_CTLR]", "nop", "gic-distributor-on"),
    "frequency of another board": ("armv7/secure.S", "ldr\tr0, =TIMER_FREQUENCY", "ldr\tr0, =100000000", "timer-frequency"),
    "NSACR without NS_SMP": ("armv7/secure.S", "ldr\tr0, =NSACR_OPEN", "ldr\tr0, =NSACR_OPEN & ~(1 << 18)", "non-secure-access"),
    "ACTLR.SMP not set": ("armv7/secure.S", "orr\tr0, r0, #ACTLR_SET", "orr\tr0, r0, #1", "coherency-errata"),
    "data cache on in hyp": ("armv7/hyp.S", "ldr\tr1, =HSCTLR_OFF", "ldr\tr1, =HSCTLR_OFF | 4", "hsctlr"),
    "MMU on in PL1": ("armv7/nonsecure.S", "ldr\tr1, =SCTLR_OFF", "ldr\tr1, =SCTLR_OFF | 1", "sctlr"),
    "floating point trapped": ("armv7/hyp.S", "ldr\tr1, =HCPTR_OPEN", "ldr\tr1, =HCPTR_OPEN | 0xc00", "hcptr"),
    "CNTVOFF left as it is": ("armv7/hyp.S", "mcrr\tp15, 4, r0, r0, c14", "mov\tr3, #5\n\tmcrr\tp15, 4, r3, r0, c14", "cntvoff"),
    "hyp's vectors point nowhere": ("armv7/hyp.S", "mcr\tp15, 4, r1, c12, c0, 0", "mcr\tp15, 4, r0, c12, c0, 0", "hyp-vectors"),
    "interrupts not masked": ("armv7/registers.S", ".equ\tPSR_AIF, 0x1c0", ".equ\tPSR_AIF, 0x140", "masked"),
    "instruction cache stale": ("armv7/leave.S", "mcr\tp15, 0, r4, c7, c5, 0", "nop", "instruction-cache"),
    "record not written": ("armv7/leave.S", "str\tr0, [r4]\n", "nop\n", "record"),
    "secondaries sent to the payload": ("armv7/leave.S", "adrne\tr3, pen", "nop", "arrival"),
    "secondaries left behind": ("armv7/mailbox.S", "bne\t2f", "nop", "arrival"),
    "SPSR_mon written by its banked name": ("armv7/leave.S", "msr\tspsr_cxsf, r4", "msr\tspsr_mon, r4", "arrival"),
}


def broken_rules(session: Session) -> dict[str, str]:
    """Build xen-a15 and prove only how it is entered; the rules that did not hold."""
    (made,) = session.plans(["xen-a15"])
    steps = {step.name: step for step in lower(made, verify=True, version="test").steps}
    for name in ("xen-a15: console proof", "xen-a15: verdict"):
        del steps[name]
    results = session.run(list(steps.values()))
    return {each["rule"]: each["evidence"] for each in _findings(session, results) if not each["passed"]}


def _findings(session: Session, results: Any) -> list[dict[str, Any]]:
    import json

    digest = results.outputs["xen-a15: entry proof"]["findings"]
    found = json.loads(session.store.path(digest).read_bytes())
    assert isinstance(found, list)
    return found


def test_the_boot_code_as_it_is_breaks_no_rule(session: Session) -> None:
    assert broken_rules(session) == {}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_caught(session: Session, fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, before, after, rule = FAULTS[fault]
    folder = tmp_path / "boot"
    shutil.copytree(BOOT_FOLDER, folder)
    text = (folder / file).read_text()
    assert text.count(before) >= 1, "the fault has nothing to break"
    (folder / file).write_text(text.replace(before, after))
    monkeypatch.setattr(plan, "BOOT_FOLDER", folder)
    broken = broken_rules(session)
    assert rule in broken, broken


def without(name: str) -> Callable[..., tuple[Edit, ...]]:
    """The core's edits of the device tree without those about ``name``."""
    original = core.core_edits

    def edits(*arguments: Any) -> tuple[Edit, ...]:
        return tuple(edit for edit in original(*arguments) if name not in f"{edit.node} {getattr(edit, 'name', '')}")

    return edits


@pytest.mark.parametrize(("part", "rule"), [("reserved-memory", "resident-reserved"), ("no-map", "resident-reserved")])
def test_an_unreserved_pen_is_caught(
    session: Session, part: str, rule: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "core_edits", without(part))
    broken = broken_rules(session)
    assert list(broken) == [rule]
