# SPDX-License-Identifier: Apache-2.0
"""What a payload prints about itself is believed only where it says what was planned."""

from __future__ import annotations

import dataclasses

import pytest

from fwbuild.model.modes import Mode, Seal
from fwbuild.model.report import AttemptRule, Reading, Report, Reporter
from fwbuild.model.rule import RegisterRule
from fwbuild.model.verdict import Finding
from fwbuild.verify.report import ReportRules, judge_report

SMC = AttemptRule(
    attempt="smc",
    against=Mode.MONITOR,
    allowed={
        Seal.SEALED: ("undefined",),
        Seal.FIRMWARE: ("undefined", "answered"),
        Seal.RESERVED: ("undefined", "answered", "reached-monitor"),
    },
    text="SMC leads nowhere",
    source="a book",
)
PEN = AttemptRule(
    attempt="pen",
    against=Mode.MONITOR,
    allowed=dict.fromkeys(Seal, ("same-mode",)),
    cpus="secondary",
    text="the pen is safe",
    source="a book",
)
HVC = AttemptRule(
    attempt="hvc",
    against=Mode.HYP,
    allowed=dict.fromkeys(Seal, ("undefined",)),
    text="HVC leads nowhere",
    source="a book",
)
TIMER = AttemptRule(
    attempt="timer",
    against=Mode.MONITOR,
    allowed=dict.fromkeys(Seal, ("undefined",)),
    needs="generic-timer",
    text="the timer is out of reach",
    source="a book",
)
HCR = RegisterRule(id="hcr", register="HCR", value=0, text="HCR is 0", source="a book", modes=(Mode.HYP, Mode.SVC))
HVBAR = RegisterRule(id="hyp-vectors", register="HVBAR", value="dead", text="HVBAR", source="a book")

LINES = """\
boot noise
conformance: cpu 0 mode hyp
conformance: cpu 0 reg HCR 00000000
conformance: cpu 0 reg HVBAR 80001000
conformance: cpu 0 cell fwbuild,entry-mode 2
conformance: cpu 0 attempt smc undefined
conformance: cpu 0 attempt timer undefined
conformance: cpu 101 mode hyp
conformance: cpu 101 reg HCR 00000000
conformance: cpu 101 reg HVBAR 80001000
conformance: cpu 101 cell fwbuild,entry-mode 2
conformance: cpu 101 attempt smc undefined
conformance: cpu 101 attempt timer undefined
conformance: cpu 101 attempt pen same-mode
conformance: end
"""


def reporter(mpidr: int, seal: Seal = Seal.SEALED, mode: Mode = Mode.HYP) -> Reporter:
    return Reporter(
        mpidr=mpidr,
        mode=mode,
        cells={"fwbuild,entry-mode": int(mode)},
        seals={Mode.MONITOR: seal},
        has=frozenset({"generic-timer"}),
    )


RULES = ReportRules(
    report=Report(
        prefix="conformance",
        readings=(
            Reading(register="HCR", modes=(Mode.HYP,)),
            Reading(register="HVBAR", modes=(Mode.HYP,)),
            Reading(register="DBG", modes=(Mode.HYP,), needs="virtualization"),
        ),
        attempts=(SMC, PEN, HVC, TIMER),
    ),
    cpus=(reporter(0), reporter(0x101)),
    registers=(HCR, HVBAR, dataclasses.replace(HCR, id="scr", register="SCR")),
    symbols={"dead": 0x80001000},
)


def judged(lines: str, rules: ReportRules = RULES) -> dict[str, Finding]:
    findings = judge_report(lines.replace("\n", "\r\n").encode(), rules)
    assert len({finding.rule for finding in findings}) == len(findings)
    return {finding.rule: finding for finding in findings}


def broken(lines: str, rules: ReportRules = RULES) -> dict[str, str]:
    return {finding.rule: finding.evidence for finding in judged(lines, rules).values() if not finding.passed}


def test_a_report_as_planned_breaks_no_rule() -> None:
    found = judged(LINES)
    assert {rule for rule, finding in found.items() if not finding.passed} == set()
    assert set(found) == {
        *("report-arrival", "report-mode", "report-record", "report-readings"),
        *("report-hcr", "report-hyp-vectors"),
        *("attempt-smc", "attempt-pen", "attempt-timer"),
    }, "SCR is not for the payload to read, and hyp was not dropped"
    assert found["attempt-smc"].evidence == "CPU 0, 1: smc undefined"
    assert found["attempt-pen"].evidence == "CPU 1: pen same-mode"


