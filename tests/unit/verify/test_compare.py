# SPDX-License-Identifier: Apache-2.0
"""Two emulators agree, or the verdict says in what they do not."""

from __future__ import annotations

import dataclasses

import pytest

from fwbuild.verify.compare import KNOWN_DIFFERENCES, Seen, compare

FIRST = Seen(
    emulator="qemu",
    failure="",
    cpus=[("payload", {"SCR": 0x1B1, "MIDR": 0x414FC0F0, "only": 1}), ("payload", {"SCR": 0x1B1, "CPSR": 0xA00001DA})],
    held={"smc-sealed": True, "timers-off": True},
)
SECOND = Seen(
    emulator="unicorn",
    failure="",
    cpus=[("payload", {"SCR": 0x1B1, "MIDR": 0x412FC0F1}), ("payload", {"SCR": 0x1B1, "CPSR": 0x1DA})],
    held={"smc-sealed": True},
)


def test_equal_registers_agree_and_known_differences_are_told() -> None:
    found = compare(FIRST, SECOND)
    assert (found.rule, found.passed) == ("emulators-agree", True)
    assert found.evidence == (
        "4 registers of 2 CPUs are equal but for what the models rightly differ in:"
        " CPSR condition flags, MIDR variant and revision"
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"cpus": [SECOND.cpus[0], ("payload", {"SCR": 0xB1})]}, "CPU 1: SCR is 0x1b1 in qemu, 0xb1 in unicorn"),
        ({"cpus": [("payload", {"MIDR": 0x412FC090}), SECOND.cpus[1]]}, "CPU 0: MIDR is 0x414fc0f0"),
        ({"cpus": [SECOND.cpus[0], ("pen", {})]}, "CPU 1: `payload` in qemu, `pen` in unicorn"),
        ({"cpus": SECOND.cpus[:1]}, "qemu has 2 CPUs, unicorn 1"),
        ({"failure": "it crashed"}, "unicorn failed: it crashed"),
        ({"held": {"smc-sealed": False}}, "rule smc-sealed held in qemu only"),
        ({"cpus": [("payload", {}), ("payload", {})]}, "0 registers"),
    ],
)
def test_a_difference_is_named(change: dict[str, object], words: str) -> None:
    found = compare(FIRST, dataclasses.replace(SECOND, **change))  # type: ignore[arg-type]  # fields by name
    assert not found.passed
    assert words in found.evidence


def test_no_difference_is_let_through_but_these() -> None:
    """Each one more is a decision, with its source beside it in compare.py."""
    assert {name: mask for name, (mask, _) in KNOWN_DIFFERENCES.items()} == {
        "CPSR": 0xF0000000,
        "MIDR": 0x00F0000F,
        "VPIDR": 0x00F0000F,
        "HDCR": 0x0000001F,
    }


def test_a_known_difference_hides_no_other_bit() -> None:
    for name, (mask, why) in KNOWN_DIFFERENCES.items():
        assert why
        for bit in range(32):
            other = [("payload", {name: 1 << bit})]
            first, second = (dataclasses.replace(FIRST, cpus=cpus) for cpus in ([("payload", {name: 0})], other))
            assert compare(first, second).passed == bool(mask >> bit & 1)
