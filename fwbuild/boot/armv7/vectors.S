// SPDX-License-Identifier: Apache-2.0
//
// Two tables of exception vectors. Nothing is expected to use them but what is said
// below; the words that the architecture does not use, at the start of each, hold what
// the boot code has to remember.

	// Monitor mode's vectors, and PL1's while the boot code runs there. On a core that
	// cannot make SMC UNDEFINED (no SCR.SCD) they stay in use: each SMC is answered by
	// its return.
	.balign	32
monitor_vectors:
boot_mode:
	.word	0				// what the boot CPU chose; not 0 when it has
	mov	r9, #CAN_SVC		// UNDEFINED, the guarded read of SCR: not secure
	movs	pc, lr				// SMC; UNDEFINED goes on after its instruction
park:	wfi					// where CPUs stop that cannot go on
	b	park
	b	park
	b	park
	b	park

	// Hyp's vectors: stop, but let a trap or HVC from PL1 return.
	.balign	32
dead_vectors:
	.if	CPU_HASH_MASK > 3
	b	.
	.else
waiting:
	.word	WAITING_0			// a byte for each CPU, 0 when nobody waits for it
	.endif
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
