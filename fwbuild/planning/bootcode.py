# SPDX-License-Identifier: Apache-2.0
"""Puts the boot code together: which sources, and the numbers that they are given."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path

from fwbuild.model.contribution import Entry, Shim, Target
from fwbuild.model.modes import Mode, ResetState, StartMethod
from fwbuild.model.plan import BootCode
from fwbuild.model.platform import Core
from fwbuild.model.problem import fail
from fwbuild.model.region import Region
from fwbuild.planning.choose import modes_at_run_time

#: What the boot code may take in memory, in bytes: it must fit in one page.
BOOT_CODE_RESERVE = 0x1000

#: Bytes from one of the three cells of a CPU's record to the next: a property's header
#: (tag, length, name; Devicetree Specification 5.4.1) and its four bytes.
CELL_STRIDE = 16

#: In the order in which they run; some go on in the next.
_SOURCES = (
    "registers",
    "vectors",
    "entry",
    "refuse",
    "choose",
    "secure",
    "gicv2",
    "nonsecure",
    "hyp",
    "leave",
    "texts",
)


def boot_code(
    target: Target,
    entry: Entry,
    folder: Path,
    region: Region,
    payload: int,
    arguments: Sequence[int],
    *,
    through: Shim | None = None,
) -> BootCode:
    """The boot code for ``target``; ``folder`` is fwbuild's own boot folder.

    ``region`` is where it will lie, ``payload`` the address of the payload's first
    instruction and ``arguments`` are its r0, r1 and r2. If the way leads ``through`` a
    shim, ``payload`` is where that begins, for secondaries too. Raises FwbuildError if the
    platform asks for what there is no boot code for.
    """
    platform = target.platform
    sources = [folder / "armv7" / f"{name}.S" for name in _SOURCES]
    sources.append(folder / "console" / f"{platform.console.driver}.S")
    sources.append(_pen(target, folder))
    capable = next((cpu for cpu, core in zip(target.cpus, target.cores, strict=True) if core.virtualization), None)
    return BootCode(
        sources=tuple((f"{path.parent.name}/{path.name}", path) for path in sources),
        architecture=platform.architecture,
        # The assembler must know hyp's instructions if any CPU has them.
        cpu=(capable or target.cpus[0]).core,
        symbols={
            **_symbols_of_platform(target, region),
            **_symbols_of_payload(modes_at_run_time(entry, target.cores), payload, arguments, uniform=entry.uniform),
            "HAS_HYP": int(capable is not None),
            "SECONDARY_ENTRY": payload if through else 0,
        },
        cpus=target.cpus,
    )


def earlier_stage(target: Target, boot: BootCode) -> BootCode:
    """What brings every CPU from the state in which a machine starts into the platform's reset state.

    It is the boot code once more, with the boot code proper as its payload. Its symbols
    leave out where that begins: PAYLOAD_ENTRY and SECONDARY_ENTRY are its label `entry`.
    """
    by_state = {
        ResetState.MONITOR: Mode.MONITOR,
        ResetState.HYP: Mode.HYP,
        ResetState.SVC: Mode.SVC,
        ResetState.SECURE_SVC: Mode.SECURE_SVC,
    }
    mode = by_state[target.platform.reset.state]
    # Nobody is waited for: the CPUs go straight on, and have no record to write.
    symbols = {**boot.symbols, "ENTRY_MODES": int(mode), "UNIFORM": 0, "WAITING_0": 0, "WAITING_1": 0}
    symbols["WANTS_SECURE"] = int(mode in (Mode.MONITOR, Mode.SECURE_SVC))
    del symbols["PAYLOAD_ENTRY"], symbols["SECONDARY_ENTRY"]
    return dataclasses.replace(boot, symbols=symbols)


def _symbols_of_platform(target: Target, region: Region) -> Mapping[str, int]:
    platform = target.platform
    core = target.cores[0]
    shift, mask = cpu_hash([cpu.mpidr for cpu in target.cpus])
    waiting = sum(1 << 8 * _slot(cpu.mpidr, shift, mask) for cpu in target.cpus)
    if mask > 7:
        raise fail(
            "bad-value",
            f"the boot code knows at most 8 CPUs, in a table of 8 places; {platform.name} needs {mask + 1}",
            origin=platform.cpus[-1].origins.of("mpidr"),
            hint="`cpus` in the recipe takes fewer of them",
        )
    divisor = _pl011_divisor(platform.console.clock, platform.console.baud)
    differ = any(_settings(other) != _settings(core) for other in target.cores)
    line_shift = 4 if differ else 3
    return {
        "CORES_DIFFER": int(differ),
        "CPU_LINE_SHIFT": line_shift,
        "CPU_HASH_SHIFT": shift,
        "CPU_HASH_MASK": mask,
        "BOOT_MPIDR": target.cpus[0].mpidr,
        "WAITING_0": waiting & 0xFFFFFFFF,
        "WAITING_1": waiting >> 32,
        "CELL_STRIDE": CELL_STRIDE,
        "TIMER_FREQUENCY": platform.timer.frequency if platform.timer else 0,
        "ACTLR_SET": core.actlr_set,
        "NSACR_OPEN": core.nsacr,
        "GIC_DISTRIBUTOR": platform.gic.distributor,
        "GIC_CPU_INTERFACE": platform.gic.cpu_interface,
        "CONSOLE": platform.console.address,
        "CONSOLE_IBRD": divisor >> 6,
        "CONSOLE_FBRD": divisor & 0x3F,
        "MAILBOX": platform.secondaries.mailbox or 0,
        "MAILBOX_CLEAR": platform.secondaries.mailbox_clear or 0,
        "RELEASE_WORDS": region.end - ((mask + 1) << line_shift),
    }


def _settings(core: Core) -> tuple[object, ...]:
    """What the boot code sets, or leaves alone, by core."""
    return core.actlr_set, core.nsacr, core.generic_timer


def _symbols_of_payload(
    modes: Sequence[Mode], payload: int, arguments: Sequence[int], *, uniform: bool
) -> Mapping[str, int]:
    secure = {Mode.MONITOR, Mode.SECURE_SVC}.intersection(modes)
    return {
        # Four bits for each mode, the most preferred lowest.
        "ENTRY_MODES": sum(int(mode) << 4 * index for index, mode in enumerate(modes)),
        # With one mode to choose from, nobody needs to know what the boot CPU chose.
        "UNIFORM": int(uniform and len(modes) > 1),
        "WANTS_SECURE": int(bool(secure)),
        "PAYLOAD_ENTRY": payload,
        **{f"PAYLOAD_R{index}": value for index, value in enumerate(arguments)},
    }


def cpu_hash(mpidrs: Sequence[int]) -> tuple[int, int]:
    """Shift and mask that give each of ``mpidrs`` a place of its own in a small table.

    The place of a CPU is ``(mpidr + (mpidr >> shift)) & mask``, or ``mpidr & mask`` with no
    shift: found in the same number of instructions for the first CPU and the last.
    """
    mask = 1
    while mask < len(mpidrs) - 1:
        mask = mask << 1 | 1
    while True:
        for shift in range(24):
            if len({_slot(mpidr, shift, mask) for mpidr in mpidrs}) == len(mpidrs):
                return shift, mask
        mask = mask << 1 | 1


def _slot(mpidr: int, shift: int, mask: int) -> int:
    return (mpidr + (mpidr >> shift if shift else 0)) & mask


def release_offset(target: Target, mpidr: int) -> int:
    """Where a CPU's release word lies: bytes from the boot code's first byte.

    The words lie in the order of cpu_table, each in as many bytes as a line there.
    """
    symbols = _symbols_of_platform(target, Region(0, BOOT_CODE_RESERVE))
    slot = _slot(mpidr, symbols["CPU_HASH_SHIFT"], symbols["CPU_HASH_MASK"])
    return symbols["RELEASE_WORDS"] + (slot << symbols["CPU_LINE_SHIFT"])


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
    if secondaries.method is StartMethod.SPIN_TABLE:
        return folder / "armv7" / "spin_table.S"
    raise fail(
        "bad-value",
        f"there is no boot code for the start method `{secondaries.method.word}` yet",
        origin=secondaries.origins.of("method"),
        hint="`mailbox` and `spin-table` are there",
    )


def _pl011_divisor(clock: int, baud: int) -> int:
    """The baud rate divisor in 1/64 (PL011 TRM, DDI 0183, "UARTFBRD"), rounded."""
    return (clock * 4 + baud // 2) // baud
