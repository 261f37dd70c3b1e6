// SPDX-License-Identifier: Apache-2.0
//
// The non-secure copies of the banked registers. Their reset values are UNKNOWN or
// wrong for a payload. Monitor mode reaches them with SCR.NS set, hyp as it is.

	adr	r0, dead_vectors
	mcr	p15, 0, r0, c12, c0, 1		// MVBAR: nothing is routed there; if it were, it stops
	mov	r0, #SCR_NS
	mcr	p15, 0, r0, c1, c1, 0		// SCR
	isb

nonsecure_registers:
	tst	r9, #1 << ENTRY_HYP | 1 << ENTRY_MONITOR
	beq	leave				// PL1 from the start: an earlier stage's to set
	mov	r0, #0
	.if	TIMER_FREQUENCY
	mcr	p15, 0, r0, c14, c2, 1		// CNTP_CTL
	mcr	p15, 0, r0, c14, c3, 1		// CNTV_CTL
	mcr	p15, 0, r0, c14, c1, 0		// CNTKCTL
	.endif
	mcr	p15, 2, r0, c0, c0, 0		// CSSELR
	mcr	p15, 0, r0, c1, c0, 2		// CPACR
	mcr	p15, 0, r0, c2, c0, 0		// TTBR0
	mcr	p15, 0, r0, c2, c0, 1		// TTBR1
	mcr	p15, 0, r0, c2, c0, 2		// TTBCR
	mcr	p15, 0, r0, c3, c0, 0		// DACR
	mcr	p15, 0, r0, c12, c0, 0		// VBAR
	mcr	p15, 0, r0, c13, c0, 1		// CONTEXTIDR
	ldr	r1, =SCTLR_OFF
	mcr	p15, 0, r1, c1, c0, 0		// SCTLR
