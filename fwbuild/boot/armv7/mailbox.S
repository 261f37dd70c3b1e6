// SPDX-License-Identifier: Apache-2.0
//
// The pen of a platform with a mailbox register: a secondary sleeps until an
// interrupt comes, and goes where the mailbox says when it says something.
// Position-independent of the payload, in memory that the device tree reserves.

arrived:
	strb	r0, [r7, r6]			// its lowest byte is 0, whether a record was written or not
pen:
	ldr	r4, =MAILBOX
1:
	.if	UNIFORM				// then the boot CPU was waited for
	ldr	r3, [r4]
	cmp	r3, #0
	.else
	ldr	r3, boot_mode			// what the mailbox says before is an earlier stage's
	cmp	r3, #0
	ldrne	r3, [r4]
	cmpne	r3, #0
	.endif
pen_release:
	bxne	r3
	wfi
	ldr	r5, =GIC_CPU_INTERFACE
	ldr	r6, [r5, #GICC_IAR]		// take the wake-up call, or wfi would not sleep again
	str	r6, [r5, #GICC_EOIR]
	b	1b
