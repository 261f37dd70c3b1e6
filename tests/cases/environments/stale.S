// SPDX-License-Identifier: Apache-2.0
//
// Leaves things behind that reset would not: vectors high and in Thumb state and elsewhere, every
// interrupt of the interface signalled as FIQ, some pending, timers on, no register zero.
	.include "choose.inc"
	ldr	r0, =0x40c52878			// SCTLR: TE, V
	mcr	p15, 0, r0, c1, c0, 0
	ldr	r0, =0x0badbad0
	mcr	p15, 0, r0, c12, c0, 0		// VBAR
	mcr	p15, 0, r0, c12, c0, 1		// MVBAR
	mov	r0, #7
	mcr	p15, 0, r0, c2, c0, 2		// TTBCR
	ldr	r1, =GICD
	mov	r0, #1
	str	r0, [r1]			// GICD_CTLR
	mvn	r0, #0
	str	r0, [r1, #0x100]		// GICD_ISENABLER0
	ldr	r0, =0x02000003
	str	r0, [r1, #0xf00]		// GICD_SGIR: to itself
	ldr	r1, =GICC
	mov	r0, #9
	str	r0, [r1]			// GICC_CTLR: FIQEn
	mov	r0, #0xff
	str	r0, [r1, #4]
	mvn	r0, #0
	mov	r1, r0
	mov	r2, r0
	mov	r3, r0
	mov	r4, r0
	mov	r5, r0
	mov	r6, r0
	mov	r7, r0
	mov	r8, r0
	mov	r9, r0
	mov	r10, r0
	mov	r11, r0
	mov	r12, r0
	mov	sp, r0
	mov	lr, r0
	ldr	pc, =ENTRY
