// SPDX-License-Identifier: Apache-2.0
//
// What only secure state can set for a payload that runs outside it.

secure:
	tst	r9, #CAN_MONITOR		// reachable: this CPU is in secure state
	beq	gic_signals
	cps	#MODE_MON
	adr	r0, monitor_vectors
	mcr	p15, 0, r0, c12, c0, 1		// MVBAR
	.if	TIMER_FREQUENCY
	tst	r10, #ID_PFR1_TIMER		// what is UNDEFINED here would pass for "not secure"
	ldr	r0, =TIMER_FREQUENCY
	mcrne	p15, 0, r0, c14, c0, 0		// CNTFRQ
	.endif
	.if	CORES_DIFFER
	cmp	r11, #0
	beq	1f
	ldr	r1, [r11, #8]
	mrc	p15, 0, r0, c1, c0, 1		// ACTLR
	orr	r0, r0, r1
	mcr	p15, 0, r0, c1, c0, 1
1:
	.elseif	ACTLR_SET
	mrc	p15, 0, r0, c1, c0, 1		// ACTLR
	orr	r0, r0, #ACTLR_SET
	mcr	p15, 0, r0, c1, c0, 1
	.endif
	.if	WANTS_SECURE
	// A payload that asked for secure state gets the rest of it as it is.
	cmp	r8, #ENTRY_MONITOR
	cmpne	r8, #ENTRY_SECURE_SVC
	bne	1f
	mov	r0, #0
	mcr	p15, 0, r0, c1, c1, 0		// SCR: an earlier stage may have left NS set
	isb
	ldr	r0, =SCTLR_OFF
	mcr	p15, 0, r0, c1, c0, 0		// SCTLR: the secure copy
	b	gic_signals
1:
	.endif
	.if	CORES_DIFFER
	cmp	r11, #0
	ldrne	r0, [r11, #12]
	moveq	r0, #0
	.else
	ldr	r0, =NSACR_OPEN
	.endif
	mcr	p15, 0, r0, c1, c1, 2		// NSACR
