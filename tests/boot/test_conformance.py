# SPDX-License-Identifier: Apache-2.0
"""The conformance payload finds nothing in images as they are, and each weakening by its name."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from fwbuild.config.layers import BOOT_FOLDER
from fwbuild.planning import attack, plan
from fwbuild.session import Session
from tests.project import ROOT

#: Recipe -> what it says beside its payload; each is on vexpress-a15 unless it says otherwise.
RECIPES = {
    "one": "cpus = 1",
    "svc": 'modes = ["svc"]',
    "monitor": 'modes = ["monitor"]',
    "secure-svc": 'modes = ["secure-svc"]',
    "spin-table": 'platform = "virt-a15"',
    "a9": 'platform = "vexpress-a9"\nminimum-seal = "reserved"',
}

#: Names -> (recipe, file below the boot folder -> what it says and what it says instead, rule that must break)
WEAKENINGS: dict[str, tuple[str, dict[str, list[tuple[str, str]]], str, str]] = {
    "SMC not sealed, monitor's vectors in ordinary memory": (
        "xen-a15",
        {"leave.S": [("| SCR_AW | SCR_SCD", "| SCR_AW")]},
        "attempt-smc-overwritten",
        "reached-monitor",
    ),
    "monitor in memory that nobody reserves": (
        "linux-a15",
        {
            "leave.S": [("| SCR_AW | SCR_SCD", "| SCR_AW")],
            "secure.S": [
                (
                    "mcr\tp15, 0, r0, c12, c0, 1\t",
                    "ldr\tr1, =0x90000000\n\tldmia\tr0!, {r2-r5}\n\tstmia\tr1!, {r2-r5}\n\tldmia\tr0, {r2-r5}\n"
                    "\tstmia\tr1, {r2-r5}\n\tldr\tr0, =0x90000000\n\ttst\tr9, #CAN_MONITOR\n"
                    "\tmcr\tp15, 0, r0, c12, c0, 1\t",
                )
            ],
        },
        "attempt-smc-overwritten",
        "reached-monitor",
    ),
    "SMC answered": (
        "linux-a15",
        {"leave.S": [("| SCR_AW | SCR_SCD", "| SCR_AW")]},
        "attempt-smc-zero",
        "answered",
    ),
    "HVC left on after hyp was dropped": (
        "svc",
        {"leave.S": [("orreq\tr5, r5, #SCR_HCE", "orr\tr5, r5, #SCR_HCE")]},
        "attempt-hvc-overwritten",
        "reached-hyp",
    ),
    "a secondary waits in monitor mode": (
        "linux-a15",
        {"leave.S": [("bne\tmode_change\n\t// Nobody", "bne\tarrived\n\t// Nobody")]},
        "attempt-pen",
        "reached-monitor",
    ),
    "a secondary is late": (
        "linux-a15",
        {
            "leave.S": [("mov\tr0, #PATIENCE", "mov\tr0, #1")],
            "gicv2.S": [
                (
                    "\tldr\tr0, =GIC_DISTRIBUTOR\n",
                    "\tcmp\tr12, #0\n\tldrne\tr0, =0x20000000\n1:\tsubsne\tr0, r0, #1\n\tbne\t1b\n\tldr\tr0, =GIC_DISTRIBUTOR\n",
                )
            ],
        },
        "attempt-early",
        "reached-",
    ),
    "IRQ routed to monitor mode": (
        "xen-a15",
        {"leave.S": [("SCR_NS | SCR_FW", "SCR_NS | 2 | SCR_FW")]},
        "attempt-interrupts",
        "reached-monitor",
    ),
    "FIQ routed to monitor mode": (
        "xen-a15",
        {
            "leave.S": [("SCR_NS | SCR_FW", "SCR_NS | 4 | SCR_FW")],
            # An interrupt that is left in group 0 can be a FIQ, if the interface signals those.
            "gicv2.S": [("mvn\tr1, #0", "mov\tr1, #0x7f000000"), ("mov\tr1, #GIC_BOTH_GROUPS", "mov\tr1, #0xb")],
        },
        "attempt-interrupts",
        "reached-monitor",
    ),
    "interrupts left in group 0": (
        "linux-a15",
        {"gicv2.S": [("mvn\tr1, #0", "mov\tr1, #0")]},
        "attempt-gic-group",
        "denied",
    ),
    "NSACR closed": (
        "linux-a15",
        {"secure.S": [("ldr\tr0, =NSACR_OPEN", "mov\tr0, #0")]},
        "report-non-secure-access",
        "NSACR = 0x0",
    ),
    "record not written": (
        "linux-a15",
        {"leave.S": [("\tstr\tr0, [r4]\n", "\tnop\n")]},
        "report-record",
        "entry-mode ffffffff",
    ),
}


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    """A project with RECIPES of the conformance payload."""
    monkeypatch.setenv("FWBUILD_STORE", str(ROOT / ".fwbuild"))
    # What is broken on purpose may hang; a good run is over in a second.
    monkeypatch.setattr(attack, "_DEADLINE", 15)
    recipes = tmp_path / "layer" / "recipes"
    recipes.mkdir(parents=True)
    for name, text in RECIPES.items():
        platform = "" if "platform" in text else 'platform = "vexpress-a15"\n'
        (recipes / f"{name}.toml").write_text(f'summary = "x"\n{platform}{text}\n[payload]\ntype = "conformance"\n')
    (tmp_path / "fwbuild.toml").write_text('layers = ["fwbuild", "layer"]\n')
    (tmp_path / "fwbuild.lock").write_bytes((ROOT / "fwbuild.lock").read_bytes())
    return Session(tmp_path)


def broken(verdict: Any) -> dict[str, str]:
    return {each["rule"]: each["evidence"] for each in verdict["findings"] if not each["passed"]}


@pytest.mark.parametrize("name", ["conformance-a15", *RECIPES])
def test_the_payload_conforms(session: Session, name: str) -> None:
    (built,) = session.build([name])
    assert built.verdict is not None
    assert broken(built.verdict) == {}
    console = (built.folder / "console.log").read_text()
    machine = built.verdict["machine"]
    assert console.count(" mode ") == machine["cpus"]
    assert "missing" not in console
    if name not in ("monitor", "secure-svc"):
        pens = console.count("attempt pen same-mode")
        assert pens == machine["cpus"] - 1, "what was written over the pen was executed"


def test_a_mode_that_is_only_reserved_is_regained(session: Session) -> None:
    (built,) = session.build(["a9"])
    console = (built.folder / "console.log").read_text()
    assert console.count("attempt smc-overwritten reached-monitor") == 4
    assert built.verdict is not None
    (finding,) = [each for each in built.verdict["findings"] if each["rule"] == "attempt-smc-overwritten"]
    assert finding["passed"]
    assert "known weakness" in finding["text"]


@pytest.mark.parametrize("name", ["linux-a15", "kvm-a15", "xen-a15"])
def test_the_adversary_finds_nothing(session: Session, name: str) -> None:
    (built,) = session.attack([name])
    assert built.verdict is not None
    assert broken(built.verdict) == {}
    rules = {each["rule"] for each in built.verdict["findings"]}
    assert {"attempt-smc-overwritten", "attempt-pen", "attempt-early", "report-mode"} <= rules
    assert (built.folder / "adversary.log").read_text().count("attempt pen same-mode") == 1
    saved = json.loads((built.folder / "adversary.json").read_text())
    assert saved["passed"]


def test_all_but_the_payload_is_the_images_own(session: Session) -> None:
    """The same boot code and device tree, byte for byte, at the same addresses."""
    (made,) = session.plans(["linux-a15"])
    attacked = attack.attacked(made, session.registry)
    assert attacked.entry_address == made.entry_address
    assert [placed.region for placed in attacked.layout.placed] == [placed.region for placed in made.layout.placed]
    results = session.run(attack.lower_attack(attacked).steps)
    (built,) = session.build(["linux-a15"], verify=False)
    under_attack = results.outputs["linux-a15 under attack: device tree"]["dtb"]
    assert session.store.path(under_attack).read_bytes() == (built.folder / "linux-a15.dtb").read_bytes()
    code = results.outputs["linux-a15 under attack: boot code"]["code"]
    assert session.store.path(code).read_bytes() in (built.folder / "linux-a15.elf").read_bytes()


@pytest.mark.parametrize("weakening", WEAKENINGS)
def test_a_weakening_is_found(
    session: Session, weakening: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, changes, rule, evidence = WEAKENINGS[weakening]
    folder = tmp_path / "boot"
    shutil.copytree(BOOT_FOLDER, folder)
    for file, replacements in changes.items():
        text = (folder / "armv7" / file).read_text()
        for before, after in replacements:
            assert text.count(before) == 1, f"{file} has nothing to weaken: {before!r}"
            text = text.replace(before, after)
        (folder / "armv7" / file).write_text(text)
    monkeypatch.setattr(plan, "BOOT_FOLDER", folder)
    (built,) = session.attack([name])
    found = broken(built.verdict)
    assert evidence in found.get(rule, ""), found
