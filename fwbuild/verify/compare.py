# SPDX-License-Identifier: Apache-2.0
"""Compares what two emulators saw of the same entry. Pure, as judge.py is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from fwbuild.model.verdict import AT_RESET, Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What one emulator has to say about one image."""

    emulator: str
    failure: str
    #: for each CPU, boot CPU first: why its way ended, and registers at the end by name
    cpus: Sequence[tuple[str, Mapping[str, int]]]
    #: rule -> whether it held, for the rules that this emulator could check
    held: Mapping[str, bool]


#: Bits in which models of the same core rightly differ: register -> bits, reason.
KNOWN_DIFFERENCES: dict[str, tuple[int, str]] = {
    # N, Z, C and V (DDI 0406C, "The CPSR"): the pen compares the address that a secondary is
    # given, and unicorn's payload, which does not run, gives another one than the real one.
    "CPSR": (0xF0000000, "condition flags"),
    # QEMU 7.2's Cortex-A15 is r4p0 (0x414fc0f0), that of unicorn 2.1 r2p1 (0x412fc0f1):
    # target/arm/cpu_tcg.c and the older target/arm/cpu.c. Variant and revision: DDI 0406C, MIDR.
    "MIDR": (0x00F0000F, "variant and revision"),
    "VPIDR": (0x00F0000F, "variant and revision"),
    # HPMN resets to the number of event counters (DDI 0406C, HDCR): QEMU 7.2 models six,
    # unicorn 2.1 none.
    "HDCR": (0x0000001F, "the number of event counters"),
}


def compare(first: Seen, second: Seen) -> Finding:
    """One finding: both got every CPU there with the same registers, and no rule held on one only."""
    names = f"{first.emulator} and {second.emulator}"
    text = f"{names} saw the same at the payload's first instruction"
    wrong = list(_differences(first, second))
    compared = sum(len(_common(ours, theirs)) for (_, ours), (_, theirs) in zip(first.cpus, second.cpus, strict=False))
    if wrong:
        evidence = "; ".join(wrong)
    else:
        known = ", ".join(f"{name} {why}" for name, (_, why) in KNOWN_DIFFERENCES.items() if _is_shown(name, first))
        evidence = f"{compared} registers of {len(first.cpus)} CPUs are equal"
        evidence += f" but for what the models rightly differ in: {known}" if known else ""
    return Finding(
        rule="emulators-agree",
        passed=not wrong and compared > 0,
        text=text,
        evidence=evidence,
        source="docs/explanation/verification.md",
    )


def _differences(first: Seen, second: Seen) -> Iterator[str]:
    for seen in (first, second):
        if seen.failure:
            yield f"{seen.emulator} failed: {seen.failure}"
    if first.failure or second.failure:
        return
    if len(first.cpus) != len(second.cpus):
        yield f"{first.emulator} has {len(first.cpus)} CPUs, {second.emulator} {len(second.cpus)}"
    for number, (ours, theirs) in enumerate(zip(first.cpus, second.cpus, strict=False)):
        if ours[0] != theirs[0]:
            yield f"CPU {number}: `{ours[0]}` in {first.emulator}, `{theirs[0]}` in {second.emulator}"
        for name in _common(ours[1], theirs[1]):
            mask = ~KNOWN_DIFFERENCES.get(name.removeprefix(AT_RESET), (0, ""))[0]
            if (ours[1][name] ^ theirs[1][name]) & mask:
                values = f"{ours[1][name]:#x} in {first.emulator}, {theirs[1][name]:#x} in {second.emulator}"
                yield f"CPU {number}: {name} is {values}"
    for rule in first.held:
        if rule in second.held and first.held[rule] != second.held[rule]:
            one = first if first.held[rule] else second
            yield f"rule {rule} held in {one.emulator} only"


def _common(ours: Mapping[str, int], theirs: Mapping[str, int]) -> list[str]:
    return [name for name in ours if name in theirs]


def _is_shown(name: str, seen: Seen) -> bool:
    return any(name in registers for _, registers in seen.cpus)
