# SPDX-License-Identifier: Apache-2.0
"""The conformance payload: says how it was entered, then tries to get back what was dropped.

docs/reference/conformance.md has its lines and what each must say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fwbuild.plugin import (
    BOOT_CODE,
    DEVICE_TREE,
    AddressOf,
    Assembly,
    AttemptRule,
    ConsoleRule,
    Contribution,
    Cpus,
    Entry,
    Mode,
    Needs,
    Number,
    Origins,
    Part,
    Payload,
    Reading,
    Report,
    Seal,
    StartMethod,
    Target,
    core_source,
    fail,
    hookimpl,
    no_origins,
    setting,
)

#: What the payload takes in memory, its stacks and its copy of the boot code included.
_RESERVE = 0x4000
#: How many banks of RAM it can write over.
_BANKS = 4
_PART = "conformance"

#: Its own sources, in this order, with those of the boot code around them.
_SOURCES = ("names", "entry", "try", "print", "readings", "attempts", "gic", "overwrite", "secondaries", "texts")

_ANY = tuple(Mode)
_NONSECURE = (Mode.HYP, Mode.SVC)
_SECURE = (Mode.MONITOR, Mode.SECURE_SVC)
_HYP = (Mode.HYP,)
_SVC = (Mode.SVC,)
_KEPT = {Mode.MONITOR: "secure state", Mode.HYP: "hyp"}

#: What may come of an attempt, by how well the mode is sealed.
_UNDEFINED = dict.fromkeys(Seal, ("undefined",))
_REFUSED = dict.fromkeys(Seal, ("undefined", "no-effect"))
_NOTHING = dict.fromkeys(Seal, ("no-effect",))
_ANSWERED = {**_UNDEFINED, Seal.FIRMWARE: ("undefined", "answered"), Seal.RESERVED: ("undefined", "answered")}


@dataclass(frozen=True, slots=True, kw_only=True)
class ConformanceOptions:
    """What a recipe's ``[payload]`` may say."""

    type: str = setting("`conformance`")
    modes: tuple[Mode, ...] = setting(
        "the modes that it says it accepts, most preferred first",
        default=(Mode.HYP, Mode.SVC, Mode.MONITOR, Mode.SECURE_SVC),
        nonempty=True,
        unique=True,
    )
    uniform: bool = setting("whether every CPU must be in the same mode", default=False)
    secondaries: tuple[StartMethod, ...] = setting(
        "the ways to start secondary CPUs that it says it knows",
        default=(StartMethod.SPIN_TABLE, StartMethod.MAILBOX),
        nonempty=True,
        unique=True,
    )
    origins: Origins = field(default_factory=no_origins, compare=False, repr=False)


def _registers(names: str, against: Mode, needs: Needs = "") -> Iterator[AttemptRule]:
    for name in names.split():
        register, _, access = name.partition("-")
        yield AttemptRule(
            attempt=name,
            against=against,
            allowed=_UNDEFINED,
            needs=needs,
            text=f"a {access} of {register.upper()} is UNDEFINED",
            source="ARM ARM (DDI 0406C) B3.15.3, banked and restricted system control registers",
        )


def _calls(call: str, names: str, against: Mode) -> Iterator[AttemptRule]:
    source = f"ARM ARM (DDI 0406C), {'SCR.SCD' if call == 'smc' else 'SCR.HCE'}"
    for name in names.split():
        text = f"{call.upper()} does not lead back to {_KEPT[against]}"
        yield AttemptRule(attempt=f"{call}-{name}", against=against, allowed=_ANSWERED, text=text, source=source)
    yield AttemptRule(
        attempt=f"{call}-overwritten",
        against=against,
        # A mode that only the device tree keeps from the payload is regained like this.
        allowed={**_ANSWERED, Seal.RESERVED: ("undefined", "answered", f"reached-{against.word}")},
        text=f"{call.upper()} executes nothing that was written over memory",
        source=source,
    )


def _by_mode(names: str, against: Mode, modes: tuple[Mode, ...]) -> Iterator[AttemptRule]:
    for name in names.split():
        yield AttemptRule(
            attempt=f"{name}-{against.word}",
            against=against,
            modes=modes,
            allowed=_REFUSED,
            text=f"{name.upper()} does not lead to {against.word} mode",
            source="ARM ARM (DDI 0406C) B1.3.1 and B9.3: the mode cannot be written from outside",
        )


def _banked(name: str, against: Mode) -> AttemptRule:
    return AttemptRule(
        attempt=name,
        against=against,
        allowed=_REFUSED,
        needs="virtualization",
        text=f"{against.word} mode's banked registers are out of reach",
        source="ARM ARM (DDI 0406C) B9.2.3, usage restrictions on the banked register transfers",
    )


def _other(name: str, allowed: Mapping[Seal, tuple[str, ...]], text: str, source: str, cpus: Cpus) -> AttemptRule:
    return AttemptRule(attempt=name, against=Mode.MONITOR, cpus=cpus, allowed=allowed, text=text, source=source)


