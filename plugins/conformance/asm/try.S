// SPDX-License-Identifier: Apache-2.0
//
// Tries something that may end in any exception, in any mode, and comes back.

// Calls r0. Returns r0: RETURNED if it came back, with its r0 and r1 in MY_RESULT;
// otherwise the vector that was taken, or the outcome that it jumped to `caught` with.
// If that was in another mode than this CPU's own, r0 is REACHED and that mode's code.
try:
	push	{r4-r11, lr}
	ldr	r4, =me
	str	sp, [r4, #MY_SP]
	blx	r0
	ldr	r2, =me
	str	r0, [r2, #MY_RESULT]
	str	r1, [r2, #MY_RESULT + 4]
	mov	r0, #RETURNED

	// Everything meets here, in whatever mode; r0 says what it was.
caught:
	mrs	r1, cpsr
	and	r1, r1, #MODE_MASK
	ldr	r2, =me
	str	r1, [r2, #MY_CAUGHT_IN]
	ldr	r3, [r2, #MY_CPSR]
	cmp	r1, #MODE_MON
	beq	back_from_monitor
	.if	HAS_HYP
	cmp	r1, #MODE_HYP
	beq	back_from_hyp
	.endif
	msr	cpsr_cxsf, r3			// PL1's own modes
back:
	ldr	r4, =me
	ldr	sp, [r4, #MY_SP]
	ldr	r1, [r4, #MY_CAUGHT_IN]
	ldr	r2, [r4, #MY_MODE]
	cmp	r1, #MODE_MON
	cmpeq	r2, #ENTRY_MONITOR
	beq	1f
	cmp	r1, #MODE_MON
	moveq	r0, #REACHED + ENTRY_MONITOR
	beq	1f
	cmp	r1, #MODE_HYP
	bne	1f
	cmp	r2, #ENTRY_HYP
	movne	r0, #REACHED + ENTRY_HYP
1:	pop	{r4-r11, pc}

	// In the mode itself nothing is to be left, and an exception return that stays is
	// UNPREDICTABLE in none of them.
back_from_monitor:
	ldr	lr, =back
	msr	spsr_cxsf, r3
	movs	pc, lr
	.if	HAS_HYP
back_from_hyp:
	ldr	r1, =back
	msr	elr_hyp, r1
	msr	spsr_cxsf, r3			// by its banked name it is UNPREDICTABLE in hyp itself
	eret
	.endif

	// For every mode: this CPU's own vectors, and what is planted where a dropped
	// mode's vectors should be.
	.balign	32
vectors:
	b	1f
	b	2f
	b	3f
	b	4f
	b	5f
	b	6f
	b	7f
	mov	r0, #CAUGHT_FIQ
	b	caught
1:	mov	r0, #CAUGHT_RESET
	b	caught
2:	mov	r0, #CAUGHT_UNDEFINED
	b	caught
3:	mov	r0, #CAUGHT_CALL
	b	caught
4:	mov	r0, #CAUGHT_PREFETCH
	b	caught
5:	mov	r0, #CAUGHT_DATA
	b	caught
6:	mov	r0, #CAUGHT_TRAP
	b	caught
7:	mov	r0, #CAUGHT_IRQ
	b	caught

// Keeps the vectors that the boot code left and installs ours.
install_vectors:
	ldr	r0, =me
	ldr	r1, =vectors
	ldr	r2, [r0, #MY_MODE]
	mrc	p15, 0, r3, c12, c0, 0		// VBAR
	str	r3, [r0, #MY_VBAR]
	.if	HAS_HYP
	cmp	r2, #ENTRY_HYP
	bne	1f
	mrc	p15, 4, r3, c12, c0, 0		// HVBAR
	str	r3, [r0, #MY_HVBAR]
	mcr	p15, 4, r1, c12, c0, 0
	isb
	bx	lr
	.endif
1:	mcr	p15, 0, r1, c12, c0, 0		// VBAR
	isb
	bx	lr
	.ltorg
