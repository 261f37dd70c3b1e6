# SPDX-License-Identifier: Apache-2.0
"""What QEMU's debug stub calls the registers of the architecture manual.

It uses AArch64 names for registers that both states share. For banked registers the
plain name is the non-secure copy, ``_S`` the secure one. Read off QEMU 7.2.
"""

from __future__ import annotations

STUB_NAMES = {
    "CPSR": "cpsr",
    "HSCTLR": "SCTLR_EL2",
    "HVBAR": "VBAR_EL2",
    "HCPTR": "CPTR_EL2",
    "HSTR": "HSTR_EL2",
    "HDCR": "MDCR_EL2",
    "CNTHCTL": "CNTHCTL_EL2",
    "CNTHP_CTL": "CNTHP_CTL_EL2",
    "ACTLR": "ACTLR_EL1",
}
