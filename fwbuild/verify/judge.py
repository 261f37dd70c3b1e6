# SPDX-License-Identifier: Apache-2.0
"""Judges evidence by rules. Pure: the same evidence always gives the same findings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from fwbuild.model.modes import Mode
from fwbuild.model.rule import ConsoleRule, NeverRule, RegisterRule, WriteRule
from fwbuild.model.verdict import ConsoleEvidence, CpuEvidence, EntryEvidence, Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What is expected of one CPU."""

    mpidr: int
    mode: Mode
    #: what it has that rules may need
    features: frozenset[str] = frozenset({"virtualization", "generic-timer"})


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRules:
    """Everything that the evidence of the entry is judged by."""

    cpus: tuple[Expectation, ...]
    registers: tuple[RegisterRule, ...]
    writes: tuple[WriteRule, ...]
    #: labels and addresses that register rules may name
    symbols: Mapping[str, int]
    #: whether secondaries were followed to the payload, or to the pen only
    released: bool = True


def judge_entry(evidence: EntryEvidence, rules: EntryRules) -> list[Finding]:
    """One finding for each rule, with the values seen as evidence."""
    if evidence.failure:
        return [_failed("emulator", "the emulator ran the image to its payload", evidence.failure)]
    return [_arrival(evidence, rules), *judge_registers(evidence, rules)]


def judge_registers(evidence: EntryEvidence, rules: EntryRules) -> list[Finding]:
    """One finding for each rule about registers and writes that applies to a CPU."""
    every: tuple[RegisterRule | WriteRule, ...] = (*rules.registers, *rules.writes)
    return [finding for rule in every for finding in _judge(rule, evidence, rules)]


def _arrival(evidence: EntryEvidence, rules: EntryRules) -> Finding:
    """Every CPU of the image has reached the payload's first instruction."""
    seen = {cpu.cpu: cpu for cpu in evidence.cpus}
    words, good = [], True
    for number in range(len(rules.cpus)):
        cpu = seen.get(number)
        goal = "payload" if rules.released or number == 0 else "pen"
        good &= cpu is not None and cpu.reached == goal
        if cpu is None:
            words.append(f"CPU {number}: the machine has none")
        else:
            shim = f" and {cpu.shim_instructions} of its shim" if cpu.shim_instructions else ""
            words.append(f"CPU {number}: {cpu.reached} at {cpu.pc:#x} after {cpu.instructions} instructions{shim}")
    return Finding(
        rule="arrival",
        passed=good,
        text="every CPU reached the payload's first instruction"
        if rules.released
        else "the boot CPU reached the payload's first instruction, every other one its pen",
        evidence="; ".join(words),
        source="docs/explanation/hand-off.md",
    )


def _judge(rule: RegisterRule | WriteRule, evidence: EntryEvidence, rules: EntryRules) -> Iterable[Finding]:
    """The finding for ``rule`` over the CPUs that it applies to, if there are any."""
    hidden = _hidden(rule, evidence)
    results = [
        (cpu.cpu, *(_register(rule, cpu, rules) if isinstance(rule, RegisterRule) else _write(rule, cpu)))
        for cpu, expected in zip(evidence.cpus, rules.cpus, strict=False)
        if cpu.reached == "payload" and expected.mode in rule.modes and _is_concerned(rule, cpu.cpu, expected)
    ]
    if results and hidden:
        what = f"this emulator cannot show {hidden}"
        yield Finding(rule=rule.id, passed=False, text=rule.text, evidence=what, source=rule.source, checked=False)
    elif results:
        yield Finding(
            rule=rule.id,
            passed=all(good for _, good, _ in results),
            text=rule.text,
            evidence="; ".join(grouped(results)),
            source=rule.source,
        )


def _is_concerned(rule: RegisterRule | WriteRule, number: int, expected: Expectation) -> bool:
    if rule.needs and rule.needs not in expected.features:
        return False
    return rule.cpus == "all" or (rule.cpus == "boot") == (number == 0)


def _hidden(rule: RegisterRule | WriteRule, evidence: EntryEvidence) -> str:
    """The register that keeps ``rule`` from being checked; empty if there is none."""
    if isinstance(rule, WriteRule):
        return ""
    names = (rule.register, rule.value.removeprefix("= ") if isinstance(rule.value, str) else "")
    return next((name for name in names if name in evidence.hidden), "")


