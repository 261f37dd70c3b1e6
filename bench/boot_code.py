# SPDX-License-Identifier: Apache-2.0
"""How long the way to the payload is, in instructions, and how large the boot code is.

``python bench/boot_code.py [IMAGE]``. Counts every instruction by single steps on QEMU,
with 1, 2 and 4 CPUs. The counts are exact; the peers' were taken in the same way from
their own images on the same model.
"""

from __future__ import annotations

import sys
from pathlib import Path

from elftools.elf.sections import SymbolTableSection

from fwbuild.cli.progress import Progress
from fwbuild.elf.read import opened
from fwbuild.model.plan import BOOT_CODE
from fwbuild.model.ports import BootPath, Machine
from fwbuild.planning.proofs import machine_of
from fwbuild.session import Session

#: Bytes, then instructions of the boot CPU with 1, 2 and 4 CPUs.
PEERS = {
    "boot-wrapper-aarch64, 32-bit, with prints": ("2,912", "3,458", "510,000", "1,400,000"),
    "boot-wrapper-aarch64, 32-bit, without prints": ("", "258", "", ""),
    "ARMv7 boot-wrapper of 2012": ("16,226", "456,968", "", ""),
    "TF-A v2.0 sp_min, Cortex-A15": ("42,408", "192,185 or more", "", ""),
    "U-Boot 2021.01 vexpress_ca15_tc2": ("429,280", "6,700,000", "", ""),
}


def main() -> None:
    name = sys.argv[1] if len(sys.argv) > 1 else "xen-a15"
    session = Session(Path.cwd(), Progress(quiet=True))
    (built,) = session.build([name], verify=False)
    (plan,) = session.plans([name])
    assert plan.machine is not None, f"{name} has no emulator machine"
    with opened(built.folder / f"{name}.symbols.elf") as elf:
        table, section = elf.get_section_by_name(".symtab"), elf.get_section_by_name(f".{BOOT_CODE}")
        assert isinstance(table, SymbolTableSection)
        assert section is not None
        symbols = {symbol.name: symbol.entry.st_value for symbol in table.iter_symbols()}
        code = section.data()
    path = BootPath(
        payload=plan.entry_address,
        symbols=symbols,
        address=plan.layout.place(BOOT_CODE).region.start,
        code=code,
        earlier_stage=(0, 0),
        registers=("CPSR",),
        secondaries=0,
    )
    emulator = session.emulator(plan.machine.type)
    counts: dict[int, list[int]] = {}
    for cpus in (1, 2, 4):
        base = machine_of(plan, plan.machine)
        machine = Machine(machine=base.machine, cpu=base.cpu, properties=base.properties, cpus=cpus, memory=base.memory)
        evidence = emulator.observe_entry(machine, built.folder / f"{name}.elf", path, deadline=120)
        if evidence.failure:
            sys.exit(evidence.failure)
        counts[cpus] = [cpu.instructions for cpu in evidence.cpus]
    print(f"{'':46}{'bytes':>8}{'boot CPU: 1 CPU':>18}{'2 CPUs':>12}{'4 CPUs':>12}")
    ours = [f"{len(code):,}", *(f"{counts[cpus][0]:,}" for cpus in (1, 2, 4))]
    for title, row in {f"fwbuild, {name}": tuple(ours), **PEERS}.items():
        print(f"{title:46}{row[0]:>8}{row[1]:>18}{row[2]:>12}{row[3]:>12}")
    print(f"\nsecondaries, to the pen or to where they are parked: {counts[4][1:]} of 4 CPUs, {counts[2][1:]} of 2")
    same = len({counts[cpus][0] for cpus in counts}) == 1
    print(f"the boot CPU's way is {'the same' if same else 'NOT the same'} with 1, 2 and 4 CPUs")


if __name__ == "__main__":
    main()
