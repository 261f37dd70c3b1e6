// SPDX-License-Identifier: Apache-2.0
//
// Arrives in hyp: SCR.NS and SCR.HCE, and HVC as it was opened.
	.include "choose.inc"
	mvn	r0, #0
	ldr	r1, =GICD + 0x80			// GICD_IGROUPR0 and the shared ones
	mov	r2, #5
1:	str	r0, [r1], #4
	subs	r2, r2, #1
	bne	1b
	ldr	r1, =GICC
	str	r0, [r1, #4]			// GICC_PMR
	cps	#0x16
	ldr	r0, =0x1b1
	mcr	p15, 0, r0, c1, c1, 0		// SCR
	ldr	r0, =0x60fff
	mcr	p15, 0, r0, c1, c1, 2		// NSACR
	ldr	lr, =ENTRY
	mov	r0, #0x1da
	msr	spsr_cxsf, r0
	movs	pc, lr
