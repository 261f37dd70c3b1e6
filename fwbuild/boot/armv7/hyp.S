// SPDX-License-Identifier: Apache-2.0
//
// Hyp's registers, reached from hyp or from monitor mode with SCR.NS set. They are
// set for svc payloads too: a trap that hyp left on would go to nobody.

	.if	HAS_HYP
	tst	r9, #CAN_HYP
	beq	leave
	mcr	p15, 4, r0, c1, c1, 0		// HCR
	mcr	p15, 4, r0, c1, c1, 3		// HSTR
	mcr	p15, 4, r0, c14, c2, 1		// CNTHP_CTL
	mcrr	p15, 4, r0, r0, c14		// CNTVOFF
	mcrr	p15, 6, r0, r0, c2		// VTTBR
	mov	r1, #CNTHCTL_OPEN
	mcr	p15, 4, r1, c14, c1, 0		// CNTHCTL
	movw	r1, #HCPTR_OPEN
	mcr	p15, 4, r1, c1, c1, 2		// HCPTR
	ldr	r1, =HSCTLR_OFF
	mcr	p15, 4, r1, c1, c0, 0		// HSCTLR
	mrc	p15, 4, r1, c1, c1, 1		// HDCR
	and	r1, r1, #0x1f			// HPMN: every counter stays PL1's
	mcr	p15, 4, r1, c1, c1, 1
	mrc	p15, 0, r1, c0, c0, 0		// MIDR
	mcr	p15, 4, r1, c0, c0, 0		// VPIDR
	mcr	p15, 4, r7, c0, c0, 5		// VMPIDR
	adr	r1, dead_vectors
	mcr	p15, 4, r1, c12, c0, 0		// HVBAR
	.endif
