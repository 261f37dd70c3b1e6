# SPDX-License-Identifier: Apache-2.0
"""The boot code keeps its figures: bytes, and instructions on every CPU."""

from __future__ import annotations

import pytest

from bench.boot_code import BOOT_CPU, BYTES, SECONDARY, measure
from fwbuild.session import Session


@pytest.mark.parametrize("cpus", [1, 2, 4])
@pytest.mark.parametrize("name", ["xen-a15", "linux-a15", "kvm-a15"])
def test_the_way_to_hyp_is_short(session: Session, name: str, cpus: int) -> None:
    measured = measure(session, name, cpus)
    # A table line for each CPU comes on top of what a board with two has.
    assert measured.size <= BYTES + 8 * max(0, cpus - 2)
    boot, *secondaries = measured.instructions
    assert 100 < boot <= BOOT_CPU
    assert len(secondaries) == cpus - 1
    assert all(100 < each <= SECONDARY for each in secondaries)


def test_the_boot_cpu_takes_as_long_with_four_cpus_as_with_one(session: Session) -> None:
    counts = {cpus: measure(session, "xen-a15", cpus).instructions[0] for cpus in (1, 2, 4)}
    assert max(counts.values()) == min(counts.values())