@pytest.mark.parametrize(
    ("before", "after", "rule", "evidence"),
    [
        ("cpu 101 attempt smc undefined", "cpu 101 attempt smc answered", "attempt-smc", "CPU 1: smc answered; sealed"),
        ("cpu 0 attempt smc undefined", "cpu 0 attempt smc reached-monitor", "attempt-smc", "smc reached-monitor"),
        ("conformance: cpu 0 attempt smc undefined\n", "", "attempt-smc", "smc was not reported"),
        ("cpu 0 attempt timer", "cpu 0 attempt smc", "attempt-smc", "smc undefined and undefined"),
        ("attempt pen same-mode", "attempt pen reached-secure-svc", "attempt-pen", "pen reached-secure-svc"),
        ("cpu 101 mode hyp", "cpu 101 mode svc", "report-mode", "CPU 1: said svc, planned is hyp"),
        ("conformance: cpu 0 mode hyp\n", "", "report-mode", "CPU 0: said nothing"),
        ("cpu 101 cell fwbuild,entry-mode 2", "cpu 101 cell fwbuild,entry-mode ffffffff", "report-record", "ffffffff"),
        ("conformance: cpu 0 cell fwbuild,entry-mode 2\n", "", "report-record", "not said"),
        ("cpu 0 reg HCR 00000000", "cpu 0 reg HCR 00000001", "report-hcr", "HCR = 0x1, not 0x0"),
        ("cpu 0 reg HVBAR 80001000", "cpu 0 reg HVBAR 00000000", "report-hyp-vectors", "not 0x80001000"),
        ("conformance: cpu 101 reg HCR 00000000\n", "", "report-readings", "CPU 1: HCR not said"),
        ("cpu 0 reg HCR 00000000", "cpu 0 reg HCR undefined", "report-readings", "CPU 0: HCR undefined"),
        ("cpu 101 attempt pen same-mode", "cpu 101 lost", "report-arrival", "cpu 101: lost"),
        ("conformance: end", "conformance: cpu 7 mode hyp", "report-arrival", "there is no cpu 7"),
    ],
)
def test_a_report_that_says_something_else_is_caught(before: str, after: str, rule: str, evidence: str) -> None:
    assert before in LINES
    found = broken(LINES.replace(before, after))
    assert evidence in found[rule]


def test_a_cpu_that_says_nothing_is_missed() -> None:
    found = broken("".join(line for line in LINES.splitlines(keepends=True) if "cpu 101" not in line))
    assert found["report-arrival"] == "cpu 101 said nothing"
    assert {"attempt-smc", "attempt-pen", "report-mode"} <= set(found)


@pytest.mark.parametrize(
    ("seal", "outcome", "good"),
    [
        (Seal.SEALED, "answered", False),
        (Seal.FIRMWARE, "answered", True),
        (Seal.FIRMWARE, "reached-monitor", False),
        (Seal.RESERVED, "reached-monitor", True),
        (Seal.RESERVED, "reached-hyp", False),
    ],
)
def test_what_is_allowed_depends_on_the_seal(seal: Seal, outcome: str, good: bool) -> None:
    rules = dataclasses.replace(RULES, cpus=(reporter(0, seal), reporter(0x101, seal)))
    assert judged(LINES.replace("smc undefined", f"smc {outcome}"), rules)["attempt-smc"].passed is good


def test_a_known_weakness_is_told() -> None:
    rules = dataclasses.replace(RULES, cpus=(reporter(0, Seal.RESERVED), reporter(0x101, Seal.RESERVED)))
    found = judged(LINES.replace("cpu 0 attempt smc undefined", "cpu 0 attempt smc reached-monitor"), rules)[
        "attempt-smc"
    ]
    assert found.text == "SMC leads nowhere (not so here: the known weakness of its seal)"
    assert found.evidence == "CPU 0: smc reached-monitor: the known weakness of reserved; CPU 1: smc undefined"


def test_a_core_without_the_timer_does_not_try_it() -> None:
    bare = [dataclasses.replace(cpu, has=frozenset()) for cpu in RULES.cpus]
    lines = "".join(line for line in LINES.splitlines(keepends=True) if "timer" not in line)
    assert broken(lines) != {}
    assert broken(lines, dataclasses.replace(RULES, cpus=tuple(bare))) == {}
