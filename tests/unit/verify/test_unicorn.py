# SPDX-License-Identifier: Apache-2.0
"""The embedded emulator on small programs: against QEMU where QEMU can do the same."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import pytest

from fwbuild.arm.cp15 import REGISTERS
from fwbuild.config.layers import BOOT_FOLDER
from fwbuild.config.rules import load_rules
from fwbuild.devicetree.blob import write_blob
from fwbuild.devicetree.tree import Node, Tree
from fwbuild.model.board import Board
from fwbuild.model.modes import ResetState
from fwbuild.model.problem import FwbuildError
from fwbuild.model.verdict import AT_RESET, CpuEvidence, EntryEvidence
from fwbuild.verify import unicorn
from fwbuild.verify.qemu import Qemu
from fwbuild.verify.unicorn import Unicorn
from tests.unit.verify.small import ADDRESS, MACHINE, PAYLOAD, board, image

#: Goes to the payload from wherever it is, with what an exception left in r4 to r6.
ARRIVE = """
arrive:
	mrs	r4, spsr
	mov	r5, lr
	ldr	r3, =PAYLOAD
	bx	r3
arrive_hyp:
	mrs	r4, spsr
	mrs	r5, elr_hyp
	ldr	r3, =PAYLOAD
	bx	r3
	.balign	32
vectors:
	mov	r6, #0
	mov	r6, #4
	mov	r6, #8
	b	2f
	b	3f
	b	4f
	b	park
	b	park
	.balign 32
hyp_vectors:
	b	park
	b	5f
	b	6f
	b	park
	b	park
	b	7f
	b	park
	b	park
2:	mov	r6, #0xc
	b	arrive
3:	mov	r6, #0x10
	b	arrive
4:	mov	r6, #0x14
	b	arrive
5:	mov	r6, #0x4
	b	arrive_hyp
6:	mov	r6, #0x8
	b	arrive_hyp
7:	mov	r6, #0x14
	b	arrive_hyp
"""
#: One handler for UNDEFINED, SVC and SMC: r6 tells which entry of the table it was.
ONE_BY_ONE = (
    ARRIVE.replace("mov	r6, #0\n", "b	park\n")
    .replace("mov	r6, #4\n", "b	8f\n")
    .replace("mov	r6, #8\n", "b	9f\n")
    + "8:	mov	r6, #4\n	b	arrive\n9:	mov	r6, #8\n	b	arrive\n"
)

START = """
entry:
	mov	r4, #0
	mov	r5, #0
	mov	r6, #0
	mov	lr, #0
	cmp	r4, #0				// reset leaves the condition flags UNKNOWN
	adr	r0, vectors
	mcr	p15, 0, r0, c12, c0, 0		// VBAR, secure
	cps	#0x16
	mcr	p15, 0, r0, c12, c0, 1		// MVBAR
	mov	r1, #0x31
	orr	r1, r1, #0x100
	mcr	p15, 0, r1, c1, c1, 0		// SCR: NS, FW, AW, HCE
	isb
	mcr	p15, 0, r0, c12, c0, 0		// VBAR, non-secure
	adr	r2, hyp_vectors
	mcr	p15, 4, r2, c12, c0, 0		// HVBAR
	mov	r1, #0
	mcr	p15, 4, r1, c1, c0, 0		// HSCTLR
	mcr	p15, 4, r1, c1, c1, 0		// HCR
