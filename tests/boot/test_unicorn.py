# SPDX-License-Identifier: Apache-2.0
"""The embedded emulator on whole images: beside QEMU, in its place, and where QEMU cannot go."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from fwbuild.config import layers
from fwbuild.config.layers import BOOT_FOLDER
from fwbuild.planning import plan
from fwbuild.planning.lower import lower
from fwbuild.planning.proofs import Proofs
from fwbuild.session import Session
from tests.boot.conftest import LAYERS
from tests.project import make_project


def proof(session: Session, name: str, proofs: Proofs) -> dict[str, list[dict[str, Any]]]:
    """The findings of every proof but the console's, by step."""
    (made,) = session.plans([name])
    steps = {step.name: step for step in lower(made, verify=True, version="test", proofs=proofs).steps}
    del steps[f"{name}: verdict"]
    results = session.run(list(steps.values()))
    found = {
        step.partition(": ")[2]: outputs["findings"]
        for step, outputs in results.outputs.items()
        if "findings" in outputs
    }
    return {step: json.loads(session.store.path(digest).read_bytes()) for step, digest in found.items()}


def broken(findings: list[dict[str, Any]]) -> dict[str, str]:
    return {each["rule"]: each["evidence"] for each in findings if each["checked"] and not each["passed"]}


BOTH = Proofs(entry="qemu", second="unicorn")
ALONE = Proofs(entry="unicorn")


@pytest.mark.parametrize("name", ["xen-a15", "xen-a15-one", "linux-a15-svc"])
def test_both_emulators_see_the_same(session: Session, name: str) -> None:
    found = proof(session, name, BOTH)
    first, second = found["entry proof"], found["second entry proof"]
    assert broken(first) == broken(second) == {}
    assert [each["rule"] for each in first] == [each["rule"] for each in second]
    unchecked = {each["rule"]: each["evidence"] for each in second if not each["checked"]}
    assert unchecked == {
        "hyp-timer-off": "this emulator cannot show CNTHP_CTL",
        "timers-off": "this emulator cannot show CNTP_CTL",
        "virtual-timer-off": "this emulator cannot show CNTV_CTL",
    }
    (agreement,) = found["comparison"]
    assert agreement["passed"], agreement["evidence"]
    assert "registers of" in agreement["evidence"]


def change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, before: str, after: str) -> None:
    folder = tmp_path / "boot"
    shutil.copytree(BOOT_FOLDER, folder)
    text = (folder / file).read_text()
    assert before in text, "the fault has nothing to break"
    (folder / file).write_text(text.replace(before, after))
    monkeypatch.setattr(plan, "BOOT_FOLDER", folder)


