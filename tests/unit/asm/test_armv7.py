# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from fwbuild.asm.armv7_forms import CPUS, TABLE
from fwbuild.asm.armv7_rules import RULES
from fwbuild.model.problem import FwbuildError
from tests.unit.asm import oracle
from tests.unit.asm.programs import normal, problem, problems

CONSTANT = "(a constant is eight bits, rotated by an even number; `ldr reg, =number` loads any)"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("MOV R0, #0x1F", "mov r0, #31"),
        ("moval r13, r15", "mov sp, pc"),
        ("movcs sb, sl", "movhs r9, r10"),
        ("addcc fp, ip", "addlo r11, r11, r12"),
        ("add r0, #4", "add r0, r0, #4"),
        ("lsl r0, #4", "lsl r0, r0, #4"),
        ("mul r0, r1", "mul r0, r1, r0"),
        ("lsls r0, r1, #0", "movs r0, r1"),
        ("mov r0, r1, lsl #3", "lsl r0, r1, #3"),
        ("movs r0, r1, rrx", "rrxs r0, r1"),
        ("mov r0, r1, asr r2", "asr r0, r1, r2"),
        ("add r0, r1, r2, lsl #0", "add r0, r1, r2"),
        ("ldr r0, [r1, #0]", "ldr r0, [r1]"),
        ("ldr r0, [r1, #-0]", "ldr r0, [r1, #-0]"),
        ("ldr r0, [r1, #0]!", "ldr r0, [r1, #0]!"),
        ("ldr r0, [r1], #-(4 - 4)", "ldr r0, [r1], #-0"),
        ("ldr r0, [r1, r2, lsl #0]!", "ldr r0, [r1, r2]!"),
        ("ldr r0, [r1, +r2]", "ldr r0, [r1, r2]"),
        ("push {r4}", "str r4, [sp, #-4]!"),
        ("push {r4, lr}", "push {r4, lr}"),
        ("stmfd sp!, {r4-r6, lr}", "push {r4, r5, r6, lr}"),
        ("pop {r4}", "pop {r4}"),
        ("ldr r4, [sp], #4", "pop {r4}"),
        ("ldmfd sp!, {r5, r4, pc}", "pop {r4, r5, pc}"),
        ("ldmfd sp!, {r4}", "ldm sp!, {r4}"),
        ("ldmia sp!, {r4, pc}^", "ldm sp!, {r4, pc}^"),
        ("ldmea r0, {r1}", "ldmdb r0, {r1}"),
        ("stmea r0!, {r1}", "stm r0!, {r1}"),
        ("stmed r0, {r1}^", "stmda r0, {r1}^"),
        ("mov r0, #-1", "mvn r0, #0"),
        ("movs r0, #~0", "mvns r0, #0"),
        ("mov r0, #0x1234", "movw r0, #4660"),
        ("moveq r0, #0xffff", "movweq r0, #65535"),
        ("and r0, r1, #~1", "bic r0, r1, #1"),
        ("sub r0, #-4", "add r0, r0, #4"),
        ("cmpne r0, #-1", "cmnne r0, #1"),
        ("adc r0, r1, #~0", "sbc r0, r1, #0"),
        ("mrs r0, cpsr", "mrs r0, apsr"),
        ("msr cpsr, r0", "msr cpsr_fc, r0"),
        ("msr CPSR_cxsf, r0", "msr cpsr_fsxc, r0"),
        ("msr cpsr_f, #0xf0000000", "msr apsr_nzcvq, #4026531840"),
        ("msr ELR_hyp, lr", "msr elr_hyp, lr"),
        ("cpsid fia", "cpsid aif"),
        ("cps #0x16", "cps #22"),
        ("dsb", "dsb sy"),
        ("isb", "isb sy"),
        ("svc 1", "svc #1"),
        ("mcr p15, #0, r0, c1, c0", "mcr p15, 0, r0, c1, c0, 0"),
        ("movw r0, #:lower16:0x12345678", "movw r0, #22136"),
        ("movt r0, #:UPPER16:(0x12345678 + 0x10000)", "movt r0, #4661"),
        ("movt r0, #:upper16:.", "movt r0, #0"),
        ("movw r0, #:lower16:. + 8", "movw r0, #32776"),
        ("adr r0, . + 8", "add r0, pc, #0"),
        ("adrne r0, .", "subne r0, pc, #8"),
        ("adr r0, . + 0x808", "add r0, pc, #2048"),
        ("ldr r0, .", "ldr r0, [pc, #-8]"),
        ("ldrh r0, . + 9", "ldrh r0, [pc, #1]"),
        ("ldr r0, . + 8", "ldr r0, [pc]"),
        ("ldr r0, . + 4103", "ldr r0, [pc, #4095]"),
        ("ldrd r0, r1, . - 247", "ldrd r0, r1, [pc, #-255]"),
        ("b .", "b +0"),
        ("bls . - 8", "bls -8"),
        ("bleq . + 0x2000004", "bleq +33554436"),
        ("bl . - 0x1fffff8", "bl -33554424"),
        ("b 0x9000", "b +4096"),
        ("b LABEL + 4", "b +8"),
    ],
)
def test_there_is_one_way_to_write_an_instruction(text: str, expected: str) -> None:
    assert normal(text, symbols={"LABEL": 0x8004}) == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "frobnicate r0",
            "1:1: unknown instruction `frobnicate` (see docs/reference/assembler.md for those there are)",
        ),
        ("movv r0, r1", "1:1: unknown instruction `movv` (did you mean `mov`?)"),
        ("nop.w", "1:1: unknown instruction `nop.w` (did you mean `nop`?)"),
        ("moveqs r0, r1", "1:1: unknown instruction `moveqs`"),
        ("cpsidne i", "1:1: unknown instruction `cpsidne`"),
        ("erets", "1:1: unknown instruction `erets`"),
        ("lda r0, [r1]", "1:1: unknown instruction `lda`"),
        ("sevl", "1:1: unknown instruction `sevl`"),
        ("swp r0, r1, [r2]", "1:1: unknown instruction `swp`"),
        ("vmov s0, r0", "1:1: unknown instruction `vmov`"),
        ("mov r0, 5", "1:9: `mov` does not take these operands: `5` does not fit (it takes reg, #const;"),
        ("mov r0", "1:7: `mov` does not take these operands: the end of the statement does not fit"),
        ("mov r0, r99", "1:9: `mov` does not take these operands: `r99` does not fit"),
        ("ldr r0, [r1, #4", "1:16: `ldr` does not take these operands: the end of the statement does not fit"),
        ("push r0", "1:6: `push` does not take these operands: `r0` does not fit (it takes list)"),
        ("push {r0, CONSOLE}", "1:11: `push` does not take these operands: `CONSOLE` does not fit"),
        ("b lr", "1:3: `b` does not take these operands: `lr` does not fit (it takes target)"),
        ("b #8", "1:3: `b` does not take these operands: `#` does not fit"),
        ("blx label", "1:5: `blx` does not take these operands: `label` does not fit (it takes gpr)"),
        ("dmb ishld", "1:5: `dmb` does not take these operands: `ishld` does not fit"),
        ("msr cpsr_cc, r0", "1:5: `msr` does not take these operands: `cpsr_cc` does not fit"),
        ("mov r0, #(", "1:11: expected a number, a symbol or `(` but found the end of the statement"),
        ("mul pc, r0, r1", "1:5: `pc` cannot be used here"),
        ("ldr r0, [r15, #4]!", "1:10: `r15` cannot be used here"),
        ("mcr p10, 7, r0, c8, c0, 0", "1:5: `p10` cannot be used here; it is one of p14 to p15"),
        ("mcr p15, 0, r0, c16, c0, 0", "1:17: `c16` cannot be used here; it is one of c0 to c15"),
        ("mcr p15, 8, r0, c1, c0, 0", "1:10: 8 is not from 0 to 7"),
        ("mov r0, #0x12345", f"1:9: 74565 (0x12345) is not a constant that `mov` can hold {CONSTANT}"),
        ("movs r0, #0x1234", f"1:10: 4660 (0x1234) is not a constant that `movs` can hold {CONSTANT}"),
        ("orr r0, r1, #-1", f"1:13: 4294967295 (0xffffffff) is not a constant that `orr` can hold {CONSTANT}"),
        ("moveq pc, #0x1234", f"1:11: 4660 (0x1234) is not a constant that `moveq` can hold {CONSTANT}"),
        ("msr cpsr_c, #0x101", f"1:13: 257 (0x101) is not a constant that `msr` can hold {CONSTANT}"),
        ("mov r0, #0x1ffffffff", "1:10: 8589934591 (0x1ffffffff) does not fit into 32 bits"),
        ("mov r0, #CONSOLE + 0x100000000", "1:10: 4295032832 (0x100010000) does not fit into 32 bits"),
        ("x: mov r0, #x", "1:13: an immediate must be a number, and this is an address"),
        ("x: ldr r0, [r1, #x]", "1:18: an immediate must be a number, and this is an address"),
        ("movw r0, #0x10000", "1:11: 65536 (0x10000) is not from 0 to 65535"),
        ("movt r0, #-1", "1:11: -1 is not from 0 to 65535"),
        ("movt r0, #:lower16:0", "1:10: `movt` does not take these operands: `#` does not fit"),
        ("ldr r0, [r1, #4096]", "1:15: 4096 (0x1000) is not from -4095 to 4095"),
        ("ldrh r0, [r1, #-256]", "1:16: -256 (-0x100) is not from -255 to 255"),
        ("lsl r0, r1, #32", "1:14: 32 (0x20) is not from 0 to 31"),
        ("lsr r0, r1, #0", "1:14: 0 is not from 1 to 32"),
        ("mov r0, r1, ror #32", "1:18: 32 (0x20) is not from 1 to 31"),
        ("uxtb r0, r1, ror #12", "1:19: a rotation is by 8, 16 or 24"),
        ("smc #16", "1:6: 16 (0x10) is not from 0 to 15"),
        ("cps #32", "1:6: 32 (0x20) is not from 0 to 31"),
        (
            "adr r0, . + 0x1010",
            "1:9: the address is 4104 (0x1008) bytes from the program counter, and `adr` cannot add that",
        ),
        (
            "adr r0, CONSOLE + 1",
            "1:9: the address is 32761 (0x7ff9) bytes from the program counter, and `adr` cannot add that",
        ),
        ("ldr r0, . + 4104", "1:9: the address is 4096 bytes from the program counter, and a load reaches 4095"),
        ("ldrsb r0, . - 248", "1:11: the address is -256 bytes from the program counter, and a load reaches 255"),
        ("b . + 2", "1:3: the distance to the target, 2 bytes, is not a multiple of 4"),
        ("b . + 0x2000008", "1:3: the distance to the target, 33554440 bytes, is more than a branch can reach"),
        ("b . - 0x1fffffc", "1:3: the distance to the target, -33554428 bytes, is more than a branch can reach"),
        ("bl 0x80000000", "1:4: the distance to the target, 2147450880 bytes, is more than a branch can reach"),
    ],
)
def test_a_bad_instruction_is_refused_at_its_column(text: str, expected: str) -> None:
    assert problem(text, symbols={"CONSOLE": 0x10000})[: len(expected)] == expected


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("movw r0, #{}", 0, 0xFFFF),
        ("lsl r0, r1, #{}", 0, 31),
        ("lsr r0, r1, #{}", 1, 32),
        ("asr r0, r1, #{}", 1, 32),
        ("ror r0, r1, #{}", 1, 31),
        ("add r0, r1, r2, lsl #{}", 0, 31),
        ("add r0, r1, r2, lsr #{}", 1, 32),
        ("add r0, r1, r2, asr #{}", 1, 32),
        ("add r0, r1, r2, ror #{}", 1, 31),
        ("bfc r0, #{}, #1", 0, 31),
        ("ubfx r0, r1, #0, #{}", 1, 32),
        ("ssat r0, #{}, r1", 1, 32),
        ("usat r0, #{}, r1", 0, 31),
        ("ldr r0, [r1, #{}]", -4095, 4095),
        ("str r0, [r1], #{}", -4095, 4095),
        ("ldrd r0, r1, [r2, #{}]!", -255, 255),
        ("ldr r0, . + {}", 8 - 4095, 8 + 4095),
        ("ldrsh r0, . + {}", 8 - 255, 8 + 255),
        ("mcr p15, {}, r0, c1, c0, 0", 0, 7),
        ("mrc p15, 0, r0, c1, c0, {}", 0, 7),
        ("mcrr p15, {}, r0, r1, c2", 0, 15),
        ("mrrc p{}, 0, r0, r1, c2", 14, 15),
        ("mrc p15, 0, r0, c{}, c0, 0", 0, 15),
        ("cps #{}", 0, 31),
        ("cpsie i, #{}", 0, 31),
        ("srsdb sp!, #{}", 0, 31),
        ("dbg #{}", 0, 15),
        ("smc #{}", 0, 15),
        ("hvc #{}", 0, 0xFFFF),
        ("svc #{}", 0, 0xFFFFFF),
        ("bkpt #{}", 0, 0xFFFF),
        ("udf #{}", 0, 0xFFFF),
    ],
)
def test_a_number_is_taken_up_to_both_ends_of_its_range(text: str, low: int, high: int) -> None:
    taken = [text.format(low), text.format(low + 1), text.format(high)]
    assert len(normal("\n".join(taken).replace("+ -", "- "))) == len(oracle.link(taken)) / 4 == 3
    for number in (low - 1, high + 1):
        if number >= 0 or low < 0:
            assert problem(text.format(number))


