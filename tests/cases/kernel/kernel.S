/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The smallest kernel that says how it was entered: the mode from CPSR, and whether r0,
 * r1 and r2 are as they must be. For one CPU of a vexpress-a15.
 */
	.arch	armv7-a
	.syntax	unified
	.arm
	.text
	.word	0			@ the entry is not the first word
	.globl	start
start:
	ldr	r4, =0x1c090000		@ UART0's data register (PL011)
	adr	r5, hello
1:	ldrb	r6, [r5], #1
	cmp	r6, #0
	strbne	r6, [r4]
	bne	1b
	mrs	r5, cpsr
	and	r5, r5, #0x1f
	mov	r6, #'?'
	cmp	r5, #0x1a
	moveq	r6, #'H'
	cmp	r5, #0x13
	moveq	r6, #'S'
	str	r6, [r4]
	cmp	r0, #0
	cmneq	r1, #1
	ldreq	r5, [r2]
	ldreq	r6, =0xedfe0dd0		@ a device tree's magic number, byte-swapped
	cmpeq	r5, r6
	ldreq	r6, =bss
	ldreq	r5, [r6]
	cmpeq	r5, #0			@ the BSS is clear
	moveq	r6, #'+'
	movne	r6, #'-'
	str	r6, [r4]
	mov	r6, #'\n'
	str	r6, [r4]
2:	wfi
	b	2b
hello:	.asciz	"kernel: "
	.balign	4
	.ltorg
	.bss
bss:	.space	0x1000
