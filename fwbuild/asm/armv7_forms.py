# SPDX-License-Identifier: Apache-2.0
"""The ARMv7-A instructions that boot code may use, and their forms in ARM state.

This is the allow-list: what is not here is refused before an encoder sees it. Left out
are floating point and vectors, Thumb, what ARMv8 or the R profile added, what the
architecture deprecates (swp, sp in a register list), and ldc, stc and cdp, which no
ARMv7-A core has a use for. Source: the ARM Architecture Reference Manual, ARMv7-A and
ARMv7-R edition (DDI 0406C), chapters A8.8 and B9.3.

Element names are explained in armv7_operands.py: ``reg`` is any core register, ``gpr``
any but pc, ``#const`` eight bits rotated by an even number.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Mnemonics that take the same forms.

    ``flags``: there is a form with an ``s`` that sets the flags. ``feature``: what the
    CPU must have, one of those in CPUS. ``rule``: a rule of armv7_rules.py about the
    operands together.
    """

    mnemonics: str
    forms: tuple[str, ...]
    flags: bool = False
    conditional: bool = True
    feature: str = ""
    rule: str = ""


#: CPU as GNU as calls it -> what it has beyond plain ARMv7-A (Technical Reference
#: Manuals: A5 DDI 0433, A7 DDI 0464, A8 DDI 0344, A9 DDI 0388, A15 DDI 0438, A17 DDI 0535).
CPUS: dict[str, frozenset[str]] = {
    "cortex-a5": frozenset({"security", "multiprocessing"}),
    "cortex-a7": frozenset({"security", "multiprocessing", "virtualization", "divide"}),
    "cortex-a8": frozenset({"security"}),
    "cortex-a9": frozenset({"security", "multiprocessing"}),
    "cortex-a12": frozenset({"security", "multiprocessing", "virtualization", "divide"}),
    "cortex-a15": frozenset({"security", "multiprocessing", "virtualization", "divide"}),
    "cortex-a17": frozenset({"security", "multiprocessing", "virtualization", "divide"}),
}

_SOURCE = ("reg, #const", "reg, reg", "reg, reg, shift", "gpr, gpr, shift_gpr")
_SOURCES = (
    "reg, reg, #const",
    "reg, reg, reg",
    "reg, reg, reg, shift",
    "gpr, gpr, gpr, shift_gpr",
    "reg, #const",
    "reg, reg",
)
_WORD_OR_BYTE = (
    "[reg]",
    "[reg, #offset12]",
    "[gpr, #offset12]!",
    "[gpr], #offset12",
    "[reg, index]",
    "[reg, index, shift]",
    "[gpr, index]!",
    "[gpr, index, shift]!",
    "[gpr], index",
    "[gpr], index, shift",
)
_OTHER_SIZE = (
    "[reg]",
    "[reg, #offset8]",
    "[gpr, #offset8]!",
    "[gpr], #offset8",
    "[reg, index]",
    "[gpr, index]!",
    "[gpr], index",
)
_MCR = ("cp, opc3, gpr, creg, creg, opc3", "cp, opc3, gpr, creg, creg")
_MRC_TO_FLAGS = ("cp, opc3, flags, creg, creg, opc3", "cp, opc3, flags, creg, creg")
_HINTED = ("[reg]", "[reg, #offset12]", "[reg, index]", "[reg, index, shift]")


def _of(operands: str, addresses: tuple[str, ...], *others: str) -> tuple[str, ...]:
    return (*(f"{operands}, {address}" for address in addresses), *others)


