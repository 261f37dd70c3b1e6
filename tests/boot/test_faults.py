# SPDX-License-Identifier: Apache-2.0
"""Boot code that is broken on purpose must be caught, and for the right reason."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fwbuild.config.layers import BOOT_FOLDER
from fwbuild.model.devicetree import Edit
from fwbuild.planning import core, lower, plan
from fwbuild.session import Session

#: Where the fault shows: entered in hyp by Xen, in hyp by Linux, in svc by Linux.
XEN, LINUX, SVC = "xen-a15", "linux-a15", "linux-a15-svc"

LEAVE, ENTRY, HYP, GIC = "armv7/leave.S", "armv7/entry.S", "armv7/hyp.S", "armv7/gicv2.S"
SECURE, NONSECURE = "armv7/secure.S", "armv7/nonsecure.S"

#: Name -> recipe, file below the boot folder, what it says, what it says instead, the rule that must break.
#: The first group are faults that loaders in use are known to have, or to have had.
FAULTS: dict[str, tuple[str, str, str, str, str]] = {
    "SPSR_mon written by its banked name": (
        XEN,
        LEAVE,
        "msr\tspsr_cxsf, r4\nleave_monitor",
        "msr\tspsr_mon, r4\nleave_monitor",
        "arrival",
    ),
    "frequency of another board": (XEN, SECURE, "ldr\tr0, =TIMER_FREQUENCY", "ldr\tr0, =100000000", "timer-frequency"),
    "last IGROUPR left out": (
        XEN,
        GIC,
        "ands\tr2, r2, #0x1f",
        "and\tr2, r2, #0x1f\n\tsubs\tr2, r2, #1",
        "gic-group-shared",
    ),
    "NSACR without NS_SMP": (
        XEN,
        SECURE,
        "ldr\tr0, =NSACR_OPEN",
        "ldr\tr0, =NSACR_OPEN & ~(1 << 18)",
        "non-secure-access",
    ),
    "NSACR without the floating-point unit": (
        LINUX,
        SECURE,
        "ldr\tr0, =NSACR_OPEN",
        "ldr\tr0, =NSACR_OPEN & ~0xc00",
        "non-secure-access",
    ),
    "secondaries in another mode": (
        LINUX,
        LEAVE,
        "leave:\n",
        "leave:\n\tcmp\tr12, #0\n\tmovne\tr8, #ENTRY_SVC\n",
        "mode-hyp",
    ),
    "r1 stale": (LINUX, LEAVE, "ldr\tr1, =PAYLOAD_R1", "nop", "linux-r1"),
    "SCR.SCD not set": (XEN, LEAVE, "| SCR_AW | SCR_SCD", "| SCR_AW", "smc-sealed"),
    "SCR.HCE left set after hyp was dropped": (
        SVC,
        LEAVE,
        "SCR_AW | SCR_SCD",
        "SCR_AW | SCR_SCD | SCR_HCE",
        "hvc-sealed",
    ),
    "data cache on in PL1": (LINUX, NONSECURE, "ldr\tr1, =SCTLR_OFF", "ldr\tr1, =SCTLR_OFF | 4", "sctlr"),
    "data cache on in hyp": (XEN, HYP, "ldr\tr1, =HSCTLR_OFF", "ldr\tr1, =HSCTLR_OFF | 4", "hsctlr"),
    # --- the seals
    "SCR.HCE cleared": (XEN, LEAVE, "orreq\tr5, r5, #SCR_HCE", "nop", "hvc-open"),
    "FIQ routed to monitor mode": (XEN, LEAVE, "SCR_NS | SCR_FW", "SCR_NS | 4 | SCR_FW", "nothing-routed"),
    "aborts routed to monitor mode": (LINUX, LEAVE, "SCR_NS | SCR_FW", "SCR_NS | 8 | SCR_FW", "nothing-routed"),
    "FIQs cannot be masked": (XEN, LEAVE, "SCR_FW | SCR_AW", "SCR_AW", "fiq-abort-masks"),
    "left in secure state": (LINUX, LEAVE, "#SCR_NS | SCR_FW", "#SCR_FW", "non-secure"),
    "monitor's vectors point nowhere": (XEN, SECURE, "mcr\tp15, 0, r0, c12, c0, 1", "nop", "monitor-vectors"),
    "hyp's vectors point nowhere": (SVC, HYP, "mcr\tp15, 4, r1, c12, c0, 0", "nop", "hyp-vectors"),
    # --- what the payload gets
    "r0 stale": (XEN, LEAVE, "ldr\tr0, =PAYLOAD_R0", "nop", "xen-r0"),
    "r2 wrong": (XEN, LEAVE, "ldr\tlr, =PAYLOAD_ENTRY", "ldr\tlr, =PAYLOAD_ENTRY\n\tadd\tr2, r2, #8", "xen-r2"),
    "interrupts not masked": (XEN, "armv7/registers.S", ".equ\tPSR_AIF, 0x1c0", ".equ\tPSR_AIF, 0x140", "masked"),
    "Thumb state": (
        LINUX,
        LEAVE,
        "msr\tspsr_cxsf, r4\nleave_monitor",
        "orr\tr4, r4, #0x20\n\tmsr\tspsr_cxsf, r4\nleave_monitor",
        "arrival",
    ),
    "big-endian data": (
        LINUX,
        LEAVE,
        "msr\tspsr_cxsf, r4\nleave_monitor",
        "orr\tr4, r4, #0x200\n\tmsr\tspsr_cxsf, r4\nleave_monitor",
        "little-endian",
    ),
    "instruction cache stale": (XEN, LEAVE, "mcr\tp15, 0, r4, c7, c5, 0", "nop", "instruction-cache"),
    "branch predictor stale": (XEN, LEAVE, "mcr\tp15, 0, r4, c7, c5, 6", "nop", "branch-predictor"),
    "MMU on in PL1": (XEN, NONSECURE, "ldr\tr1, =SCTLR_OFF", "ldr\tr1, =SCTLR_OFF | 1", "sctlr"),
    "TTBCR left as it was": (
        LINUX,
        NONSECURE,
        "mcr\tp15, 0, r0, c2, c0, 2",
        "mvn\tr3, #0\n\tmcr\tp15, 0, r3, c2, c0, 2",
        "ttbcr",
    ),
    "PL1's vectors left at the boot code's": (
        LINUX,
        NONSECURE,
        "mcr\tp15, 0, r0, c12, c0, 0",
        "adr\tr3, dead_vectors\n\tmcr\tp15, 0, r3, c12, c0, 0",
        "vbar",
    ),
    "floating point trapped": (XEN, HYP, "movw\tr1, #HCPTR_OPEN", "movw\tr1, #HCPTR_OPEN | 0xc00", "hcptr"),
    "hyp traps WFI": (SVC, HYP, "mcr\tp15, 4, r0, c1, c1, 0", "mov\tr3, #0x2000\n\tmcr\tp15, 4, r3, c1, c1, 0", "hcr"),
    "CP15 accesses trapped": (
        LINUX,
        HYP,
        "mcr\tp15, 4, r0, c1, c1, 3",
        "mov\tr3, #2\n\tmcr\tp15, 4, r3, c1, c1, 3",
        "hstr",
    ),
    "performance monitors trapped": (LINUX, HYP, "and\tr1, r1, #0x1f", "orr\tr1, r1, #0x40", "hdcr"),
    "counter closed to PL1": (SVC, HYP, "mov\tr1, #CNTHCTL_OPEN", "mov\tr1, #0", "cnthctl"),
    "CNTVOFF left as it is": (
        XEN,
        HYP,
        "mcrr\tp15, 4, r0, r0, c14",
        "mov\tr3, #5\n\tmcrr\tp15, 4, r3, r0, c14",
        "cntvoff",
    ),
    "VTTBR left as it is": (
        XEN,
        HYP,
        "mcrr\tp15, 6, r0, r0, c2",
        "mov\tr3, #0x1000\n\tmcrr\tp15, 6, r3, r0, c2",
        "vttbr",
    ),
    "hyp's timer on": (
        XEN,
        HYP,
        "mcr\tp15, 4, r0, c14, c2, 1",
        "mov\tr3, #1\n\tmcr\tp15, 4, r3, c14, c2, 1",
        "hyp-timer-off",
    ),
    "VMPIDR of another CPU": (
        XEN,
        HYP,
        "mcr\tp15, 4, r7, c0, c0, 5",
        "mov\tr3, #0x80000003\n\tmcr\tp15, 4, r3, c0, c0, 5",
        "vmpidr",
    ),
    "VPIDR not set": (SVC, HYP, "mcr\tp15, 4, r1, c0, c0, 0", "mov\tr3, #0\n\tmcr\tp15, 4, r3, c0, c0, 0", "vpidr"),
    "virtual timer on": (
        LINUX,
        NONSECURE,
        "mcrne\tp15, 0, r0, c14, c3, 1",
        "mov\tr3, #1\n\tmcr\tp15, 0, r3, c14, c3, 1",
        "virtual-timer-off",
    ),
    "ACTLR.SMP not set": (XEN, SECURE, "orr\tr0, r0, #ACTLR_SET", "orr\tr0, r0, #1", "coherency-errata"),
    # --- interrupts
    "banked IGROUPR left out": (
        XEN,
        GIC,
        "str\tr1, [r0, #GICD_IGROUPR0]!",
        "add\tr0, r0, #GICD_IGROUPR0",
        "gic-group-banked",
    ),
    "shared IGROUPRs left out": (LINUX, GIC, "cmp\tr12, #0\n\tbne\tgic_signals", "b\tgic_signals", "gic-group-shared"),
    "priority mask left closed": (XEN, GIC, "str\tr1, [r0, #GICC_PMR]", "nop", "gic-priority-mask"),
    "distributor left off": (XEN, GIC, "streq\tr1, [r0, #GICD_CTLR]", "nop", "gic-distributor-on"),
    "CPU interface left off": (LINUX, GIC, "str\tr1, [r0, #GICC_CTLR]", "nop", "gic-interface-on"),
    # --- secondaries and records
    "record not written": (XEN, LEAVE, "str\tr0, [r4]\n", "nop\n", "record"),
    "record of another CPU": (LINUX, LEAVE, "ldr\tr4, [r11, #4]", "adr\tr4, cpu_table\n\tldr\tr4, [r4, #4]", "record"),
    "secure state said to be the payload's own": (
        LINUX,
        LEAVE,
        "movne\tr1, #STATE_SEALED << 24",
        "movne\tr1, #STATE_OWN << 24",
        "record",
    ),
    "secondaries sent to the payload": (XEN, LEAVE, "adrne\tlr, arrived", "ldrne\tlr, =PAYLOAD_ENTRY", "arrival"),
    "secondaries left behind": (XEN, "armv7/mailbox.S", "bxne\tr3", "nop", "arrival"),
    "secondaries parked": (LINUX, LEAVE, "adrne\tlr, arrived", "adrne\tlr, park", "arrival"),
    "CPU taken for another": (XEN, ENTRY, "bic\tr0, r7, #0xff000000", "mov\tr0, #0", "arrival"),
}


@pytest.fixture(autouse=True)
def _short_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """A payload that was entered wrongly may never call its secondaries: no need to wait for them long."""
    monkeypatch.setattr(lower, "_ENTRY_DEADLINE", 10)


def broken_rules(session: Session, name: str) -> dict[str, str]:
    """Build an image and prove only how it is entered; the rules that did not hold."""
    (made,) = session.plans([name])
    steps = {step.name: step for step in lower.lower(made, verify=True, version="test").steps}
    for proof in ("console proof", "verdict"):
        del steps[f"{name}: {proof}"]
    results = session.run(list(steps.values()))
    return {each["rule"]: each["evidence"] for each in _findings(session, results, name) if not each["passed"]}


def _findings(session: Session, results: Any, name: str) -> list[dict[str, Any]]:
    digest = results.outputs[f"{name}: entry proof"]["findings"]
    found = json.loads(session.store.path(digest).read_bytes())
    assert isinstance(found, list)
    return found


@pytest.mark.parametrize("name", [XEN, LINUX, SVC])
def test_the_boot_code_as_it_is_breaks_no_rule(session: Session, name: str) -> None:
    assert broken_rules(session, name) == {}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_caught(session: Session, fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name, file, before, after, rule = FAULTS[fault]
    folder = tmp_path / "boot"
    shutil.copytree(BOOT_FOLDER, folder)
    text = (folder / file).read_text()
    assert text.count(before) == 1, "the fault has nothing to break"
    (folder / file).write_text(text.replace(before, after))
    monkeypatch.setattr(plan, "BOOT_FOLDER", folder)
    broken = broken_rules(session, name)
    assert rule in broken, broken


def without(name: str) -> Callable[..., tuple[Edit, ...]]:
    """The core's edits of the device tree without those about ``name``."""
    original = core.core_edits

    def edits(*arguments: Any) -> tuple[Edit, ...]:
        return tuple(edit for edit in original(*arguments) if name not in f"{edit.node} {getattr(edit, 'name', '')}")

    return edits


@pytest.mark.parametrize(("part", "rule"), [("reserved-memory", "resident-reserved"), ("no-map", "resident-reserved")])
def test_an_unreserved_pen_is_caught(session: Session, part: str, rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "core_edits", without(part))
    broken = broken_rules(session, XEN)
    assert list(broken) == [rule]