@pytest.mark.parametrize("number", [8, 16, 24])
def test_rotations_of_a_byte_are_taken(number: int) -> None:
    assert normal(f"uxtab r0, r1, r2, ror #{number}") == [f"uxtab r0, r1, r2, ror #{number}"]


def test_every_suffix_is_that_of_gnu_as() -> None:
    """Every mnemonic that there is, with and without flags and a condition."""
    operands = {
        **dict.fromkeys(("ldm", "stm"), "r0, {r1, r2}"),
        **dict.fromkeys(("push", "pop"), "{r1, r2}"),
        **dict.fromkeys(("b", "bl"), "."),
        **dict.fromkeys(("rfe",), "r0"),
        **dict.fromkeys(("srs",), "sp, #19"),
        **dict.fromkeys(("mrs",), "r0, cpsr"),
        **dict.fromkeys(("msr",), "cpsr, r0"),
        **dict.fromkeys(("adr",), "r0, ."),
        **dict.fromkeys(("setend",), "le"),
        **dict.fromkeys(("pld", "pldw", "pli"), "[r0]"),
        **dict.fromkeys(("mcr", "mcr2", "mrc", "mrc2"), "p15, 0, r0, c1, c0, 0"),
        **dict.fromkeys(("mcrr", "mcrr2", "mrrc", "mrrc2"), "p15, 0, r0, r1, c2"),
        **dict.fromkeys(("bfc",), "r0, #1, #2"),
        **dict.fromkeys(("bfi", "sbfx", "ubfx"), "r0, r1, #1, #2"),
        **dict.fromkeys(("cpsid", "cpsie"), "if"),
        **dict.fromkeys(("ssat", "usat"), "r0, #1, r1"),
        **dict.fromkeys(("bx", "blx", "bxj"), "r0"),
        **dict.fromkeys(("mla", "mls", "umaal", "umull", "umlal", "smull", "smlal"), "r0, r1, r2, r3"),
        **dict.fromkeys(("lsl", "lsr", "asr", "ror", "movw", "movt", "mov", "mvn"), "r0, #1"),
        **dict.fromkeys(("cmp", "cmn", "tst", "teq"), "r0, #1"),
        **dict.fromkeys(("sdiv", "udiv", "sxtab", "sxtab16", "sxtah", "uxtab", "uxtab16", "uxtah"), "r0, r1, r2"),
        **dict.fromkeys(("smc", "hvc", "svc", "bkpt", "udf", "dbg", "cps"), "#1"),
        **dict.fromkeys(("clrex", "eret", "nop", "sev", "wfe", "wfi", "yield", "dmb", "dsb", "isb"), ""),
        **dict.fromkeys(("strex", "strexb", "strexh"), "r0, r1, [r2]"),
        **dict.fromkeys(("ldrd", "strd", "ldrexd"), "r2, r3, [r4]"),
        **dict.fromkeys(("strexd",), "r0, r2, r3, [r4]"),
        **dict.fromkeys(("rrx", "clz", "rev", "rev16", "revsh", "rbit", "mul"), "r0, r1"),
        **dict.fromkeys(("sxtb", "sxtb16", "sxth", "uxtb", "uxtb16", "uxth"), "r0, r1"),
        **dict.fromkeys(("add", "adc", "and", "bic", "eor", "orr", "rsb", "rsc", "sbc", "sub"), "r0, #1"),
    }
    lines = []
    for row in TABLE:
        for mnemonic in row.mnemonics.split():
            stem = mnemonic[:3] if mnemonic[:3] in ("ldm", "stm", "srs", "rfe") else mnemonic
            lines += [f"{mnemonic}{suffix} {operands.get(stem, 'r0, [r1]')}" for suffix in ("", "s", "ne", "sne", "al")]
    theirs = set(oracle.refused(lines))
    ours = set()
    for index, line in enumerate(lines):
        try:
            normal(line)
        except FwbuildError:
            ours.add(index)
    assert [lines[index] for index in theirs - ours] == []
    # What GNU as takes beyond: flags where they are set anyway, conditions that the architecture forbids.
    beyond = {lines[index].split()[0] for index in ours - theirs}
    compared = {f"{name}s{condition}" for name in ("cmp", "cmn", "tst", "teq") for condition in ("", "ne")}
    assert beyond == compared | {"hvcne", "hvcal", "udfne", "udfal"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("umull r0, r0, r1, r2", "1:11: `umull`: the two results need two registers"),
        ("mrrc p15, 0, r3, r3, c2", "1:18: `mrrc`: the two results need two registers"),
        ("bfi r0, r1, #20, #13", "1:18: `bfi`: the field ends at bit 33, beyond bit 32"),
        ("ldr r0, [r0], #4", "1:10: `ldr`: a base register that is written back cannot be the data register"),
        ("strheq r3, [r3, r1]!", "1:13: `strheq`: a base register that is written back cannot be the data register"),
        ("ldr pc, . + 13", "1:9: `ldr`: an address that is loaded into pc must lie at a multiple of 4"),
        ("ldrd r1, r2, [r0]", "1:6: `ldrd`: the first register of a pair is one of r0, r2 to r12"),
        ("ldrd lr, pc, [r0]", "1:10: `pc` cannot be used here"),
        ("strd r0, r2, [r3]", "1:10: `strd`: the second register of a pair is the one after the first"),
        ("strd r2, r3, [r3], #8", "1:15: `strd`: a base register that is written back cannot be a data register"),
        ("ldrd r2, r3, [r4, -r2]", "1:19: `ldrd`: the index of a load cannot be one of the data registers"),
        ("strex r0, r0, [r1]", "1:7: `strex`: the status needs a register of its own"),
        ("strexh r1, r0, [r1]", "1:8: `strexh`: the status needs a register of its own"),
        ("ldrexd r1, r2, [r3]", "1:8: `ldrexd`: the first register of a pair is one of r0, r2 to r12"),
        ("strexd r3, r2, r3, [r1]", "1:8: `strexd`: the status needs a register of its own"),
        ("strexd r0, r2, r4, [r1]", "1:16: `strexd`: the second register of a pair is the one after the first"),
        ("push {r0, sp}", "1:6: `push`: sp in the list of a store is deprecated by the architecture"),
        ("stmia r0, {r1, pc}", "1:11: `stmia`: pc in the list of a store is deprecated by the architecture"),
        ("pop {r0, sp}", "1:5: `pop`: sp in the list of a load is deprecated by the architecture"),
        ("ldm r0, {lr, pc}", "1:9: `ldm`: lr and pc together in the list of a load are deprecated by the architecture"),
        ("ldm r1!, {r0-r3}", "1:10: `ldm`: a base register that is written back cannot be in the list"),
        ("stm r1!, {r0, r1}", "1:10: `stm`: a base register that is written back cannot be in the list"),
        ("ldm r0!, {r1}^", "1:10: `ldm`: user-mode registers cannot be loaded with write-back"),
        ("mcr p15, 0, r0, c7, c10, 4", "1:17: `mcr`: this way to a barrier is deprecated, `dsb` is one"),
        ("mcrne p15, 0, r3, c7, c10, 5", "1:19: `mcrne`: this way to a barrier is deprecated, `dmb` is one"),
        ("mcr p15, 0, r0, c7, c5, 4", "1:17: `mcr`: this way to a barrier is deprecated, `isb` is one"),
        ("push {r3-r1}", "1:10: the range of registers runs backwards"),
        ("push {r0-r3, r2}", "1:14: a register is in the list twice"),
        ("srsdb r0!, #19", "1:7: `srsdb`: srs stores to the stack of a mode: its base is sp"),
    ],
)
def test_operands_that_do_not_go_together_are_refused(text: str, expected: str) -> None:
    assert problem(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "ldm r0, {r1, sp, lr, pc}^",
        "ldm sp!, {r0, lr, pc}^",
        "stm sp, {r0-pc}^",
        "pop {r4, pc}",
        "pop {lr}",
        "push {r0-r12, lr}",
    ],
)
def test_lists_that_are_not_deprecated_are_taken(text: str) -> None:
    assert len(normal(text)) == 1


