// SPDX-License-Identifier: Apache-2.0
//
// Where a CPU stops that cannot or must not go on, and what it says before.

no_common_mode:
	adr	r4, no_common_mode_text
	ldr	r5, =CONSOLE
	bl	console_init
1:	ldrb	r0, [r4], #1
	cmp	r0, #0
	beq	park
	bl	console_write
	b	1b
park:	wfi
	b	park

no_common_mode_text:
	.asciz	"fwbuild: no entry mode that both this CPU and the payload support; CPU parked\r\n"
	.balign	4
