// SPDX-License-Identifier: Apache-2.0

	// Monitor mode's vectors, and PL1's while the boot code runs there. On a core that
	// cannot make SMC UNDEFINED (no SCR.SCD) they stay in use: each SMC is answered by
	// its return.
	.balign	32
monitor_vectors:
	b	.				// not used
	// The guarded read of SCR was UNDEFINED: go on two instructions later.
	add	lr, lr, #4
	movs	pc, lr				// SMC, and the second half of UNDEFINED
	b	exception
	b	exception
	b	.
	b	.
	b	.

	// Hyp's vectors: stop, but let a trap or HVC from PL1 return.
	.balign	32
dead_vectors:
	b	.
	b	.
	b	.
	b	.
	b	.
	.if	HAS_HYP
	eret
	.else
	b	.
	.endif
	b	.
	b	.
