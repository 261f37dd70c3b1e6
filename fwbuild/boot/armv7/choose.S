// SPDX-License-Identifier: Apache-2.0
//
// The first of the payload's modes that this CPU can reach.

choose:
	.if	UNIFORM && MAILBOX_CLEAR
	mvn	r0, #0				// what an earlier stage wrote calls nobody
	ldr	r1, =MAILBOX
	str	r0, [r1, #MAILBOX_CLEAR - MAILBOX]
	.endif
	ldr	r0, =ENTRY_MODES		// four bits for each, the first lowest
1:	ands	r8, r0, #0xf
	beq	no_mode
	movs	r1, r9, lsr r8			// the carry is its bit
	movcc	r0, r0, lsr #4
	bcc	1b
	.if	UNIFORM
chosen:	str	r8, [pc, #boot_mode - chosen - 8]
	.endif
