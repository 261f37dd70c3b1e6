# SPDX-License-Identifier: Apache-2.0
"""Trampolines of the payload: stock kernels through monitor mode, each stub called, each fault caught."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from fwbuild.config.layers import BOOT_FOLDER
from fwbuild.engine.schedule import Results
from fwbuild.model.plan import Plan
from fwbuild.model.problem import FwbuildError
from fwbuild.planning import lower
from fwbuild.session import Session
from tests.boot.conftest import LAYERS
from tests.boot.test_boots import evidence, proven
from tests.boot.variants import add_platform, add_recipe
from tests.project import ROOT

ASM = ROOT / "plugins" / "trampolines" / "asm"

#: What the probe prints about one CPU behind its shim: 1a is hyp, 16 monitor mode, 13 svc.
MONITOR_CALLED = ("smc-answered-in 00000016", "not-my-mvbar 00000000", "scr 00000131")
LINES = {
    "probe-both": (
        "mode 0000001a",
        # The old convention, in which this SMC would have set HVBAR.
        "smc-changes-hvbar 00000000",
        *MONITOR_CALLED,
        "not-my-hvbar 00000000",
        "hvc-answered-in 0000001a",
        "mode 00000013",
        "hvc-answered-in 0000001a",
        *MONITOR_CALLED,
    ),
    # Nobody answers HVC: r0 is what it was.
    "probe-monitor": (
        "mode 0000001a",
        "smc-changes-hvbar 00000000",
        *MONITOR_CALLED,
        "mode 00000013",
        "hvc-answered-in 00000077",
        *MONITOR_CALLED,
    ),
    # SMC is UNDEFINED, which the probe's own vectors answer.
    "probe-hyp": (
        "mode 0000001a",
        "smc-answered-in 0000dead",
        "not-my-hvbar 00000000",
        "hvc-answered-in 0000001a",
        "mode 00000013",
        "hvc-answered-in 0000001a",
    ),
    # No shim: secure state as reset left it, and the payload stays there.
    "probe-own-monitor": (
        "mode 00000016",
        "scr 00000000",
        "nsacr 00000000",
        "gicd-igroupr0 00000000",
        "mode 00000016",
    ),
    "probe-own-secure-svc": (
        "mode 00000013",
        "scr 00000000",
        "nsacr 00000000",
        "gicd-igroupr0 00000000",
        "mode 00000013",
    ),
}


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    """A project with the recipes of tests/layers/trampolines."""
    monkeypatch.setenv("FWBUILD_STORE", str(ROOT / ".fwbuild"))
    (tmp_path / "fwbuild.toml").write_text(f'layers = ["fwbuild", "{LAYERS / "trampolines"}"]\n')
    (tmp_path / "fwbuild.lock").write_bytes((ROOT / "fwbuild.lock").read_bytes())
    return Session(tmp_path)


@pytest.mark.parametrize("kernel", ["linux", "xen"])
@pytest.mark.parametrize(("stubs", "scr"), [("both", "0x131"), ("monitor", "0x131"), ("hyp", "0x1b1")])
def test_a_stock_kernel_boots_through_monitor_mode(session: Session, kernel: str, stubs: str, scr: str) -> None:
    built = proven(session, f"{kernel}-{stubs}")
    seen = evidence(built)
    assert [cpu["reached"] for cpu in seen] == ["payload", "payload"]
    assert [int(cpu["registers"]["CPSR"], 16) & 0x1F for cpu in seen] == [0x1A, 0x1A]
    assert [cpu["registers"]["SCR"] for cpu in seen] == [scr, scr]
    assert all(cpu["shim-instructions"] > 50 for cpu in seen)
    console = (built.folder / "console.log").read_text(errors="replace")
    hypervisor = "xen" if kernel == "xen" else "none"
    assert f"fwbuild: /init reached, 2 CPUs, hypervisor {hypervisor}" in console
    if kernel == "linux":
        assert console.count("entry-mode 00000001 secure-state 00000001 hyp-state 00000001") == 2
        assert "CPU: All CPU(s) started in HYP mode." in console


@pytest.mark.parametrize("kernel", ["linux", "xen"])
def test_without_trampolines_there_is_no_shim(session: Session, kernel: str) -> None:
    built = proven(session, f"{kernel}-none")
    seen = evidence(built)
    assert [cpu["registers"]["SCR"] for cpu in seen] == ["0x1b1", "0x1b1"]
    assert not any("shim-instructions" in cpu for cpu in seen)
    assert "shim" not in json.loads((built.folder / "manifest.json").read_text())["layout"]


@pytest.mark.parametrize("name", LINES)
def test_each_stub_does_what_it_says_on_each_cpu(session: Session, name: str) -> None:
    built = proven(session, name)
    assert said(built.folder / "console.log") == [f"cpu {cpu} {line}" for cpu in (0, 1) for line in LINES[name]]


def said(console: Path) -> list[str]:
    """What the probe printed, without its prefix and its last line."""
    lines = [line.removeprefix("probe: ") for line in console.read_text(errors="replace").splitlines()]
    return lines[: lines.index("end")] if "end" in lines else lines


#: Name -> recipe, source of the shim, what it says, what it says instead, the rule that must break.
FAULTS: dict[str, tuple[str, Path, str, str, str]] = {
    "SMC sealed": ("linux-both", ASM / "depart.S", "SCR_FW | SCR_AW\n", "SCR_FW | SCR_AW | SCR_SCD\n", "shim-smc"),
    "SMC left open": ("xen-hyp", ASM / "depart.S", "SCR_AW | SCR_SCD", "SCR_AW", "shim-smc"),
    "FIQ routed to monitor mode": ("xen-both", ASM / "depart.S", "SCR_AW\n", "SCR_AW | 4\n", "nothing-routed"),
    "HVC sealed": ("xen-both", ASM / "depart.S", "orrne\tr1, r1, #SCR_HCE", "nop", "hvc-open"),
    "left in monitor mode": ("linux-both", ASM / "depart.S", "movs\tpc, lr", "bx\tlr", "mode-hyp"),
    "r2 lost": ("linux-both", ASM / "depart.S", "mov\tr2, r5", "nop", "linux-r2"),
    "secondaries sent to the kernel": (
        "linux-both",
        ASM / "depart.S",
        "\tldrne\tlr, =ARRIVED\n\tmovs",
        "\tldrne\tlr, =PAYLOAD_ENTRY\n\tmovs",
        "arrival",
    ),
    "place in cpu_table lost": ("linux-both", ASM / "depart.S", "mov\tr7, r8", "mov\tr6, #0", "arrival"),
    "monitor's vectors left at the boot code's": (
        "linux-both",
        BOOT_FOLDER / "armv7" / "secure.S",
        "mcr\tp15, 0, r0, c12, c0, 1",
        "nop",
        "shim-monitor-vectors",
    ),
    "NSACR closed": (
        "xen-both",
        BOOT_FOLDER / "armv7" / "secure.S",
        "ldr\tr0, =NSACR_OPEN",
        "mov\tr0, #0",
        "non-secure-access",
    ),
    "interrupts left secure": (
        "linux-both",
        BOOT_FOLDER / "armv7" / "gicv2.S",
        "str\tr1, [r0, #GICD_IGROUPR0]!",
        "add\tr0, r0, #GICD_IGROUPR0",
        "gic-group-banked",
    ),
    "CNTVOFF left as it is": (
        "xen-both",
        BOOT_FOLDER / "armv7" / "hyp.S",
        "mcrr\tp15, 4, r0, r0, c14",
        "mov\tr2, #5\n\tmcrr\tp15, 4, r2, r0, c14",
        "cntvoff",
    ),
    "hyp's vectors not set": (
        "linux-both",
        BOOT_FOLDER / "armv7" / "hyp.S",
        "mcr\tp15, 4, r1, c12, c0, 0",
        "nop",
        "shim-hyp-vectors",
    ),
}


def broken_shim(made: Plan, source: Path, before: str, after: str, folder: Path) -> Plan:
    """``made`` with one source of its shim changed."""
    text = source.read_text()
    assert text.count(before) == 1, "the fault has nothing to break"
    changed = folder / source.name
    changed.write_text(text.replace(before, after))
    code = tuple(
        dataclasses.replace(
            each, sources=tuple((shown, changed if path == source else path) for shown, path in each.sources)
        )
        if each.assembly.part == made.shim
        else each
        for each in made.code
    )
    assert code != made.code
    return dataclasses.replace(made, code=code)


def broken_rules(session: Session, made: Plan) -> dict[str, str]:
    """Prove only how the image is entered; the rules that did not hold."""
    name = made.target.recipe.name
    steps = {step.name: step for step in lower.lower(made, verify=True, version="test").steps}
    for proof in ("console proof", "verdict"):
        del steps[f"{name}: {proof}"]
    found = findings(session, session.run(list(steps.values())), f"{name}: entry proof")
    return {each["rule"]: each["evidence"] for each in found if not each["passed"]}


def findings(session: Session, results: Results, step: str) -> list[dict[str, Any]]:
    found = json.loads(session.store.path(results.outputs[step]["findings"]).read_bytes())
    assert isinstance(found, list)
    return found


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_the_shim_is_caught(
    session: Session, fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, source, before, after, rule = FAULTS[fault]
    monkeypatch.setattr(lower, "_ENTRY_DEADLINE", 10)
    (made,) = session.plans([name])
    broken = broken_rules(session, broken_shim(made, source, before, after, tmp_path))
    assert rule in broken, broken


@pytest.mark.parametrize("name", ["reserved-memory/shim", "no-map"])
def test_an_unreserved_shim_is_caught(session: Session, name: str) -> None:
    (made,) = session.plans(["linux-both"])
    edits = tuple(
        edit
        for edit in made.edits
        if not (edit.node.endswith("/shim") and name in f"{edit.node} {getattr(edit, 'name', '')}")
    )
    broken = broken_rules(session, dataclasses.replace(made, edits=edits))
    assert list(broken) == ["resident-reserved"]


#: Name -> what stubs.S says, what it says instead, a line that the probe prints then.
OTHER_STUBS = {
    # The convention that loaders once had, one call for both.
    "SMC sets HVBAR": (
        "mcr\tp15, 0, r0, c12, c0, 1\t\t// MVBAR\n\tmovs\tpc, lr",
        "mcr\tp15, 4, r0, c12, c0, 0\n\tmovs\tpc, lr",
        "smc-changes-hvbar ",
    ),
    "HVC does nothing": ("mcr\tp15, 4, r0, c12, c0, 0", "nop", "not-my-hvbar "),
    "SMC does nothing": ("mcr\tp15, 0, r0, c12, c0, 1", "nop", "smc-answered-in "),
}


@pytest.mark.parametrize("fault", OTHER_STUBS)
def test_the_probe_tells_another_stub(session: Session, fault: str, tmp_path: Path) -> None:
    before, after, line = OTHER_STUBS[fault]
    (made,) = session.plans(["probe-both"])
    made = broken_shim(made, ASM / "stubs.S", before, after, tmp_path)
    verify = dataclasses.replace(made.target.recipe.verify, deadline=5)
    recipe = dataclasses.replace(made.target.recipe, verify=verify)
    made = dataclasses.replace(made, target=dataclasses.replace(made.target, recipe=recipe))
    lowered = lower.lower(made, verify=True, version="test")
    results = session.run(lowered.steps)
    transcript = session.store.path(results.outputs["probe-both: console proof"]["transcript"])
    (first,) = [text for text in said(transcript) if text.startswith(f"cpu 0 {line}")][:1]
    assert first not in [f"cpu 0 {good}" for good in LINES["probe-both"]]


@pytest.fixture
def in_hyp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a board whose CPUs come out of an earlier stage in hyp."""
    monkeypatch.setenv("FWBUILD_STORE", str(ROOT / ".fwbuild"))
    (tmp_path / "fwbuild.toml").write_text('layers = ["fwbuild", "."]\n')
    (tmp_path / "fwbuild.lock").write_bytes((ROOT / "fwbuild.lock").read_bytes())
    changes = {
        'state = "secure-svc"': 'state = "hyp"',
        'source = "QEMU 7.2 hw/arm/vexpress.c': 'reset = "secure-svc"\nsource = "',
    }
    add_platform(tmp_path, "board", "vexpress-a15", changes)
    return tmp_path


def test_a_kernel_that_comes_in_hyp_gets_the_hyp_stub(in_hyp: Path) -> None:
    add_recipe(in_hyp, "image", "board", ("monitor", "hyp", "svc"), 'trampolines = ["hyp"]')
    built = proven(Session(in_hyp), "image")
    assert built.verdict is not None
    rules = {each["rule"] for each in built.verdict["findings"]}
    assert "shim-hyp-vectors" in rules
    assert not {"shim-smc", "hyp-vectors"} & rules


def test_a_stub_in_a_mode_that_cannot_be_reached_is_refused(in_hyp: Path) -> None:
    add_recipe(in_hyp, "image", "board", ("monitor", "hyp", "svc"), 'trampolines = ["hyp", "monitor"]')
    with pytest.raises(FwbuildError) as error:
        Session(in_hyp).plans(["image"])
    assert [problem.message for problem in error.value.problems] == [
        f"CPU {cpu:#x} (cortex-a15) is handed over in hyp: there is no monitor stub then" for cpu in (0, 1)
    ]
