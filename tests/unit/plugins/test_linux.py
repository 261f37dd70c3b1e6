# SPDX-License-Identifier: Apache-2.0
"""What is read back on the console of what the boot code wrote for each CPU."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from fwbuild.planning.lower import lower
from fwbuild.planning.plan import make_plan
from fwbuild.session import Session
from tests.conftest import Command


def expected(folder: Path, name: str, *, ours: bool = True, never: bool = False) -> list[str]:
    """The console rules of an image, its RAM disk as if fwbuild had built it."""
    session = Session(folder)
    (target,) = session.targets(session.requests([name]))
    ramdisk = dataclasses.replace(
        target.material("proof-ramdisk-armhf"), type="ramdisk" if ours else "file", digest="0" * 64
    )
    plan = make_plan(
        dataclasses.replace(target, materials={**target.materials, "proof-ramdisk-armhf": ramdisk}), session.registry
    )
    steps = {step.name: step for step in lower(plan, verify=True, version="test").steps}
    params = steps[f"{name}: console proof"].params
    return [rule["pattern"].replace("\\", "") for rule in params["never" if never else "expected"]]


def test_a_line_for_each_cpu_before_user_land_is_reached(fw: Command) -> None:
    assert expected(fw.folder, "linux-a15")[-3:] == [
        "fwbuild: cpu@0 entry-mode 00000002 secure-state 00000002 hyp-state 00000001",
        "fwbuild: cpu@1 entry-mode 00000002 secure-state 00000002 hyp-state 00000001",
        "fwbuild: /init reached, 2 CPUs, hypervisor none",
    ]


def test_what_was_chosen_is_what_must_be_read(fw: Command) -> None:
    (fw.folder / "layer" / "recipes" / "svc.toml").write_text(
        'summary = "x"\nplatform = "vexpress-a15"\nmodes = ["svc"]\ncpus = 1\n[payload]\ntype = "linux"\n'
        'image = "linux-armmp-lpae"\nramdisk = "proof-ramdisk-armhf"\n'
    )
    assert [line for line in expected(fw.folder, "svc") if "entry-mode" in line] == [
        "fwbuild: cpu@0 entry-mode 00000003 secure-state 00000002 hyp-state 00000002"
    ]


@pytest.mark.parametrize("name", ["linux-a15", "xen-a15"])
def test_another_ram_disk_prints_no_records(fw: Command, name: str) -> None:
    lines = expected(fw.folder, name, ours=False)
    assert not [line for line in lines if "entry-mode" in line]
    assert lines[-1] == "Run S+ as init process"


def test_dom0_has_cpu_nodes_of_xens_own(fw: Command) -> None:
    lines = expected(fw.folder, "xen-a15")
    assert lines[-1] == "fwbuild: /init reached, d+ CPUs, hypervisor xen"
    assert not [line for line in lines if "entry-mode" in line]


def test_another_record_ends_the_run_at_once(fw: Command) -> None:
    patterns = [line for line in expected(fw.folder, "linux-a15", never=True) if "entry-mode" in line]
    assert len(patterns) == 2
    for cells, wrong in (
        ("entry-mode 00000002 secure-state 00000002 hyp-state 00000001", False),
        ("entry-mode 00000003 secure-state 00000002 hyp-state 00000001", True),
        ("entry-mode ffffffff secure-state 00000002 hyp-state 00000001", True),
        ("entry-mode 00000002 secure-state 00000002 hyp-state 00000002", True),
        ("entry-mode 00000002 secure-state", False),
    ):
        assert bool(re.search(patterns[1], f"fwbuild: cpu@1 {cells}")) == wrong
        assert not re.search(patterns[1], f"fwbuild: cpu@0 {cells}")
