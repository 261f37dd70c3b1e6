// SPDX-License-Identifier: Apache-2.0
//
// Arrives in hyp: SCR.NS and SCR.HCE, and HVC as it was opened.
	.include "choose.inc"
	cps	#0x16
	ldr	r0, =0x131
	mcr	p15, 0, r0, c1, c1, 0		// SCR
	ldr	r0, =0x60fff
	mcr	p15, 0, r0, c1, c1, 2		// NSACR
	ldr	lr, =ENTRY
	mov	r0, #0x1da
	msr	spsr_cxsf, r0
	movs	pc, lr
