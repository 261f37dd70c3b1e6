// SPDX-License-Identifier: Apache-2.0
//
// Comes later than the others: PAUSE rounds of a loop.
	.include "choose.inc"
	ldr	r0, =PAUSE
1:	subs	r0, r0, #1
	bne	1b
	ldr	pc, =ENTRY
