// SPDX-License-Identifier: Apache-2.0
//
// Arrives in monitor mode.
	.include "choose.inc"
	cps	#0x16
	ldr	pc, =ENTRY