@pytest.mark.parametrize(
    ("file", "before", "after", "rule"),
    [
        ("armv7/leave.S", "orreq\tr5, r5, #SCR_HCE", "nop", "hvc-open"),
        ("armv7/gicv2.S", "str\tr1, [r0, #GICC_PMR]", "nop", "arrival"),
        ("armv7/mailbox.S", "pen_release:\n", "pen_release:\n\tb\tpen\n", "arrival"),
        ("armv7/leave.S", "msr\tspsr_cxsf, r4", "msr\tspsr_mon, r4", "mode-hyp"),
        ("armv7/leave.S", "str\tr0, [r4]\n", "nop\n", "record"),
        # QEMU's reset value is 0 and hides these; here it is a pattern, for it is UNKNOWN.
        ("armv7/hyp.S", "mcrr\tp15, 4, r0, r0, c14", "nop", "cntvoff"),
        ("armv7/hyp.S", "mcrr\tp15, 6, r0, r0, c2", "nop", "vttbr"),
        ("armv7/nonsecure.S", "mcr\tp15, 0, r0, c12, c0, 0", "nop", "vbar"),
    ],
)
def test_a_fault_is_caught(
    session: Session, file: str, before: str, after: str, rule: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(tmp_path, monkeypatch, file, before, after)
    found = broken(proof(session, "xen-a15", ALONE)["entry proof"])
    assert rule in found, found


def test_what_one_emulator_hides_is_a_disagreement(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(tmp_path, monkeypatch, "armv7/hyp.S", "mcrr\tp15, 4, r0, r0, c14", "nop")
    found = proof(session, "xen-a15-one", BOTH)
    assert broken(found["entry proof"]) == {}
    assert list(broken(found["comparison"])) == ["emulators-agree"]
    evidence = found["comparison"][0]["evidence"]
    assert "CNTVOFF is 0x0 in qemu, 0x5a5a5a40 in unicorn" in evidence
    assert "rule cntvoff held in qemu only" in evidence


@pytest.fixture
def mixed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    """A project with the layer of the machine that QEMU does not have."""
    monkeypatch.delenv("FWBUILD_STORE", raising=False)
    folder = make_project(tmp_path / "project")
    settings = folder / "fwbuild.toml"
    settings.write_text(settings.read_text().replace('"layer"]', f'"layer", "{LAYERS / "mixed"}"]'))
    boot = tmp_path / "boot"
    shutil.copytree(BOOT_FOLDER, boot)
    cores = boot / "armv7" / "cores"
    known = (cores / "cortex-a15.toml").read_text()
    (cores / "cortex-a7.toml").write_text(known)
    without = known.replace("virtualization = true", "virtualization = false")
    (cores / "cortex-a9.toml").write_text(without.replace("generic-timer = true", "generic-timer = false"))
    monkeypatch.setattr(layers, "BOOT_FOLDER", boot)
    return Session(folder)


def test_three_types_of_core_side_by_side(mixed: Session) -> None:
    (built,) = mixed.build(["mixed"])
    assert built.verdict is not None
    assert broken(built.verdict["findings"]) == {}
    assert (built.verdict["passed"], built.verdict["complete"]) == (True, False)
    assert built.verdict["missing"] == ["console proof: mixed names no emulator machine that runs the payload"]
    assert built.verdict["machine"]["cpu"] == "cortex-a15, cortex-a7, cortex-a9"
    seen = json.loads((built.folder / "entry.json").read_text())
    assert [cpu["reached"] for cpu in seen["cpus"]] == ["payload"] * 3
    assert [int(cpu["registers"]["CPSR"], 16) & 0x1F for cpu in seen["cpus"]] == [0x1A, 0x1A, 0x13]
    midr = [int(cpu["registers"]["reset MIDR"], 16) >> 4 & 0xFFF for cpu in seen["cpus"]]
    assert midr == [0xC0F, 0xC07, 0xC09]
    scr = [cpu["registers"]["SCR"] for cpu in seen["cpus"]]
    assert scr == ["0x1b1", "0x1b1", "0x31"], "a Cortex-A9 has neither SCD nor HCE"
    records = [each["evidence"] for each in built.verdict["findings"] if each["rule"] == "record"]
    assert [record.split(", ")[0] for record in records] == [f"fwbuild,entry-mode {mode}" for mode in (2, 2, 3)]
    assert any(note.startswith("secondaries were called by the model") for note in seen["notes"])


def test_a_core_that_is_not_what_the_platform_says_is_found(mixed: Session) -> None:
    """The boot code decides by ID_PFR1; the plan, which was told otherwise, is not met."""
    (made,) = mixed.plans(["mixed"])
    steps = {step.name: step for step in lower(made, verify=True, version="test", proofs=ALONE).steps}
    steps["mixed: entry proof"].params["board"]["cpus"][1]["core"] = "cortex-a9"
    results = mixed.run([step for name, step in steps.items() if name != "mixed: verdict"])
    findings = json.loads(mixed.store.path(results.outputs["mixed: entry proof"]["findings"]).read_bytes())
    found = broken(findings)
    assert "CPU 1: CPSR = 0xa00001d3, not 0x1a" in found["mode-hyp"]
    assert "/cpus/cpu@100" in {each["rule"]: each["text"] for each in findings if not each["passed"]}["record"]
