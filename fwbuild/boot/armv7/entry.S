// SPDX-License-Identifier: Apache-2.0
//
// Every CPU enters here, all of them at once, in the state that reset or an earlier
// stage left it in. This file finds out which modes that state can still reach, which
// CPU it is, and chooses the first of the payload's modes that it can reach.
//
// Registers kept from here to leave.S:
//	r8	the chosen mode's code
//	r9	reachable modes, bit n for mode code n
//	r10	ID_PFR1
//	r11	this CPU's line in cpu_table; 0 for a CPU that will be parked
//	r12	0 on the boot CPU

	.balign	32
entry:
	cpsid	aif
	mrc	p15, 0, r10, c0, c1, 1		// ID_PFR1
	mrs	r0, cpsr
	and	r0, r0, #MODE_MASK
	cmp	r0, #MODE_HYP
	moveq	r9, #1 << ENTRY_HYP | 1 << ENTRY_SVC
	beq	which_cpu
	cmp	r0, #MODE_MON
	beq	secure_state

	// PL1. An earlier stage may have left high vectors or Thumb exceptions on, and
	// the vectors below serve only without them.
	ldr	r0, =SCTLR_OFF
	mcr	p15, 0, r0, c1, c0, 0		// SCTLR
	mov	r9, #1 << ENTRY_SVC
	tst	r10, #ID_PFR1_SECURITY
	beq	which_cpu			// one state only, and this is it
	adr	r0, monitor_vectors
	mcr	p15, 0, r0, c12, c0, 0		// VBAR
	isb
	mrc	p15, 0, r0, c1, c1, 0		// SCR: UNDEFINED unless secure
	b	secure_state
	b	which_cpu			// the vectors return here

secure_state:
	mov	r9, #1 << ENTRY_MONITOR | 1 << ENTRY_SVC | 1 << ENTRY_SECURE_SVC
	tst	r10, #ID_PFR1_VIRTUALIZATION
	orrne	r9, r9, #1 << ENTRY_HYP

	// The table has a line for each CPU at a place that its MPIDR gives, so that the
	// last CPU is found as soon as the first.
which_cpu:
	mrc	p15, 0, r0, c0, c0, 5		// MPIDR
	bic	r0, r0, #0xff000000		// affinity levels 0 to 2
	add	r1, r0, r0, lsr #CPU_HASH_SHIFT
	and	r1, r1, #CPU_HASH_MASK
	adr	r11, cpu_table
	ldr	r1, [r11, r1, lsl #CPU_LINE_SHIFT]!
	mov	r4, #unknown_cpu - refusal
	cmp	r1, r0
	bne	refuse
	adr	r12, cpu_table + BOOT_LINE
	subs	r12, r11, r12
	ldr	r0, =ENTRY_MODES		// four bits for each, the first lowest
	.if	UNIFORM
	// A secondary can only be what the boot CPU is.
	adr	r2, boot_mode
	beq	2f
1:	ldr	r0, [r2]
	cmp	r0, #0
	beq	1b
2:
	.endif
	mov	r4, #no_common_mode - refusal
	mov	r1, #1
1:	ands	r8, r0, #0xf
	beq	refuse
	tst	r9, r1, lsl r8
	moveq	r0, r0, lsr #4
	beq	1b
	.if	UNIFORM
	str	r8, [r2]
	.endif

	// Before the payload is given memory and a device tree: are they there?
	cmp	r12, #0
	bne	secure
	ldr	r0, =LAST_WORD			// of RAM
	ldr	r1, [r0]
	mvn	r2, r1
	str	r2, [r0]
	ldr	r3, [r0]
	str	r1, [r0]
	mov	r4, #little_ram - refusal
	cmp	r3, r2
	bne	refuse
	ldr	r0, =PAYLOAD_R2			// the device tree
	ldr	r0, [r0]
	ldr	r1, =DEVICE_TREE_MAGIC
	mov	r4, #no_device_tree - refusal
	cmp	r0, r1
	bne	refuse
