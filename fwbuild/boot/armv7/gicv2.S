// SPDX-License-Identifier: Apache-2.0
//
// Gives every interrupt to non-secure state. Group 1 is all that it can see or
// configure, so one interrupt line forgotten here is a device that never works.

	ldr	r0, =GIC_DISTRIBUTOR
	mvn	r1, #0
	str	r1, [r0, #GICD_IGROUPR0]!	// banked: SGIs and PPIs of this CPU
	cmp	r12, #0
	bne	gic_signals			// the rest is shared: the boot CPU's task
	ldr	r2, [r0, #GICD_TYPER - GICD_IGROUPR0]
	ands	r2, r2, #0x1f			// ITLinesNumber: the last IGROUPR's number
1:	strne	r1, [r0, #4]!
	subsne	r2, r2, #1
	bne	1b

	// From here on in every state: a CPU in the pen must wake by an interrupt. From
	// non-secure state these writes reach only what concerns group 1.
gic_signals:
	mov	r1, #GIC_BOTH_GROUPS
	cmp	r12, #0
	ldreq	r0, =GIC_DISTRIBUTOR
	streq	r1, [r0, #GICD_CTLR]
	ldr	r0, =GIC_CPU_INTERFACE
	str	r1, [r0, #GICC_CTLR]
	mov	r1, #0xff			// let every priority through
	str	r1, [r0, #GICC_PMR]