"""
TO_SVC = "	adr	lr, 1f\n	mov	r1, #0x1d3\n	msr	spsr_cxsf, r1\n	movs	pc, lr\n1:\n"
TO_HYP = TO_SVC.replace("#0x1d3", "#0x1da")

#: Name -> (what to do after START, mode and vector where it ends).
EXCEPTIONS = {
    "undefined in non-secure svc": (f"{TO_SVC}	mrc	p15, 0, r0, c1, c1, 0\n	b	park\n", 0x1B, 4),
    "undefined in monitor mode": ("	.word	0xe7f000f0\n	b	park\n", 0x1B, 4),
    "undefined in hyp": (f"{TO_HYP}	.word	0xe7f000f0\n	b	park\n", 0x1A, 4),
    "svc": (f"{TO_SVC}	svc	#0\n	b	park\n", 0x13, 8),
    "svc in hyp": (f"{TO_HYP}	svc	#0\n	b	park\n", 0x1A, 8),
    "smc": (f"{TO_SVC}	smc	#0\n	b	park\n", 0x16, 8),
    "smc in hyp": (f"{TO_HYP}	smc	#0\n	b	park\n", 0x16, 8),
    "smc in monitor mode": ("	smc	#0\n	b	park\n", 0x16, 8),
    "hvc": (f"{TO_SVC}	hvc	#0\n	b	park\n", 0x1A, 0x14),
    "hvc in hyp": (f"{TO_HYP}	hvc	#0\n	b	park\n", 0x1A, 8),
    "smc that HCR.TSC traps": (
        f"	mov	r1, #0x80000\n	mcr	p15, 4, r1, c1, c1, 0\n{TO_SVC}	smc	#0\n	b	park\n",
        0x1A,
        0x14,
    ),
    "breakpoint": (f"{TO_SVC}	bkpt	#0\n	b	park\n", 0x17, 0xC),
}
AFTER = ("CPSR", "SCR", "r4", "r5", "r6")


def by_unicorn(
    folder: Path, text: str, registers: Sequence[str] = AFTER, on: Board | None = None, **options: str
) -> EntryEvidence:
    path, way = image(folder, text, registers, on or board(), **options)
    return Unicorn().observe_entry(MACHINE, path, way, deadline=20)


def cpu0(evidence: EntryEvidence) -> dict[str, int]:
    assert not evidence.failure
    assert evidence.cpus[0].reached == "payload", (evidence.cpus[0], evidence.notes)
    return dict(of_no_revision(evidence)[0].registers)


def of_no_revision(evidence: EntryEvidence) -> list[CpuEvidence]:
    """The CPUs without what tells one revision of a core from another."""
    return [
        dataclasses.replace(
            cpu, registers={name: value for name, value in cpu.registers.items() if not name.startswith(AT_RESET)}
        )
        for cpu in evidence.cpus
    ]


@pytest.mark.parametrize("name", EXCEPTIONS)
def test_an_exception_goes_where_qemu_takes_it(name: str, tmp_path: Path) -> None:
    text, mode, vector = EXCEPTIONS[name]
    path, way = image(tmp_path, START + text + ONE_BY_ONE, AFTER, board())
    seen = Unicorn().observe_entry(MACHINE, path, way, deadline=20)
    registers = cpu0(seen)
    assert (registers["CPSR"] & 0x1F, registers["r6"]) == (mode, vector)
    real = Qemu().observe_entry(MACHINE, path, way, deadline=20)
    assert registers == cpu0(real)
    assert of_no_revision(seen) == of_no_revision(real), "also the instructions counted and the writes made"


def test_a_load_from_nowhere_is_a_data_abort(tmp_path: Path) -> None:
    """QEMU's vexpress boards read zeros there instead: ignore_memory_transaction_failures."""
    text = f"{START}{TO_SVC}	mov	r1, #0\nfault:	ldr	r0, [r1]\n	b	park\n{ONE_BY_ONE}"
    path, way = image(tmp_path, text, AFTER, board())
    seen = Unicorn().observe_entry(MACHINE, path, way, deadline=20)
    registers = cpu0(seen)
    assert (registers["CPSR"] & 0x1F, registers["r6"], registers["r4"]) == (0x17, 0x10, 0x1D3)
    assert registers["r5"] == way.symbols["fault"] + 8
    assert any("data abort at 0x" in note for note in seen.notes)


@pytest.mark.parametrize(
    ("reset", "mode", "scr"),
    [
        (ResetState.SECURE_SVC, 0x13, 0),
        (ResetState.MONITOR, 0x16, 0),
        (ResetState.HYP, 0x1A, 0x131),
        (ResetState.SVC, 0x13, 0x31),
    ],
)
def test_a_cpu_starts_in_its_reset_state(reset: ResetState, mode: int, scr: int, tmp_path: Path) -> None:
    text = "entry:\n	ldr	r3, =PAYLOAD\n	bx	r3\n"
    seen = cpu0(by_unicorn(tmp_path, text, ("CPSR", "SCR", "r0", "HVBAR"), board(reset=reset)))
    assert seen["CPSR"] == 0x1C0 | mode
    assert seen["SCR"] == scr
    assert seen["r0"] != 0, "what reset leaves UNKNOWN is no zero to rely on"
    assert (seen["HVBAR"] != 0) == (scr == 0), "an earlier stage has set what secure code must set"


