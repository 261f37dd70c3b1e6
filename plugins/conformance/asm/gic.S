// SPDX-License-Identifier: Apache-2.0
//
// Attempts at the interrupt controller (GICv2, IHI 0048B).

// Moves interrupts to group 0, which is secure state's: GICD_IGROUPRn is RAZ/WI outside
// it. Whether it worked shows in the priorities, which are RAZ for group 0.
gic_group:
	ldr	r1, =GIC_DISTRIBUTOR
	ldr	r2, [r1, #GICD_TYPER]
	and	r2, r2, #0x1f			// ITLinesNumber
	add	r3, r1, #GICD_IGROUPR0
	add	r4, r1, #GICD_IPRIORITYR
	mov	r5, #0
	mvn	r6, #0
	mov	r0, #NO_EFFECT
1:	ldr	r7, [r4]
	str	r6, [r4]
	ldr	r8, [r4]
	cmp	r8, #0				// not ours from the beginning, or not there
	beq	3f
	str	r5, [r3]
	ldr	r9, [r4]
	str	r7, [r4]
	cmp	r9, r8
	movne	r0, #CHANGED
	ldr	r9, [r3]
	cmp	r9, #0
	movne	r0, #CHANGED
2:	add	r3, r3, #4
	add	r4, r4, #32			// priorities are bytes, groups are bits
	subs	r2, r2, #1
	bpl	1b
	b	caught
3:	ldr	r9, =GIC_DISTRIBUTOR + GICD_IPRIORITYR
	cmp	r4, r9				// the SGIs are always there
	moveq	r0, #DENIED
	b	2b

// Sets what only the secure views of the two control registers show.
gic_view:
	mov	r0, #NO_EFFECT
	ldr	r1, =GIC_CPU_INTERFACE
	ldr	r2, [r1, #GICC_CTLR]
	orr	r3, r2, #GICC_SECURE_BITS
	str	r3, [r1, #GICC_CTLR]
	ldr	r3, [r1, #GICC_CTLR]
	str	r2, [r1, #GICC_CTLR]
	tst	r3, #GICC_SECURE_BITS
	movne	r0, #CHANGED
	ldr	r1, =GIC_DISTRIBUTOR
	ldr	r2, [r1, #GICD_CTLR]
	orr	r3, r2, #GICD_ENABLE_GROUP1
	str	r3, [r1, #GICD_CTLR]
	ldr	r3, [r1, #GICD_CTLR]
	str	r2, [r1, #GICD_CTLR]
	tst	r3, #GICD_ENABLE_GROUP1
	movne	r0, #CHANGED
	b	caught
	.ltorg
