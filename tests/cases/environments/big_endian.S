// SPDX-License-Identifier: Apache-2.0
//
// Arrives with big-endian data.
	.include "choose.inc"
	ldr	r0, =ENTRY
	setend	be
	bx	r0
