// SPDX-License-Identifier: Apache-2.0
//
// What only secure state can set for a payload that runs outside it.
// A payload that asked for secure state gets it as it is (r8 is monitor or secure-svc).

	tst	r9, #1 << ENTRY_MONITOR		// reachable: this CPU is in secure state
	beq	nonsecure_registers
	cps	#MODE_MON
	.if	TIMER_FREQUENCY
	ldr	r0, =TIMER_FREQUENCY
	mcr	p15, 0, r0, c14, c0, 0		// CNTFRQ
	.endif
	.if	ACTLR_SET
	mrc	p15, 0, r0, c1, c0, 1		// ACTLR
	orr	r0, r0, #ACTLR_SET
	mcr	p15, 0, r0, c1, c0, 1
	.endif
	cmp	r8, #ENTRY_HYP
	cmpne	r8, #ENTRY_SVC
	bne	leave
	ldr	r0, =NSACR_OPEN
	mcr	p15, 0, r0, c1, c1, 2		// NSACR