_HAND_OFF = "docs/explanation/hand-off.md"
_ATTEMPTS = (
    *_calls("smc", "zero ones psci vectors", Mode.MONITOR),
    *_registers("scr-read scr-write mvbar-read mvbar-write nsacr-write sder-read", Mode.MONITOR),
    *_registers("cntfrq-write", Mode.MONITOR, "generic-timer"),
    *_by_mode("cps msr rfe", Mode.MONITOR, _NONSECURE),
    *_by_mode("movs ldm", Mode.MONITOR, _SVC),
    *_by_mode("eret", Mode.MONITOR, _HYP),
    _banked("banked-monitor", Mode.MONITOR),
    *_calls("hvc", "zero ones vectors", Mode.HYP),
    *_registers("hvbar-read hvbar-write hcr-write hsctlr-write cnthctl-write cntvoff-write vttbr-write", Mode.HYP),
    *_by_mode("cps msr rfe movs ldm", Mode.HYP, _SVC),
    _banked("banked-hyp", Mode.HYP),
    _other("gic-group", _NOTHING, "no interrupt goes back to group 0", "IHI 0048B, GICD_IGROUPRn", "all"),
    _other("gic-view", _NOTHING, "the GIC's secure bits are out of reach", "IHI 0048B, GICC_CTLR, GICD_CTLR", "all"),
    _other(
        "interrupts",
        dict.fromkeys(Seal, ("irq", "fiq", "no-effect")),
        "IRQs and FIQs come to the payload's own vectors, or not at all",
        "ARM ARM (DDI 0406C), SCR.IRQ and SCR.FIQ",
        "all",
    ),
    _other(
        "abort",
        dict.fromkeys(Seal, ("data-abort", "answered")),
        "external aborts come to the payload's own vectors",
        "ARM ARM (DDI 0406C), SCR.EA",
        "all",
    ),
    _other(
        "early",
        dict.fromkeys(Seal, ("same-mode", "no-effect")),
        "when the payload begins, no other CPU is in secure state any more",
        _HAND_OFF,
        "secondary",
    ),
    _other(
        "pen",
        dict.fromkeys(Seal, ("same-mode", "no-effect")),
        "a CPU in the pen executes what was written over it in the payload's mode",
        _HAND_OFF,
        "secondary",
    ),
    _other("wake-twice", _NOTHING, "a CPU that was called cannot be called again", _HAND_OFF, "secondary"),
)


_READINGS = (
    *(
        Reading(register=name, modes=_ANY)
        for name in (
            *(
                "CPSR",
                "r0",
                "r1",
                "r2",
                "MIDR",
                "MPIDR",
                "ID_PFR1",
                "SCTLR",
                "ACTLR",
                "CPACR",
                "TTBCR",
                "VBAR",
            ),
            *("GICD_CTLR", "GICC_CTLR", "GICC_PMR"),
        )
    ),
    Reading(register="NSACR", modes=_ANY, needs="security"),
    *(Reading(register=name, modes=_ANY, needs="generic-timer") for name in ("CNTFRQ", "CNTP_CTL", "CNTV_CTL")),
    *(Reading(register=name, modes=_SECURE) for name in ("SCR", "MVBAR")),
    *(
        Reading(register=name, modes=_HYP)
        for name in (
            *("HVBAR", "HSCTLR", "HCR", "HDCR", "HCPTR", "HSTR", "VPIDR", "VMPIDR"),
            *("CNTHCTL", "CNTHP_CTL", "CNTVOFF", "VTTBR"),
        )
    ),
)


@hookimpl
def fwbuild_payloads() -> Sequence[Payload]:
    """The conformance payload."""
    summary = "reports how it was entered and attacks what was dropped"
    return [Payload(name="conformance", summary=summary, options=ConformanceOptions)]


@hookimpl
def fwbuild_contribute(target: Target) -> Contribution | None:
    """The payload, assembled for its place, and what its report must say."""
    options = target.options
    if not isinstance(options, ConformanceOptions):
        return None
    return Contribution(
        entry=Entry(
            part=_PART,
            modes=options.modes,
            uniform=options.uniform,
            secondaries=options.secondaries,
            carrier="recogniser",
            arguments=(0, 0xFFFFFFFF, AddressOf(DEVICE_TREE)),
        ),
        parts=(Part(name=_PART, text="conformance payload", size=_RESERVE, memory_size=_RESERVE),),
        assemblies=(Assembly(part=_PART, sources=_sources(target), symbols=_symbols(target)),),
        console=(ConsoleRule(id="conformance-end", pattern=r"^conformance: end$", text="the payload has done"),),
        report=Report(prefix="conformance", readings=_READINGS, attempts=_ATTEMPTS),
    )


def _sources(target: Target) -> tuple[Path, ...]:
    folder = Path(__file__).parent / "asm"
    own = (folder / f"{name}.S" for name in _SOURCES)
    console = core_source(f"console/{target.platform.console.driver}")
    return (core_source("armv7/registers"), *own, console, folder / "memory.S")


def _symbols(target: Target) -> dict[str, Number]:
    banks = target.platform.memory
    if len(banks) > _BANKS:
        raise fail(
            "bad-payload",
            f"the conformance payload can write over {_BANKS} banks of RAM, {target.platform.name} has {len(banks)}",
            origin=banks[_BANKS].origins.of("start"),
            hint="give a neighbouring bank's table the size of both",
        )
    behind = max(bank.start + bank.size for bank in banks) & 0xFFFFFFFF
    symbols: dict[str, Number] = {"RESERVE": _RESERVE, "RESIDENT": AddressOf(BOOT_CODE), "BEHIND_RAM": behind}
    for index in range(_BANKS):
        there = index < len(banks)
        symbols[f"RAM_{index}"] = banks[index].start if there else 0
        symbols[f"RAM_{index}_PAGES"] = banks[index].size >> 12 if there else 0
    return symbols
