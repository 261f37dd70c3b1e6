# SPDX-License-Identifier: Apache-2.0
"""A rule about what the emulator cannot show is open: neither held nor broken."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from fwbuild.actions.prove import VerdictAction
from fwbuild.cli.verdict import show_verdict
from fwbuild.model.modes import Mode
from fwbuild.model.rule import RegisterRule
from fwbuild.model.verdict import CpuEvidence, EntryEvidence, Finding, Verdict
from fwbuild.verify.judge import EntryRules, Expectation, judge_entry
from tests.unit.actions.stage import perform


def rule(register: str, value: int | str = 0, needs: str = "") -> RegisterRule:
    return RegisterRule(
        id=register.lower(), register=register, value=value, needs=needs, text="a rule", source="a book"
    )


def judged(*rules: RegisterRule, hidden: tuple[str, ...] = (), features: tuple[str, ...] = ()) -> dict[str, Finding]:
    cpu = CpuEvidence(cpu=0, reached="payload", pc=0, instructions=1, registers={"SCR": 0}, writes=())
    expectation = Expectation(mpidr=0, mode=Mode.HYP, features=frozenset(features))
    every = EntryRules(cpus=(expectation,), registers=rules, writes=(), symbols={})
    evidence = EntryEvidence(cpus=(cpu,), device_tree=b"", hidden=hidden)
    return {finding.rule: finding for finding in judge_entry(evidence, every)}


def test_a_hidden_register_is_not_checked_and_not_passed() -> None:
    found = judged(rule("CNTP_CTL"), rule("SCR"), rule("HCR", "= CNTP_CTL"), hidden=("CNTP_CTL",))
    for name in ("cntp_ctl", "hcr"):
        assert (found[name].checked, found[name].passed) == (False, False)
        assert found[name].evidence == "this emulator cannot show CNTP_CTL"
    assert found["scr"].checked
    assert found["scr"].passed


def test_a_register_that_is_merely_absent_breaks_the_rule() -> None:
    found = judged(rule("CNTP_CTL"))["cntp_ctl"]
    assert (found.checked, found.passed) == (True, False)


def test_a_rule_is_only_about_cpus_that_have_what_it_needs() -> None:
    assert "hcr" not in judged(rule("HCR", needs="virtualization"))
    assert not judged(rule("HCR", needs="virtualization"), features=("virtualization",))["hcr"].passed


def finding(name: str, *, passed: bool = True, checked: bool = True) -> dict[str, Any]:
    return {"rule": name, "passed": passed, "checked": checked, "text": "so it is", "evidence": "seen", "source": ""}


FACTS: dict[str, Any] = {
    "choices": [],
    "emulators": ["unicorn"],
    "payload": {"modes": ["hyp"], "stated-by": "recipe", "overruled": {}},
}


def verdict(folder: Path, findings: list[dict[str, Any]], missing: list[str]) -> tuple[dict[str, Any], str]:
    (folder / "findings").write_text(json.dumps(findings))
    (folder / "elf").write_bytes(b"image")
    machine = {"machine": "board", "cpus": 2}
    made = perform(
        VerdictAction(),
        folder / "step",
        params={"facts": {**FACTS, "machine": machine}, "missing": missing},
        inputs={"findings-0": folder / "findings", "elf": folder / "elf"},
        outputs=("verdict",),
    )
    value = json.loads(made["verdict"].read_bytes())
    shown = io.StringIO()
    show_verdict(value, shown, brief=True)
    return value, shown.getvalue()


OPEN = finding("timers-off", passed=False, checked=False)
MISSING = ["console proof: there is no qemu-system-arm"]


@pytest.mark.parametrize(
    ("findings", "missing", "passed", "complete", "last"),
    [
        ([finding("a")], [], True, True, "verdict: PASSED, 1 rules held on board with 2 CPUs"),
        (
            [finding("a")],
            MISSING,
            True,
            False,
            "verdict: PASSED WITHOUT console proof, 1 rules held on board with 2 CPUs by unicorn",
        ),
        (
            [finding("a"), OPEN],
            MISSING,
            True,
            False,
            "verdict: PASSED WITHOUT console proof, 1 rules held, 1 were not checked, on board with 2 CPUs by unicorn",
        ),
        (
            [finding("a"), OPEN],
            [],
            True,
            False,
            "verdict: PASSED WITHOUT some rules, 1 rules held, 1 were not checked, on board with 2 CPUs by unicorn",
        ),
        (
            [finding("a", passed=False), OPEN],
            MISSING,
            False,
            False,
            "verdict: FAILED, 1 of 2 rules broken, 1 were not checked, on board with 2 CPUs",
        ),
        ([OPEN], [], False, False, "verdict: FAILED, 0 of 1 rules broken, 1 were not checked, on board with 2 CPUs"),
    ],
)
def test_a_verdict_with_gaps_never_looks_whole(
    findings: list[dict[str, Any]], missing: list[str], passed: bool, complete: bool, last: str, tmp_path: Path
) -> None:
    value, shown = verdict(tmp_path, findings, missing)
    assert (value["passed"], value["complete"], value["missing"]) == (passed, complete, missing)
    lines = shown.splitlines()
    assert lines[-1] == last
    assert ("  not proven  console proof: there is no qemu-system-arm" in lines) == bool(missing)
    assert ("  open  timers-off: so it is" in lines) == (OPEN in findings)


def test_the_model_counts_as_the_step_does() -> None:
    held = Finding(rule="a", passed=True, text="", evidence="")
    unseen = Finding(rule="b", passed=False, text="", evidence="", checked=False)
    assert Verdict(image="x", findings=(held, unseen)).passed
    assert not Verdict(image="x", findings=(unseen,)).passed