def grouped(results: Sequence[tuple[int, bool, str]]) -> list[str]:
    """`CPU 0, 1: what` for CPUs on which the same was seen."""
    by_words: dict[str, list[int]] = {}
    for number, _, words in results:
        by_words.setdefault(words, []).append(number)
    return [f"CPU {', '.join(map(str, numbers))}: {words}" for words, numbers in by_words.items()]


def _register(rule: RegisterRule, cpu: CpuEvidence, rules: EntryRules) -> tuple[bool, str]:
    registers = {"MPIDR": 1 << 31 | rules.cpus[cpu.cpu].mpidr, **cpu.registers}
    if rule.register not in registers:
        return False, f"{rule.register} is not shown by the emulator"
    wanted = rule.value
    if isinstance(wanted, str):
        name = wanted.removeprefix("= ")
        found = registers if wanted.startswith("= ") else rules.symbols
        if name not in found:
            return False, f"{name} is not known"
        wanted = found[name]
    if not isinstance(wanted, int):
        raise TypeError(f"rule {rule.id} still names an address that is not known: {wanted}")
    return _compare(rule.register, registers[rule.register], wanted, rule.mask)


def _write(rule: WriteRule, cpu: CpuEvidence) -> tuple[bool, str]:
    last = {write.target: write.value for write in cpu.writes}
    wrong: list[str] = []
    for target in rule.targets:
        shown = target if isinstance(target, str) else f"[{target:#x}]"
        if target not in last:
            wrong.append(f"{shown} was never written")
            continue
        good, words = _compare(shown, last[target], rule.value, rule.mask)
        if not good:
            wrong.append(words)
    if wrong:
        return False, ", ".join(wrong)
    values = {last[target] & rule.mask for target in rule.targets}
    shown = ", ".join(target if isinstance(target, str) else f"[{target:#x}]" for target in rule.targets)
    return True, f"wrote {', '.join(f'{value:#x}' for value in sorted(values))} to {shown}"


def _compare(name: str, seen: int, wanted: int, mask: int) -> tuple[bool, str]:
    if seen & mask == wanted & mask:
        return True, f"{name} = {seen:#x}"
    bits = f" in the bits {mask:#x}" if mask & 0xFFFFFFFF != 0xFFFFFFFF else ""
    return False, f"{name} = {seen:#x}, not {wanted & mask:#x}{bits}"


def judge_console(
    evidence: ConsoleEvidence, expected: Sequence[ConsoleRule], never: Sequence[NeverRule]
) -> list[Finding]:
    """One finding for each line that had to come, and one for those that must not."""
    findings = [
        Finding(
            rule=rule.id,
            passed=rule.id in evidence.seen,
            text=rule.text,
            evidence=evidence.seen.get(rule.id, f"no line with `{rule.pattern}`: {_end(evidence)}"),
        )
        for rule in expected
    ]
    if evidence.broken is None:
        text = "the console shows no sign of failure"
        findings.append(Finding(rule="never", passed=True, text=text, evidence=f"{len(never)} patterns watched"))
    else:
        broken = next(rule for rule in never if rule.id == evidence.broken[0])
        findings.append(_failed(broken.id, f"it must not happen that {broken.text}", evidence.broken[1]))
    return findings


def _end(evidence: ConsoleEvidence) -> str:
    """How the run ended, and the last line there was."""
    how = {
        "never": "the run was ended by a line that must never come",
        "deadline": f"the deadline came after {evidence.seconds:.0f} s",
        "silent": f"the console was silent for too long ({evidence.seconds:.0f} s in all)",
        "exited": f"the emulator ended by itself ({evidence.emulator})",
    }.get(evidence.ended, evidence.ended)
    lines = re.sub(rb"[^\x20-\x7e\n]", b"", evidence.transcript).decode().strip().splitlines()
    return f"{how}; last line: {lines[-1].strip()}" if lines else f"{how}; it printed nothing at all"


def _failed(rule: str, text: str, evidence: str) -> Finding:
    return Finding(rule=rule, passed=False, text=text, evidence=evidence)
