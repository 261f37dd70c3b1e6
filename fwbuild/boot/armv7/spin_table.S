// SPDX-License-Identifier: Apache-2.0
//
// The pen of a platform without a mailbox register: each secondary sleeps until an event
// comes (SEV), and goes where its own release word says when it says something. The words
// lie in the same order as cpu_table, at the end of the boot code's memory; the device
// tree gives each CPU's as cpu-release-addr.

arrived:
	strb	r0, [r7, r6]			// its lowest byte is 0, whether a record was written or not
pen:
	ldr	r4, =cpu_table
	sub	r4, r11, r4
	ldr	r5, =RELEASE_WORDS
	add	r4, r4, r5
1:	ldr	r3, [r4]
	cmp	r3, #0
	bne	2f
	wfe
	b	1b
2:	mov	r0, #0
	mov	r1, #0
	mov	r2, #0
	isb
pen_release:
	bx	r3
