// SPDX-License-Identifier: Apache-2.0
//
// Where a CPU stops that cannot or must not go on, and what it says before.

	// Says why (r4, an offset into the texts), then lets go of the CPU like of any other, in the least mode
	// there is: one that waited here in secure state or hyp would be theirs who can
	// write to this memory.
refuse:
	// No lock works between CPUs with the caches off, so they take turns by waiting.
	mrc	p15, 0, r0, c0, c0, 5		// MPIDR
	mov	r0, r0, lsl #24
1:	subs	r0, r0, #TURN
	bhi	1b
	ldr	r5, =CONSOLE
	bl	console_init
	adr	r7, refusal
	add	r4, r4, r7
1:	ldrb	r0, [r7], #1
	cmp	r0, #0
	moveq	r7, r4
	beq	1b
	bl	console_write
	cmp	r0, #'\n'
	bne	1b
	mov	r8, #ENTRY_SVC
	mov	r11, #0
	mov	r12, #1
	b	secure

exception:
	cps	#MODE_SVC
	mov	r4, #unexpected_exception - refusal
	b	refuse

park:	wfi
	b	park

	// The mode that the boot CPU chose, and whether it has gone to the payload.
boot_mode:
	.word	0
boot_cpu_left:
	.word	0

refusal:
	.asciz	"fwbuild: CPU parked: "
no_common_mode:
	.ascii	"no common mode\r\n"
unknown_cpu:
	.ascii	"not in the platform\r\n"
little_ram:
	.ascii	"RAM missing\r\n"
no_device_tree:
	.ascii	"no device tree\r\n"
unexpected_exception:
	.ascii	"exception\r\n"
	.balign	4
