// SPDX-License-Identifier: Apache-2.0

	.balign	32
probe_vectors:
	b	.				// not used
	// The guarded read of SCR was UNDEFINED: go on two instructions later.
	add	lr, lr, #4
	movs	pc, lr

	// No exception is expected where these are in use, so each one stops.
	.balign	32
dead_vectors:
	b	.
	b	.
	b	.
	b	.
	b	.
	b	.
	b	.
	b	.