TABLE: tuple[Row, ...] = (
    # data processing
    Row(mnemonics="adc add and bic eor orr rsb rsc sbc sub", forms=_SOURCES, flags=True),
    Row(mnemonics="mov mvn", forms=_SOURCE, flags=True),
    Row(mnemonics="cmn cmp teq tst", forms=_SOURCE),
    Row(mnemonics="lsl", forms=("reg, reg, #lsl_amount", "gpr, gpr, gpr", "reg, #lsl_amount", "gpr, gpr"), flags=True),
    Row(mnemonics="lsr", forms=("reg, reg, #lsr_amount", "gpr, gpr, gpr", "reg, #lsr_amount", "gpr, gpr"), flags=True),
    Row(mnemonics="asr", forms=("reg, reg, #asr_amount", "gpr, gpr, gpr", "reg, #asr_amount", "gpr, gpr"), flags=True),
    Row(mnemonics="ror", forms=("reg, reg, #ror_amount", "gpr, gpr, gpr", "reg, #ror_amount", "gpr, gpr"), flags=True),
    Row(mnemonics="rrx", forms=("reg, reg",), flags=True),
    Row(mnemonics="movw", forms=("gpr, #half", "gpr, #lower16")),
    Row(mnemonics="movt", forms=("gpr, #half", "gpr, #upper16")),
    Row(mnemonics="adr", forms=("gpr, address",)),
    # multiplication and division
    Row(mnemonics="mul", forms=("gpr, gpr, gpr", "gpr, gpr"), flags=True),
    Row(mnemonics="mla", forms=("gpr, gpr, gpr, gpr",), flags=True),
    Row(mnemonics="mls", forms=("gpr, gpr, gpr, gpr",)),
    Row(mnemonics="smlal smull umlal umull", forms=("gpr, gpr, gpr, gpr",), flags=True, rule="two results"),
    Row(mnemonics="umaal", forms=("gpr, gpr, gpr, gpr",), rule="two results"),
    Row(mnemonics="sdiv udiv", forms=("gpr, gpr, gpr",), feature="divide"),
    # bits and bytes
    Row(mnemonics="clz rbit rev rev16 revsh", forms=("gpr, gpr",)),
    Row(mnemonics="sxtb sxtb16 sxth uxtb uxtb16 uxth", forms=("gpr, gpr", "gpr, gpr, rotation")),
    Row(mnemonics="sxtab sxtab16 sxtah uxtab uxtab16 uxtah", forms=("gpr, gpr, gpr", "gpr, gpr, gpr, rotation")),
    Row(mnemonics="bfc", forms=("gpr, #lsb, #width",), rule="bit field"),
    Row(mnemonics="bfi sbfx ubfx", forms=("gpr, gpr, #lsb, #width",), rule="bit field"),
    Row(mnemonics="ssat", forms=("gpr, #sat, gpr",)),
    Row(mnemonics="usat", forms=("gpr, #usat, gpr",)),
    # memory
    Row(mnemonics="ldr", forms=_of("reg", _WORD_OR_BYTE, "reg, =literal", "reg, label"), rule="write-back"),
    Row(mnemonics="ldrb", forms=_of("gpr", _WORD_OR_BYTE, "gpr, label"), rule="write-back"),
    Row(mnemonics="str", forms=_of("reg", _WORD_OR_BYTE), rule="write-back"),
    Row(mnemonics="strb", forms=_of("gpr", _WORD_OR_BYTE), rule="write-back"),
    Row(mnemonics="ldrh ldrsb ldrsh", forms=_of("gpr", _OTHER_SIZE, "gpr, near_label"), rule="write-back"),
    Row(mnemonics="strh", forms=_of("gpr", _OTHER_SIZE), rule="write-back"),
    Row(mnemonics="ldrd", forms=_of("gpr, gpr", _OTHER_SIZE, "gpr, gpr, near_label"), rule="load pair"),
    Row(mnemonics="strd", forms=_of("gpr, gpr", _OTHER_SIZE), rule="store pair"),
    Row(mnemonics="ldrex ldrexb ldrexh", forms=("gpr, [gpr]",)),
    Row(mnemonics="strex strexb strexh", forms=("gpr, gpr, [gpr]",), rule="status"),
    Row(mnemonics="ldrexd", forms=("gpr, gpr, [gpr]",), rule="exclusive pair"),
    Row(mnemonics="strexd", forms=("gpr, gpr, gpr, [gpr]",), rule="exclusive pair"),
    Row(mnemonics="clrex", forms=("",), conditional=False),
    Row(mnemonics="pld pli", forms=_HINTED, conditional=False),
    Row(mnemonics="pldw", forms=_HINTED, conditional=False, feature="multiprocessing"),
    Row(
        mnemonics="ldm ldmia ldmib ldmda ldmdb ldmfd ldmfa ldmed ldmea",
        forms=("gpr, list", "gpr!, list", "gpr, list^", "gpr!, list^"),
        rule="load list",
    ),
    Row(
        mnemonics="stm stmia stmib stmda stmdb stmfd stmfa stmed stmea",
        forms=("gpr, list", "gpr!, list", "gpr, list^"),
        rule="store list",
    ),
    Row(mnemonics="pop", forms=("list",), rule="load list"),
    Row(mnemonics="push", forms=("list",), rule="store list"),
    # branches
    Row(mnemonics="b bl", forms=("target",)),
    Row(mnemonics="bx blx bxj", forms=("gpr",)),
    # system
    Row(mnemonics="mcr", forms=_MCR, rule="old barrier"),
    Row(mnemonics="mcr2", forms=_MCR, conditional=False),
    Row(mnemonics="mrc", forms=(*_MCR, *_MRC_TO_FLAGS)),
    Row(mnemonics="mrc2", forms=(*_MCR, *_MRC_TO_FLAGS), conditional=False),
    Row(mnemonics="mcrr", forms=("cp, opc4, gpr, gpr, creg",)),
    Row(mnemonics="mcrr2", forms=("cp, opc4, gpr, gpr, creg",), conditional=False),
    Row(mnemonics="mrrc", forms=("cp, opc4, gpr, gpr, creg",), rule="two results"),
    Row(mnemonics="mrrc2", forms=("cp, opc4, gpr, gpr, creg",), conditional=False, rule="two results"),
    Row(mnemonics="mrs", forms=("gpr, psr", "gpr, banked")),
    Row(mnemonics="msr", forms=("psr_fields, gpr", "psr_fields, #const", "banked, gpr")),
    Row(mnemonics="cps", forms=("#mode",), conditional=False),
    Row(mnemonics="cpsid cpsie", forms=("aif", "aif, #mode"), conditional=False),
    Row(mnemonics="setend", forms=("endian",), conditional=False),
    Row(mnemonics="rfeia rfeib rfeda rfedb", forms=("gpr", "gpr!"), conditional=False),
    Row(mnemonics="srsia srsib srsda srsdb", forms=("gpr, #mode", "gpr!, #mode"), conditional=False, rule="srs"),
    Row(mnemonics="eret", forms=("",), feature="virtualization"),
    Row(mnemonics="hvc", forms=("imm16",), conditional=False, feature="virtualization"),
    Row(mnemonics="smc", forms=("imm4",), feature="security"),
    Row(mnemonics="svc", forms=("imm24",)),
    Row(mnemonics="bkpt udf", forms=("imm16",), conditional=False),
    Row(mnemonics="dbg", forms=("imm4",)),
    Row(mnemonics="nop sev wfe wfi yield", forms=("",)),
    Row(mnemonics="dmb dsb", forms=("", "barrier"), conditional=False),
    Row(mnemonics="isb", forms=("", "full"), conditional=False),
)
