// SPDX-License-Identifier: Apache-2.0
//
// Every CPU enters here, all of them at once, in the state that reset or an earlier
// stage left it in. This file finds out which CPU it is, which modes that state can
// still reach, and chooses the first of the payload's modes among them.
//
// Registers kept from here to leave.S:
//	r8	the chosen mode's code
//	r9	reachable modes, bit n for mode code n
//	r10	ID_PFR1
//	r11	this CPU's line in cpu_table

	.balign	32
entry:
	cpsid	aif
	mrc	p15, 0, r0, c0, c0, 5		// MPIDR
	bic	r0, r0, #0xff000000		// affinity levels 0 to 2
	adr	r11, cpu_table - CPU_LINE
1:	ldr	r1, [r11, #CPU_LINE]!
	cmn	r1, #1				// the end: a CPU that the platform does not name
	beq	park
	cmp	r1, r0
	bne	1b

	mrc	p15, 0, r10, c0, c1, 1		// ID_PFR1
	mrs	r0, cpsr
	and	r0, r0, #MODE_MASK
	cmp	r0, #MODE_HYP
	moveq	r9, #1 << ENTRY_HYP | 1 << ENTRY_SVC
	beq	choose
	cmp	r0, #MODE_MON
	beq	secure_state

	// PL1. An earlier stage may have left high vectors or Thumb exceptions on, and
	// the vectors below serve only without them.
	ldr	r0, =SCTLR_OFF
	mcr	p15, 0, r0, c1, c0, 0		// SCTLR
	mov	r9, #1 << ENTRY_SVC
	tst	r10, #ID_PFR1_SECURITY
	beq	choose				// one state only, and this is it
	adr	r0, probe_vectors
	mcr	p15, 0, r0, c12, c0, 0		// VBAR
	isb
	mrc	p15, 0, r0, c1, c1, 0		// SCR: UNDEFINED unless secure
	b	secure_state
	b	choose				// probe_undefined returns here

secure_state:
	mov	r9, #1 << ENTRY_MONITOR | 1 << ENTRY_SVC | 1 << ENTRY_SECURE_SVC
	tst	r10, #ID_PFR1_VIRTUALIZATION
	orrne	r9, r9, #1 << ENTRY_HYP

choose:
	adr	r0, entry_modes
	mov	r1, #1
1:	ldr	r8, [r0], #4
	cmp	r8, #0
	beq	no_common_mode
	tst	r9, r1, lsl r8
	beq	1b
