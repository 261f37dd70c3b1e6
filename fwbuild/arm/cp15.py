# SPDX-License-Identifier: Apache-2.0
"""Names of the CP15 registers that boot code writes.

Encodings: ARM Architecture Reference Manual, ARMv7-A (DDI 0406C), "Full list of VMSA
CP15 registers, by coprocessor register number".
"""

from __future__ import annotations

#: (opc1, CRn, CRm, opc2) of MCR -> name
REGISTERS: dict[tuple[int, int, int, int], str] = {
    (2, 0, 0, 0): "CSSELR",
    (4, 0, 0, 0): "VPIDR",
    (4, 0, 0, 5): "VMPIDR",
    (0, 1, 0, 0): "SCTLR",
    (0, 1, 0, 1): "ACTLR",
    (0, 1, 0, 2): "CPACR",
    (0, 1, 1, 0): "SCR",
    (0, 1, 1, 1): "SDER",
    (0, 1, 1, 2): "NSACR",
    (4, 1, 0, 0): "HSCTLR",
    (4, 1, 0, 1): "HACTLR",
    (4, 1, 1, 0): "HCR",
    (4, 1, 1, 1): "HDCR",
    (4, 1, 1, 2): "HCPTR",
    (4, 1, 1, 3): "HSTR",
    (0, 2, 0, 0): "TTBR0",
    (0, 2, 0, 1): "TTBR1",
    (0, 2, 0, 2): "TTBCR",
    (4, 2, 0, 2): "HTCR",
    (4, 2, 1, 2): "VTCR",
    (0, 3, 0, 0): "DACR",
    (0, 7, 5, 0): "ICIALLU",
    (0, 7, 5, 6): "BPIALL",
    (0, 8, 7, 0): "TLBIALL",
    (4, 8, 7, 0): "TLBIALLH",
    (4, 8, 7, 4): "TLBIALLNSNH",
    (0, 12, 0, 0): "VBAR",
    (0, 12, 0, 1): "MVBAR",
    (4, 12, 0, 0): "HVBAR",
    (0, 13, 0, 1): "CONTEXTIDR",
    (0, 14, 0, 0): "CNTFRQ",
    (0, 14, 1, 0): "CNTKCTL",
    (4, 14, 1, 0): "CNTHCTL",
    (0, 14, 2, 1): "CNTP_CTL",
    (4, 14, 2, 1): "CNTHP_CTL",
    (0, 14, 3, 1): "CNTV_CTL",
}

#: The same for registers that can only be read.
READ_ONLY_REGISTERS: dict[tuple[int, int, int, int], str] = {
    (0, 0, 0, 0): "MIDR",
    (0, 0, 0, 5): "MPIDR",
    (0, 0, 1, 1): "ID_PFR1",
}

#: (opc1, CRm) of MCRR -> name
WIDE_REGISTERS: dict[tuple[int, int], str] = {
    (6, 2): "VTTBR",
    (4, 14): "CNTVOFF",
}


def name_of(opc1: int, crn: int, crm: int, opc2: int) -> str:
    """The register's name, or its encoding if it has none here."""
    return REGISTERS.get((opc1, crn, crm, opc2), f"p15,{opc1},c{crn},c{crm},{opc2}")


def wide_name_of(opc1: int, crm: int) -> str:
    """The 64-bit register's name, or its encoding if it has none here."""
    return WIDE_REGISTERS.get((opc1, crm), f"p15,{opc1},c{crm}")
