// SPDX-License-Identifier: Apache-2.0
//
// Says why a CPU cannot go on (r4, an offset into the texts), then lets go of it like of
// any other, in the least mode there is: one that waited here in secure state or hyp
// would be theirs who can write to this memory.

no_mode:
	mov	r4, #no_common_mode - refusal
refuse:
	// One CPU of each cluster speaks, the boot CPU among them: no lock works between CPUs with
	// the caches off, and the console of a payload that began elsewhere is its own.
	tst	r12, #0xff			// affinity level 0, as the boot CPU's
	bne	2f
	ldr	r5, =CONSOLE
	bl	console_init
	adr	r3, refusal
	add	r4, r4, r3
1:	ldrb	r0, [r3], #1
	cmp	r0, #0
	moveq	r3, r4
	beq	1b
	bl	console_write
	cmp	r0, #'\n'
	bne	1b
2:	mov	r8, #ENTRY_SVC
	mov	r11, #0
	b	secure
