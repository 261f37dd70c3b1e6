// SPDX-License-Identifier: Apache-2.0
//
// Names for the bits that the boot code sets.
// "ARM ARM" is the ARM Architecture Reference Manual, ARMv7-A edition (DDI 0406C).

	// CPSR: mode in bits 4:0; A, I, F are bits 8, 7, 6 (ARM ARM, "The CPSR").
	.equ	MODE_MASK, 0x1f
	.equ	MODE_SVC, 0x13
	.equ	MODE_MON, 0x16
	.equ	MODE_HYP, 0x1a
	.equ	PSR_AIF, 0x1c0

	// ID_PFR1: what the CPU has (ARM ARM, "ID_PFR1, Processor Feature Register 1").
	.equ	ID_PFR1_SECURITY, 0xf0
	.equ	ID_PFR1_VIRTUALIZATION, 0xf000
	.equ	ID_PFR1_TIMER, 0xf0000

	// SCR (ARM ARM, "SCR, Secure Configuration Register"). FW and AW let non-secure
	// code mask FIQs and aborts, which are its own once nothing is routed to monitor
	// mode. SCD and HCE exist only with the Virtualization Extensions; elsewhere
	// they are should-be-zero and the write is ignored.
	.equ	SCR_NS, 1 << 0
	.equ	SCR_FW, 1 << 4
	.equ	SCR_AW, 1 << 5
	.equ	SCR_SCD, 1 << 7
	.equ	SCR_HCE, 1 << 8

	// SCTLR and HSCTLR with MMU, caches, alignment checks, high vectors and Thumb
	// exceptions off and every should-be-one bit set (Cortex-A15 TRM, DDI 0438,
	// reset values in "c1 registers").
	.equ	SCTLR_OFF, 0x00c50078
	.equ	HSCTLR_OFF, 0x30c50878

	// HCPTR: TCP0-TCP13 without cp10 and cp11, the floating-point unit (ARM ARM,
	// "HCPTR, Hyp Coprocessor Trap Register").
	.equ	HCPTR_OPEN, 0x33ff
	// CNTHCTL: PL1PCTEN and PL1PCEN, PL1 may use the physical counter and timer
	// (ARM ARM, "CNTHCTL, Timer PL2 Control register").
	.equ	CNTHCTL_OPEN, 3

	// GICv2 distributor and CPU interface (GIC architecture 2.0, IHI 0048B,
	// "Distributor register map" and "CPU interface register map").
	.equ	GICD_CTLR, 0x000
	.equ	GICD_TYPER, 0x004
	.equ	GICD_IGROUPR0, 0x080
	.equ	GICC_CTLR, 0x000
	.equ	GICC_PMR, 0x004
	.equ	GICC_IAR, 0x00c
	.equ	GICC_EOIR, 0x010
	.equ	GIC_BOTH_GROUPS, 3

	// Mode codes: the ENTRY_MODES note and the fwbuild,entry-mode cell.
	.equ	ENTRY_MONITOR, 1
	.equ	ENTRY_HYP, 2
	.equ	ENTRY_SVC, 3
	.equ	ENTRY_SECURE_SVC, 4

	// What a CPU can reach from the state that it is in: bit n - 1 for mode code n.
	.equ	CAN_MONITOR, 1 << (ENTRY_MONITOR - 1)
	.equ	CAN_HYP, 1 << (ENTRY_HYP - 1)
	.equ	CAN_SVC, 1 << (ENTRY_SVC - 1)
	.equ	CAN_SECURE_SVC, 1 << (ENTRY_SECURE_SVC - 1)

	// States of the fwbuild,secure-state and fwbuild,hyp-state cells.
	.equ	STATE_ABSENT, 0
	.equ	STATE_OWN, 1
	.equ	STATE_SEALED, 2
	.equ	STATE_FIRMWARE, 3

	// The first half of 0xd00dfeed, with which a flattened device tree begins, as a
	// little-endian load sees it (Devicetree Specification 5.2).
	.equ	DEVICE_TREE_MAGIC, 0x0dd0

	// How often the boot CPU looks whether the secondaries have arrived. It counts, for not
	// every core has a timer: a quarter of a second on an emulator, some seconds on a core
	// that fetches without caches, and only where a CPU does not come at all.
	.equ	PATIENCE, 1 << 25