#: What to write into registers with few writable bits; others take the first value.
VALUES = {"CPACR": 0xF00000, "HCPTR": 0x33FF, "HDCR": 0x20, "HSTR": 0x8, "NSACR": 0xC00, "SCR": 0x1B1, "SCTLR": 0x2000}


def test_every_register_that_is_shown_shows_what_was_written(tmp_path: Path) -> None:
    """One that ignores writes must be hidden, or a rule about it would hold whatever the boot code does."""
    rules = load_rules(BOOT_FOLDER / "armv7" / "rules.toml")
    asked = sorted({row.register for row in rules.register} - {"CPSR", "MIDR", "MPIDR"})
    places = {name: place for place, name in REGISTERS.items()}
    lines = ["entry:", "	cps	#0x16", "	mov	r1, #1", "	mcr	p15, 0, r1, c1, c1, 0", "	isb"]
    for name in sorted(asked, key=lambda each: each == "SCR"):
        value = VALUES.get(name, 0x1000001 if name == "CNTFRQ" else 0x60)
        if name in ("CNTHP_CTL", "CNTP_CTL", "CNTV_CTL", "CNTHCTL"):
            value = 1
        if name in ("TTBCR",):
            value = 5
        lines.append(f"	ldr	r1, ={value:#x}")
        if name in ("CNTVOFF", "VTTBR"):
            opc1, crm = {"CNTVOFF": (4, 14), "VTTBR": (6, 2)}[name]
            lines += ["	mov	r2, #0", f"	mcrr	p15, {opc1}, r1, r2, c{crm}"]
            continue
        opc1, crn, crm, opc2 = places[name]
        lines.append(f"	mcr	p15, {opc1}, r1, c{crn}, c{crm}, {opc2}")
    lines += ["	ldr	r3, =PAYLOAD", "	bx	r3"]
    seen = by_unicorn(tmp_path, "\n".join(lines), asked)
    registers = cpu0(seen)
    written = {str(write.target): write.value for write in seen.cpus[0].writes}
    ignored = {name for name in registers if (registers[name] ^ written[name]) & written[name]}
    assert not ignored, "these ignore what is written: hide them"
    assert set(seen.hidden) == {"CNTHP_CTL", "CNTP_CTL", "CNTV_CTL"} == set(asked) - set(registers)


def test_each_cpu_has_its_own_type_and_number(tmp_path: Path) -> None:
    text = (
        "entry:\n	mrc	p15, 0, r4, c0, c0, 5\n	mrc	p15, 0, r5, c0, c1, 1\n	mrc	p15, 0, r6, c0, c0, 0\n"
    )
    text += "	cmp	r4, #0x80000000\n	ldreq	r3, =PAYLOAD\n	bxeq	r3\n	b	park\n"
    seen = by_unicorn(
        tmp_path, text, ("r4", "r5", "r6", "HVBAR", "CNTFRQ"), board("cortex-a15", "cortex-a7", "cortex-a9")
    )
    first, second, third = seen.cpus
    assert [cpu.registers["r4"] for cpu in seen.cpus] == [0x80000000, 0x80000001, 0x80000002]
    assert [cpu.registers["r6"] >> 4 & 0xFFF for cpu in seen.cpus] == [0xC0F, 0xC07, 0xC09]
    assert (first.reached, second.reached, third.reached) == ("payload", "parked", "parked")
    assert "HVBAR" in second.registers
    assert not {"HVBAR", "CNTFRQ"} & third.registers.keys(), "a Cortex-A9 has neither hyp mode nor CNTFRQ"


