# SPDX-License-Identifier: Apache-2.0
"""Puts the boot code together: which sources, and the numbers that they are given."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fwbuild.model.contribution import Entry, Target
from fwbuild.model.modes import StartMethod
from fwbuild.model.plan import BootCode
from fwbuild.model.problem import fail

#: What the boot code may take in memory, in bytes: it must fit in one page.
BOOT_CODE_RESERVE = 0x1000

#: Bytes from one of the three cells of a CPU's record to the next: a property's header
#: (tag, length, name; Devicetree Specification 5.4.1) and its four bytes.
CELL_STRIDE = 16

#: Bytes of a line in cpu_table: MPIDR and the address of the CPU's record.
CPU_LINE = 8


def boot_code(target: Target, entry: Entry, folder: Path, payload: int, arguments: Sequence[int]) -> BootCode:
    """The boot code for ``target``; ``folder`` is fwbuild's own boot folder.

    ``payload`` is the address of the payload's first instruction and ``arguments`` are
    its r0, r1 and r2. Raises FwbuildError if the platform asks for what there is no
    boot code for.
    """
    platform = target.platform
    core = target.cores[0]
    if any(other.actlr_set != core.actlr_set or other.nsacr != core.nsacr for other in target.cores):
        raise fail(
            "bad-value",
            "the boot code sets ACTLR and NSACR alike on every CPU, but the platform's cores differ in them",
            origin=platform.cpus[0].origins.of("core"),
        )
    files = ("registers", "vectors", "entry", "secure", "gicv2", "nonsecure", "hyp", "leave", "park")
    sources = [folder / "armv7" / f"{name}.S" for name in files]
    sources.append(folder / "console" / f"{platform.console.driver}.S")
    sources.append(_pen(target, folder))
    divisor = _pl011_divisor(platform.console.clock, platform.console.baud)
    symbols = {
        "CPU_LINE": CPU_LINE,
        "CELL_STRIDE": CELL_STRIDE,
        "TIMER_FREQUENCY": platform.timer.frequency if platform.timer and core.generic_timer else 0,
        "ACTLR_SET": core.actlr_set,
        "NSACR_OPEN": core.nsacr,
        "GIC_DISTRIBUTOR": platform.gic.distributor,
        "GIC_CPU_INTERFACE": platform.gic.cpu_interface,
        "CONSOLE": platform.console.address,
        "CONSOLE_IBRD": divisor >> 6,
        "CONSOLE_FBRD": divisor & 0x3F,
        "PAYLOAD_ENTRY": payload,
    }
    for index, value in enumerate(arguments):
        symbols[f"PAYLOAD_R{index}"] = value
    if platform.secondaries.mailbox is not None:
        symbols["MAILBOX"] = platform.secondaries.mailbox
    return BootCode(
        sources=tuple((f"{path.parent.name}/{path.name}", path) for path in sources),
        architecture=platform.architecture,
        cpu=platform.cpus[0].core,
        symbols=symbols,
        modes=entry.modes,
        cpus=target.cpus,
    )


def _pen(target: Target, folder: Path) -> Path:
    """The source of the pen in which secondaries wait."""
    secondaries = target.platform.secondaries
    if secondaries.method is StartMethod.MAILBOX:
        if secondaries.mailbox is None:
            raise fail(
                "missing-key",
                "the start method `mailbox` needs the key `mailbox`",
                origin=secondaries.origins.of("method"),
                hint="the address of the register that holds a secondary's entry point",
            )
        return folder / "armv7" / "mailbox.S"
    raise fail(
        "bad-value",
        f"there is no boot code for the start method `{secondaries.method.word}` yet",
        origin=secondaries.origins.of("method"),
        hint="`mailbox` is there",
    )


def _pl011_divisor(clock: int, baud: int) -> int:
    """The baud rate divisor in 1/64 (PL011 TRM, DDI 0183, "UARTFBRD"), rounded."""
    return (clock * 4 + baud // 2) // baud
