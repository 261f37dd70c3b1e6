# SPDX-License-Identifier: Apache-2.0
"""How long the way to the payload is, in instructions, and how large the boot code is.

``python bench/boot_code.py [IMAGE...]``, run in the checkout. Counts every instruction by
single steps on QEMU, all CPUs in turn, with images for 1, 2 and 4 CPUs. The counts are
exact; the peers' were taken in the same way from their own images on the same model.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fwbuild import __version__
from fwbuild.cli.progress import Progress
from fwbuild.model.plan import BOOT_CODE, Plan
from fwbuild.planning.lower import lower
from fwbuild.planning.plan import make_plan
from fwbuild.session import Session

#: Bytes, then instructions of the boot CPU with 1, 2 and 4 CPUs.
PEERS = {
    "boot-wrapper-aarch64, 32-bit, with prints": ("2,912", "3,458", "510,000", "1,400,000"),
    "boot-wrapper-aarch64, 32-bit, without prints": ("", "258", "", ""),
    "ARMv7 boot-wrapper of 2012": ("16,226", "456,968", "", ""),
    "TF-A v2.0 sp_min, Cortex-A15": ("42,408", "192,185 or more", "", ""),
    "U-Boot 2021.01 vexpress_ca15_tc2": ("429,280", "6,700,000", "", ""),
}


#: The figures aimed at on a Cortex-A15's way to hyp, whatever the number of CPUs.
BYTES, BOOT_CPU, SECONDARY = 1024, 250, 150


@dataclass(frozen=True, slots=True)
class Measured:
    """The boot code of one image."""

    size: int
    #: instructions of each CPU to the payload or to its pen
    instructions: tuple[int, ...]


def measure(session: Session, name: str, cpus: int) -> Measured:
    """The boot code of the image ``name`` for a board like its own with so many CPUs."""
    plan = _plan(session, name, cpus)
    steps = {step.name: step for step in lower(plan, verify=True, version=__version__).steps}
    wanted = [step for each, step in steps.items() if each.split(": ")[1] not in ("console proof", "report", "verdict")]
    results = session.run(wanted)
    evidence = json.loads(session.store.path(results.outputs[f"{name}: entry proof"]["evidence"]).read_bytes())
    if evidence["failure"]:
        raise RuntimeError(evidence["failure"])
    code = results.outputs[f"{name}: {BOOT_CODE.replace('-', ' ')}"]["code"]
    return Measured(session.store.path(code).stat().st_size, tuple(cpu["instructions"] for cpu in evidence["cpus"]))


def _plan(session: Session, name: str, cpus: int) -> Plan:
    (target,) = session.targets([session.request(name)])
    boot, core = target.platform.cpus[0], target.cores[0]
    alike = tuple(dataclasses.replace(boot, mpidr=boot.mpidr + number) for number in range(cpus))
    platform = dataclasses.replace(target.platform, cpus=alike)
    return make_plan(dataclasses.replace(target, platform=platform, cpus=alike, cores=(core,) * cpus), session.registry)


def main(names: Sequence[str]) -> None:
    session = Session(Path.cwd(), Progress(quiet=True))
    print(f"{'':46}{'bytes':>8}{'boot CPU: 1 CPU':>18}{'2 CPUs':>12}{'4 CPUs':>12}")
    secondaries = {}
    for name in names:
        measured = {cpus: measure(session, name, cpus) for cpus in (1, 2, 4)}
        row = [f"{measured[2].size:,}", *(f"{each.instructions[0]:,}" for each in measured.values())]
        print(f"{'fwbuild, ' + name:46}{row[0]:>8}{row[1]:>18}{row[2]:>12}{row[3]:>12}")
        secondaries[name] = {cpus: each.instructions[1:] for cpus, each in measured.items() if cpus > 1}
    for title, theirs in PEERS.items():
        print(f"{title:46}{theirs[0]:>8}{theirs[1]:>18}{theirs[2]:>12}{theirs[3]:>12}")
    print(
        f"\naimed at: {BYTES:,} bytes, {BOOT_CPU} instructions on the boot CPU, {SECONDARY} on a secondary to its pen"
    )
    for name, counts in secondaries.items():
        print(f"secondaries of {name}: " + ", ".join(f"{list(each)} of {cpus} CPUs" for cpus, each in counts.items()))


if __name__ == "__main__":
    main(sys.argv[1:] or ["xen-a15", "linux-a15", "kvm-a15"])