PEN = """
entry:
	mrc	p15, 0, r4, c0, c0, 5
	tst	r4, #3
	ldreq	r3, =PAYLOAD
	bxeq	r3
	b	pen
"""
WAKING = """
park:
	b	park
	.balign	32
dead_vectors:
	b	.
	b	.
	b	.
	b	.
	b	.
	b	.
	b	.
	b	.
pen:
	ldr	r4, =FLAGS
1:	ldr	r3, [r4]
	cmp	r3, #0
	bne	pen_release
	wfi
	b	1b
pen_release:
	bx	r3
"""
#: From secure state: every SGI to group 1, all priorities through, both groups on.
OPEN_GIC = """
	ldr	r0, =GICC
	mvn	r1, #0
	str	r1, [r0, #-0xf80]
	mov	r1, #0xff
	str	r1, [r0, #4]
	mov	r1, #3
	str	r1, [r0]
"""


def test_a_secondary_that_sleeps_is_called_by_the_model(tmp_path: Path) -> None:
    seen = by_unicorn(
        tmp_path,
        PEN.replace("	b	pen", f"{OPEN_GIC}	b	pen"),
        ("r3",),
        board("cortex-a15", "cortex-a7"),
        tail=WAKING,
    )
    assert [cpu.reached for cpu in seen.cpus] == ["payload", "payload"]
    assert seen.cpus[1].pc == seen.cpus[1].registers["r3"] != PAYLOAD
    assert seen.notes == (
        "secondaries were called by the model and not by the payload, which was not run:"
        f" {seen.cpus[1].pc:#x} in the mailbox and an SGI from secure state",
    )


@pytest.mark.parametrize(
    ("change", "reached", "note"),
    [
        (("", ""), "pen", "CPU 1 was called and did not leave the pen (GICD_CTLR 0x3, GICC_CTLR 0x0"),
        (("wfi", "nop"), "payload", "CPU 1 does not sleep in the pen"),
        (("bx	r3", "ldr	pc, =PAYLOAD"), "nowhere: it was not sent here", ""),
    ],
)
def test_a_pen_that_is_wrong_is_seen(change: tuple[str, str], reached: str, note: str, tmp_path: Path) -> None:
    text = PEN if change == ("", "") else PEN.replace("	b	pen", f"{OPEN_GIC}	b	pen")
    seen = by_unicorn(tmp_path, text, ("r3",), board("cortex-a15", "cortex-a15"), tail=WAKING.replace(*change))
    assert seen.cpus[1].reached.startswith(reached), seen
    assert any(each.startswith(note) for each in seen.notes)


def spinning(release_address: int) -> str:
    """A program whose secondaries wait by WFE for their word, with the tree that tells the payload of it."""
    cpus = Node("cpus", children={})
    for number in (0, 1):
        node = cpus.children[f"cpu@{number}"] = Node(f"cpu@{number}")
        node.properties = {"reg": number.to_bytes(4, "big"), "cpu-release-addr": release_address.to_bytes(8, "big")}
    blob = write_blob(Tree(root=Node("", children={"cpus": cpus})))
    blob += bytes(-len(blob) % 4)
    words = [int.from_bytes(blob[at : at + 4], "little") for at in range(0, len(blob), 4)]
    lines = "".join(f"	.word	{word:#x}\n" for word in words)
    text = PEN.replace("	ldreq	r3, =PAYLOAD\n", "	ldreq	r3, =PAYLOAD\n	ldreq	r2, =tree\n")
    return f"	.balign	8\ntree:\n{lines}{text}"


@pytest.mark.parametrize(("address", "reached"), [(0x80003000, "payload"), (0, "pen")])
def test_a_secondary_without_a_mailbox_is_called_by_its_word(address: int, reached: str, tmp_path: Path) -> None:
    pen = WAKING.replace("=FLAGS", "=0x80003000").replace("wfi", "wfe")
    seen = by_unicorn(tmp_path, spinning(address), ("r2",), board("cortex-a15", "cortex-a9", mailbox=None), tail=pen)
    assert [cpu.reached for cpu in seen.cpus] == ["payload", reached], seen.notes
    assert "in their words of cpu-release-addr and SEV" in seen.notes[0]


