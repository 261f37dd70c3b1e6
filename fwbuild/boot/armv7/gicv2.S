// SPDX-License-Identifier: Apache-2.0
//
// Gives every interrupt to non-secure state. Group 1 is all that it can see or
// configure, so one interrupt line forgotten here is a device that never works.

	ldr	r0, =GIC_DISTRIBUTOR
	mvn	r1, #0
	str	r1, [r0, #GICD_IGROUPR0]	// banked: SGIs and PPIs of this CPU
	adr	r2, cpu_table
	cmp	r2, r11
	bne	2f				// the rest is shared: the boot CPU's task
	ldr	r2, [r0, #GICD_TYPER]
	and	r2, r2, #0x1f			// ITLinesNumber: the last IGROUPR's number
	add	r3, r0, #GICD_IGROUPR0
	add	r2, r3, r2, lsl #2
1:	cmp	r3, r2
	strne	r1, [r3, #4]!
	bne	1b
	mov	r2, #GIC_BOTH_GROUPS
	str	r2, [r0, #GICD_CTLR]
2:	ldr	r0, =GIC_CPU_INTERFACE
	mov	r1, #0xff			// let every priority through
	str	r1, [r0, #GICC_PMR]
	mov	r1, #GIC_BOTH_GROUPS
	str	r1, [r0, #GICC_CTLR]
