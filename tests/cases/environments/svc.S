// SPDX-License-Identifier: Apache-2.0
//
// Arrives in non-secure svc.
	.include "choose.inc"
	cps	#0x16
	mov	r0, #0x31
	mcr	p15, 0, r0, c1, c1, 0		// SCR
	ldr	lr, =ENTRY
	mov	r0, #0x1d3
	msr	spsr_cxsf, r0
	movs	pc, lr