@pytest.mark.parametrize(
    ("text", "feature", "cpus"),
    [
        ("eret", "virtualization", "cortex-a7 cortex-a12 cortex-a15 cortex-a17"),
        ("hvc #0", "virtualization", "cortex-a7 cortex-a12 cortex-a15 cortex-a17"),
        ("msr elr_hyp, r0", "virtualization", "cortex-a7 cortex-a12 cortex-a15 cortex-a17"),
        ("mrs r0, sp_svc", "virtualization", "cortex-a7 cortex-a12 cortex-a15 cortex-a17"),
        ("sdiv r0, r1, r2", "divide", "cortex-a7 cortex-a12 cortex-a15 cortex-a17"),
        ("pldw [r0]", "multiprocessing", "cortex-a5 cortex-a7 cortex-a9 cortex-a12 cortex-a15 cortex-a17"),
        ("smc #0", "security", " ".join(CPUS)),
        ("msr cpsr, r0", "", " ".join(CPUS)),
    ],
)
def test_a_cpu_takes_what_it_has(text: str, feature: str, cpus: str) -> None:
    for cpu in CPUS:
        if cpu in cpus.split():
            assert len(normal(text, cpu=cpu)) == 1
        else:
            name = text.split()[0]
            assert problem(text, cpu=cpu) == f"1:1: `{name}` in this form needs {feature}, which a {cpu} does not have"


