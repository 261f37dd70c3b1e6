// SPDX-License-Identifier: Apache-2.0
//
// Every CPU enters here, all of them at once, in the state that reset or an earlier
// stage left it in. This file finds out which modes that state can still reach, which
// CPU it is, and chooses the first of the payload's modes that it can reach.
//
// Registers kept from here to leave.S:
//	r6	this CPU's place in cpu_table
//	r7	MPIDR; from leave.S on the address of waiting
//	r8	the chosen mode's code
//	r9	reachable modes: CAN_MONITOR and so on
//	r10	ID_PFR1
//	r11	this CPU's line in cpu_table; 0 for a CPU that will be parked
//	r12	0 on the boot CPU

	.balign	32
entry:
	cpsid	aif
	mrc	p15, 0, r10, c0, c1, 1		// ID_PFR1
	mov	r9, #CAN_MONITOR | CAN_SVC | CAN_SECURE_SVC
	tst	r10, #ID_PFR1_VIRTUALIZATION
	orrne	r9, r9, #CAN_HYP		// from secure state
	mrs	r0, cpsr
	and	r0, r0, #MODE_MASK
	cmp	r0, #MODE_MON
	beq	which_cpu
	cmp	r0, #MODE_HYP
	moveq	r9, #CAN_HYP | CAN_SVC
	beq	which_cpu

	// PL1. An earlier stage may have left high vectors or Thumb exceptions on, and
	// the vectors below serve only without them.
	ldr	r0, =SCTLR_OFF
	mcr	p15, 0, r0, c1, c0, 0		// SCTLR
	tst	r10, #ID_PFR1_SECURITY
	moveq	r9, #CAN_SVC
	beq	which_cpu			// one state only, and this is it
	adr	r0, monitor_vectors
	mcr	p15, 0, r0, c12, c0, 0		// VBAR
	isb
	mrc	p15, 0, r0, c1, c1, 0		// SCR: UNDEFINED unless secure; the vector changes r9

	// The table has a line for each CPU at a place that its MPIDR gives, so that the
	// last CPU is found as soon as the first.
which_cpu:
	mrc	p15, 0, r7, c0, c0, 5		// MPIDR
	bic	r0, r7, #0xff000000		// affinity levels 0 to 2
	eor	r12, r0, #BOOT_MPIDR
	.if	CPU_HASH_SHIFT
	add	r6, r0, r0, lsr #CPU_HASH_SHIFT
	and	r6, r6, #CPU_HASH_MASK
	.else
	and	r6, r0, #CPU_HASH_MASK
	.endif
	adr	r11, cpu_table
	ldr	r1, [r11, r6, lsl #CPU_LINE_SHIFT]!
	cmp	r1, r0
	mov	r4, #unknown_cpu - refusal
	bne	refuse

	.if	UNIFORM
	cmp	r12, #0
	beq	choose
	// A secondary can only be what the boot CPU is.
1:	ldr	r8, boot_mode
	cmp	r8, #0
	beq	1b
	movs	r1, r9, lsr r8			// the carry is its bit
	bcs	secure
	.else
	b	choose
	.endif
	// Goes on in refuse.S.