def test_a_conditional_branch_out_of_the_pen_is_no_way_out_until_it_is_taken(tmp_path: Path) -> None:
    pen = WAKING.replace(
        "	bne	pen_release\n	wfi\n	b	1b\npen_release:\n	bx	r3\n",
        "pen_release:\n	bxne	r3\n	wfi\n	b	1b\n",
    )
    assert pen != WAKING
    for gic, reached in ((OPEN_GIC, "payload"), ("", "pen")):
        text = PEN.replace("	b	pen", f"{gic}	b	pen")
        seen = by_unicorn(tmp_path, text, ("r3",), board("cortex-a15", "cortex-a15"), tail=pen)
        assert [cpu.reached for cpu in seen.cpus] == ["payload", reached]
        assert not any("does not sleep" in note for note in seen.notes)


def test_what_the_boot_code_prints_is_kept(tmp_path: Path) -> None:
    off = "entry:\n	ldr	r0, =UART\n	mov	r1, #0x4e\n	str	r1, [r0]\n"
    on = "	ldr	r1, =0x301\n	str	r1, [r0, #0x30]\n	mov	r1, #0x6f\n	str	r1, [r0]\n	mov	r1, #0x6b\n	strb	r1, [r0]\n"
    seen = by_unicorn(tmp_path, f"{off}{on}	b	park\n")
    assert seen.console == "ok", "and what is sent while the port is off is lost"


def test_an_access_beside_the_devices_is_noted(tmp_path: Path) -> None:
    text = "entry:\n	ldr	r0, =FLAGS\n	ldr	r4, [r0, #0x10]\n	ldr	r3, =PAYLOAD\n	bx	r3\n"
    seen = by_unicorn(tmp_path, text)
    assert cpu0(seen)["r4"] == 0
    assert seen.notes == ("CPU 0 read 0x1c010040, where the model has no device",)


@pytest.mark.parametrize(
    ("child", "words", "deadline"),
    [
        ("import os; os.kill(os.getpid(), 11)", "it crashed (signal 11)", 20),
        ("import time; time.sleep(60)", "it did not end within 1 seconds", 1),
        ("print('{')", "its answer makes no sense", 20),
        ("print('{}')", "its answer makes no sense", 20),
        ("import sys; sys.exit('no libunicorn')", "it ended with status 1: no libunicorn", 20),
    ],
)
def test_a_child_that_fails_is_reported(
    child: str, words: str, deadline: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, way = image(tmp_path, "entry:\n	b	park\n", (), board())
    monkeypatch.setattr(unicorn, "_START", child)
    seen = Unicorn().observe_entry(MACHINE, path, way, deadline=deadline)
    assert seen.failure.startswith(f"unicorn's process gave no evidence: {words}"), seen.failure
    assert seen.cpus == ()


def test_boot_code_that_never_ends_is_told_from_a_child_that_hangs(tmp_path: Path) -> None:
    seen = by_unicorn(tmp_path, "entry:\n	b	entry\n")
    assert seen.failure == ""
    assert seen.cpus[0].reached == "nowhere: it goes round in the boot code"


def test_an_unknown_core_and_an_image_outside_ram_are_named(tmp_path: Path) -> None:
    text = "entry:\n	b	park\n"
    assert "no model of the core cortex-a17" in by_unicorn(tmp_path, text, (), board("cortex-a17")).failure
    assert not Unicorn().embeds(board("cortex-a17"))
    assert Unicorn().embeds(board("cortex-a9", "cortex-a7"))
    path, way = image(tmp_path, text, (), board())
    elsewhere = board().from_json({**board().to_json(), "memory": [[0x40000000, 0x1000]]})
    seen = Unicorn().observe_entry(MACHINE, path, dataclasses.replace(way, board=elsewhere), deadline=20)
    assert f"a segment at {ADDRESS:#x}, and the board no RAM there" in seen.failure


def test_it_says_plainly_that_it_has_no_console(tmp_path: Path) -> None:
    with pytest.raises(FwbuildError, match="unicorn has CPUs only"):
        Unicorn().observe_console(MACHINE, tmp_path, [], [], deadline=1)
    with pytest.raises(FwbuildError, match="unicorn has CPUs only"):
        Unicorn().command(MACHINE, tmp_path, interactive=True)