@pytest.mark.parametrize(
    "text",
    [".arm", ".syntax unified", ".cpu cortex-a15", ".CPU Cortex-A15", ".arch armv7-a", ".arch_extension virt"],
)
def test_directives_that_say_what_is_so_are_taken(text: str) -> None:
    assert normal(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            ".syntax divided",
            "1:9: this program is assembled for cortex-a15, ARM state, unified syntax (write `.syntax unified`)",
        ),
        (
            ".cpu cortex-a9",
            "1:6: this program is assembled for cortex-a15, ARM state, unified syntax (write `.cpu cortex-a15`)",
        ),
        (".cpu", "1:5: this program is assembled for cortex-a15, ARM state, unified syntax (write `.cpu cortex-a15`)"),
        (".arm 1", "1:6: this program is assembled for cortex-a15, ARM state, unified syntax (write `.arm`)"),
        (
            ".arch armv8-a",
            "1:7: this program is assembled for cortex-a15, ARM state, unified syntax (write `.arch armv7-a`)",
        ),
        (
            ".arch_extension simd",
            "1:17: this program is assembled for cortex-a15, ARM state, unified syntax (write `.arch_extension sec` or",
        ),
    ],
)
def test_directives_that_say_otherwise_are_refused(text: str, expected: str) -> None:
    assert problem(text)[: len(expected)] == expected


def test_an_unknown_cpu_is_refused_with_those_that_are_known() -> None:
    known = "cortex-a5, cortex-a7, cortex-a8, cortex-a9, cortex-a12, cortex-a15, cortex-a17"
    assert problems("nop", cpu="cortex-m3") == [f"None: unknown cpu `cortex-m3` for armv7-a (known: {known})"]


def test_the_table_names_each_mnemonic_once_and_only_rules_that_there_are() -> None:
    mnemonics = [mnemonic for row in TABLE for mnemonic in row.mnemonics.split()]
    assert len(mnemonics) == len(set(mnemonics))
    assert {row.rule for row in TABLE} - {""} == set(RULES)
    assert {row.feature for row in TABLE} - {""} <= set.union(*map(set, CPUS.values()))
