# SPDX-License-Identifier: Apache-2.0
"""Every recipe boots, with one CPU and with two, in hyp mode and in supervisor mode."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fwbuild.session import Built, Session


def proven(session: Session, name: str) -> Built:
    (built,) = session.build([name])
    assert built.verdict is not None
    broken = [f"{each['rule']}: {each['evidence']}" for each in built.verdict["findings"] if not each["passed"]]
    assert built.verdict["passed"], "\n".join(broken)
    return built


def evidence(built: Built) -> list[dict[str, Any]]:
    cpus = json.loads((built.folder / "entry.json").read_text())["cpus"]
    assert isinstance(cpus, list)
    return cpus


@pytest.mark.parametrize(
    ("name", "cpus"), [("xen-a15", 2), ("xen-a15-one", 1), ("linux-a15", 2), ("linux-a15-one", 1), ("kvm-a15", 2)]
)
def test_boots_in_hyp_mode(session: Session, name: str, cpus: int) -> None:
    built = proven(session, name)
    seen = evidence(built)
    assert [cpu["reached"] for cpu in seen] == ["payload"] * cpus
    assert [int(cpu["registers"]["CPSR"], 16) & 0x1F for cpu in seen] == [0x1A] * cpus
    assert all(cpu["registers"]["SCR"] == "0x1b1" for cpu in seen)
    assert seen[0]["instructions"] < 400, "the aim for the boot CPU's way to the payload"
    console = (built.folder / "console.log").read_text(errors="replace")
    hypervisor = "xen" if name.startswith("xen") else "none"
    assert f"fwbuild: /init reached, {cpus} CPUs, hypervisor {hypervisor}" in console
    if hypervisor == "none":
        record = "entry-mode 00000002 secure-state 00000002 hyp-state 00000001"
        assert console.count(record) == cpus, "Linux sees what the boot code wrote, for each CPU"


def test_boots_in_supervisor_mode(session: Session) -> None:
    built = proven(session, "linux-a15-svc")
    seen = evidence(built)
    assert [int(cpu["registers"]["CPSR"], 16) & 0x1F for cpu in seen] == [0x13, 0x13]
    assert all(cpu["registers"]["SCR"] == "0xb1" for cpu in seen), "HCE is clear: HVC is UNDEFINED"
    console = (built.folder / "console.log").read_text(errors="replace")
    assert "CPU: All CPU(s) started in SVC mode." in console
    assert console.count("entry-mode 00000003 secure-state 00000002 hyp-state 00000002") == 2
    manifest = json.loads((built.folder / "manifest.json").read_text())
    assert manifest["payload"]["stated-by"] == "recipe"


def test_the_same_image_again_is_not_run_again(session: Session) -> None:
    proven(session, "linux-a15-one")
    ran = []
    again = Session(session.project.folder, lambda event: ran.append(event))
    (built,) = again.build(["linux-a15-one"])
    assert built.written == ()
    assert {type(event).__name__ for event in ran} == {"StepEnded"}
    assert all(getattr(event, "how", "") == "cached" for event in ran)
