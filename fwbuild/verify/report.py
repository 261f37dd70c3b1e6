# SPDX-License-Identifier: Apache-2.0
"""Judges what a payload reports about itself on the console. Pure, as judge.py is."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from fwbuild.model.modes import MODES_BY_WORD, Seal
from fwbuild.model.report import AttemptRule, Report, Reporter
from fwbuild.model.rule import RegisterRule
from fwbuild.model.verdict import AT_RESET, CpuEvidence, EntryEvidence, Finding
from fwbuild.verify.judge import EntryRules, Expectation, grouped, judge_registers

_SOURCE = "docs/reference/conformance.md"
#: What evidence says of a mode that was regained where that was accepted.
_WEAK = ": the known weakness of "


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRules:
    """Everything that a report is judged by."""

    report: Report
    #: what was planned for each CPU, boot CPU first
    cpus: tuple[Reporter, ...]
    #: rules about registers at the payload's first instruction; those that it reports are applied
    registers: tuple[RegisterRule, ...]
    #: labels and addresses that register rules may name
    symbols: Mapping[str, int]


@dataclass(slots=True)
class _Said:
    """What one CPU said."""

    mode: list[str] = field(default_factory=list)
    reg: dict[str, str] = field(default_factory=dict)
    cell: dict[str, str] = field(default_factory=dict)
    #: attempt -> outcomes; more than one when a line came twice
    attempt: dict[str, list[str]] = field(default_factory=dict)
    trouble: list[str] = field(default_factory=list)


def judge_report(transcript: bytes, rules: ReportRules) -> list[Finding]:
    """One finding for the modes, one for the records, one for each register rule and each attempt."""
    said = _parse(transcript.decode(errors="replace"), rules.report.prefix)
    each = [(cpu, said.get(cpu.mpidr, _Said())) for cpu in rules.cpus]
    attempts = (_attempt(rule, each) for rule in rules.report.attempts)
    return [
        _arrival(rules, said),
        _all("report-mode", "every CPU is in the mode that was chosen for it", map(_mode, each)),
        _all("report-record", "the payload's record says what was planned", map(_record, each)),
        _all("report-readings", "every register is reported", (_missing(rules.report, *one) for one in each)),
        *_registers(rules, each),
        *(finding for finding in attempts if finding is not None),
    ]


def _parse(text: str, prefix: str) -> dict[int, _Said]:
    """What each CPU said, by MPIDR. A line of another kind is trouble, and what is no line is left aside."""
    found: dict[int, _Said] = {}
    for match in re.finditer(rf"^{re.escape(prefix)}: cpu ([0-9a-f]+) (.*?)\r?$", text, re.MULTILINE):
        said = found.setdefault(int(match.group(1), 16), _Said())
        match match.group(2).split():
            case ["mode", mode]:
                said.mode.append(mode)
            case ["reg", name, value]:
                said.reg[name] = value
            case ["cell", name, value]:
                said.cell[name] = value
            case ["attempt", name, outcome]:
                said.attempt.setdefault(name, []).append(outcome)
            case _:
                said.trouble.append(match.group(2))
    return found


def _arrival(rules: ReportRules, said: Mapping[int, _Said]) -> Finding:
    """Every CPU of the image said something, and none that it does not have."""
    wanted = {cpu.mpidr for cpu in rules.cpus}
    words = [f"cpu {mpidr:x} said nothing" for mpidr in sorted(wanted - set(said))]
    words += [f"there is no cpu {mpidr:x}" for mpidr in sorted(set(said) - wanted)]
    words += [f"cpu {mpidr:x}: {line}" for mpidr, each in sorted(said.items()) for line in each.trouble]
    evidence = "; ".join(words) or f"{len(wanted)} CPUs"
    text = "every CPU reports, as the documentation says"
    return Finding(rule="report-arrival", passed=not words, text=text, evidence=evidence, source=_SOURCE)


def _all(rule: str, text: str, wrong: Iterable[str]) -> Finding:
    """A finding that holds when no CPU has anything wrong."""
    words = [f"CPU {number}: {each}" for number, each in enumerate(wrong) if each]
    evidence = "; ".join(words) or "on every CPU"
    return Finding(rule=rule, passed=not words, text=text, evidence=evidence, source=_SOURCE)


def _mode(one: tuple[Reporter, _Said]) -> str:
    cpu, said = one
    if said.mode == [cpu.mode.word]:
        return ""
    return f"said {' and '.join(said.mode) or 'nothing'}, planned is {cpu.mode.word}"


def _record(one: tuple[Reporter, _Said]) -> str:
    cpu, said = one
    wanted = {name: f"{value:x}" for name, value in cpu.cells.items()}
    if said.cell == wanted:
        return ""
    shown = ", ".join(f"{name} {said.cell.get(name, 'not said')}" for name in wanted)
    return f"{shown}; planned were {', '.join(wanted.values())}"


def _missing(report: Report, cpu: Reporter, said: _Said) -> str:
    """The registers that ``cpu`` did not report, or that it could not read."""
    wanted = [each.register for each in report.readings if cpu.mode in each.modes and _has(cpu, each.needs)]
    wrong = [f"{name} {said.reg.get(name, 'not said')}" for name in wanted if _number(said.reg.get(name)) is None]
    return ", ".join(wrong)


def _has(cpu: Reporter, needs: str) -> bool:
    return not needs or needs in cpu.has


def _number(text: str | None) -> int | None:
    return int(text, 16) if text is not None and re.fullmatch(r"[0-9a-f]{8}|[0-9a-f]{16}", text) else None


def _registers(rules: ReportRules, each: Sequence[tuple[Reporter, _Said]]) -> list[Finding]:
    """The rules of the entry, applied to what the payload itself read."""
    reported = {reading.register for reading in rules.report.readings}
    readable = {(reading.register, mode) for reading in rules.report.readings for mode in reading.modes}
    wanted = [
        dataclasses.replace(rule, modes=tuple(mode for mode in rule.modes if (rule.register, mode) in readable))
        for rule in rules.registers
        if rule.register in reported
    ]
    cpus = tuple(_evidence(number, said) for number, (_, said) in enumerate(each))
    expected = tuple(Expectation(mpidr=cpu.mpidr, mode=cpu.mode) for cpu, _ in each)
    entry = EntryRules(cpus=expected, registers=tuple(wanted), writes=(), symbols=rules.symbols)
    findings = judge_registers(EntryEvidence(cpus=cpus, device_tree=b""), entry)
    return [dataclasses.replace(finding, rule=f"report-{finding.rule}") for finding in findings]


def _evidence(number: int, said: _Said) -> CpuEvidence:
    values = {name: _number(text) for name, text in said.reg.items()}
    registers = {name: value for name, value in values.items() if value is not None}
    # Hyp sees the true MIDR, and only in hyp can a rule compare VPIDR with it.
    if "MIDR" in registers:
        registers[f"{AT_RESET}MIDR"] = registers["MIDR"]
    return CpuEvidence(cpu=number, reached="payload", pc=0, instructions=0, registers=registers, writes=())


def _attempt(rule: AttemptRule, each: Sequence[tuple[Reporter, _Said]]) -> Finding | None:
    """The finding for one attempt; None if there is no CPU to make it on."""
    results = [
        (number, *_outcome(rule, cpu.seals[rule.against], said.attempt.get(rule.attempt, [])))
        for number, (cpu, said) in enumerate(each)
        if rule.against in cpu.seals
        and cpu.mode in rule.modes
        and _has(cpu, rule.needs)
        and (rule.cpus == "all" or (rule.cpus == "boot") == (number == 0))
    ]
    if not results:
        return None
    known = " (not so here: the known weakness of its seal)" if any(_WEAK in words for _, _, words in results) else ""
    return Finding(
        rule=f"attempt-{rule.attempt}",
        passed=all(good for _, good, _ in results),
        text=rule.text + known,
        evidence="; ".join(grouped(results)),
        source=rule.source,
    )


def _outcome(rule: AttemptRule, seal: Seal, outcomes: Sequence[str]) -> tuple[bool, str]:
    if len(outcomes) != 1:
        return False, f"{rule.attempt} {' and '.join(outcomes) or 'was not reported'}"
    (outcome,) = outcomes
    allowed = rule.allowed[seal]
    if outcome not in allowed:
        return False, f"{rule.attempt} {outcome}; {seal.word} allows {' or '.join(allowed)}"
    reached = MODES_BY_WORD.get(outcome.removeprefix("reached-"))
    known = f"{_WEAK}{seal.word}" if reached is not None else ""
    return True, f"{rule.attempt} {outcome}{known}"
