// SPDX-License-Identifier: Apache-2.0
//
// Arrives in another mode of secure PL1.
	.include "choose.inc"
	msr	cpsr_c, #0xc0 | MODE
	ldr	pc, =ENTRY
