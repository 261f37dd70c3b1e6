// SPDX-License-Identifier: Apache-2.0
//
// The stubs, each in a table of its own. Neither knows of the other, and neither does more
// than it says: r0 becomes the base of the vectors of the stub's own mode, on this CPU. A
// kernel that has put its vectors there is not met by the stub again.
//
// secure.S and hyp.S point MVBAR and HVBAR here by these names. Where the kernel does not
// want a stub its table is inert, like the boot code's: calls return, all else stops.

	.balign	32
monitor_vectors:
	b	.
	b	.
	.if	MONITOR_STUB
	b	monitor_stub			// SMC
	.else
	movs	pc, lr				// SMC, on a core that cannot make it UNDEFINED
	.endif
	b	.
	b	.
	b	.
	b	.
	b	.

	.balign	32
dead_vectors:
	b	.
	b	.
	.if	HYP_STUB
	b	hyp_stub			// HVC from hyp itself
	.else
	b	.
	.endif
	b	.
	b	.
	.if	HYP_STUB
	b	hyp_stub			// HVC, or a trap, from PL1
	.elseif	HAS_HYP
	eret
	.else
	b	.
	.endif
	b	.
	b	.

	.if	MONITOR_STUB
monitor_stub:
	mcr	p15, 0, r0, c12, c0, 1		// MVBAR
	movs	pc, lr
	.endif

	.if	HYP_STUB
hyp_stub:
	mcr	p15, 4, r0, c12, c0, 0		// HVBAR
	eret
	.endif
