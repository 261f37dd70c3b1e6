// SPDX-License-Identifier: Apache-2.0
//
// The non-secure copies of the banked registers. Their reset values are UNKNOWN or
// wrong for a payload. Monitor mode reaches them with SCR.NS set, others as they are.

	.if	WANTS_SECURE
	cmp	r8, #ENTRY_MONITOR
	cmpne	r8, #ENTRY_SECURE_SVC
	beq	leave
	.endif
	tst	r9, #CAN_MONITOR
	movne	r0, #SCR_NS
	mcrne	p15, 0, r0, c1, c1, 0		// SCR
	isb
	mov	r0, #0
	.if	TIMER_FREQUENCY
	tst	r10, #ID_PFR1_TIMER
	mcrne	p15, 0, r0, c14, c3, 1		// CNTV_CTL
	tstne	r9, #CAN_HYP | CAN_MONITOR
	mcrne	p15, 0, r0, c14, c2, 1		// CNTP_CTL: from PL1 it may be trapped
	.endif
	mcr	p15, 0, r0, c1, c0, 2		// CPACR
	mcr	p15, 0, r0, c2, c0, 2		// TTBCR
	mcr	p15, 0, r0, c12, c0, 0		// VBAR
	ldr	r1, =SCTLR_OFF
	mcr	p15, 0, r1, c1, c0, 0		// SCTLR
