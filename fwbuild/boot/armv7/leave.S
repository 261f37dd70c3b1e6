// SPDX-License-Identifier: Apache-2.0
//
// Records what this CPU found in its node of the device tree, then lets go of it: the
// boot CPU goes to the payload, a secondary to the pen, one that cannot go on stops, each
// with nothing left behind that could bring a dropped mode back.

leave:
	adr	lr, park
	cmp	r11, #0
	beq	mode_change
	// A secondary that comes when the payload has called it already leaves the tree
	// alone: that memory may be something else by now.
	cmp	r12, #0
	.if	MAILBOX
	ldrne	r0, =MAILBOX
	.else
	adr	r0, cpu_table
	sub	r0, r11, r0
	ldr	r1, =RELEASE_WORDS
	add	r0, r0, r1
	.endif
	ldrne	r0, [r0]
	cmpne	r0, #0
	bne	1f

	// fwbuild,entry-mode, fwbuild,secure-state and fwbuild,hyp-state: big-endian
	// cells, CELL_STRIDE bytes apart. A byte shifted to the top is a big-endian cell.
	mov	r1, #STATE_FIRMWARE << 24	// an earlier stage's, or our vectors answer
	tst	r9, #CAN_MONITOR
	tstne	r10, #ID_PFR1_VIRTUALIZATION
	movne	r1, #STATE_SEALED << 24		// SMC and HVC can be made UNDEFINED
	mov	r2, r1
	cmp	r8, #ENTRY_HYP
	.if	WANTS_SECURE
	cmpne	r8, #ENTRY_MONITOR
	cmpne	r8, #ENTRY_SECURE_SVC
	moveq	r2, #STATE_OWN << 24
	cmp	r8, #ENTRY_MONITOR
	cmpne	r8, #ENTRY_SECURE_SVC
	moveq	r1, #STATE_OWN << 24
	.else
	moveq	r2, #STATE_OWN << 24
	.endif
	tst	r10, #ID_PFR1_SECURITY
	moveq	r1, #STATE_ABSENT << 24
	tst	r10, #ID_PFR1_VIRTUALIZATION
	moveq	r2, #STATE_ABSENT << 24
	mov	r0, r8, lsl #24
	ldr	r4, [r11, #4]
	str	r0, [r4]
	str	r1, [r4, #CELL_STRIDE]
	str	r2, [r4, #CELL_STRIDE * 2]

1:	cmp	r12, #0
	.if	SECONDARY_ENTRY
	ldrne	lr, =SECONDARY_ENTRY
	.else
	adrne	lr, pen
	.endif
	bne	mode_change
	// Nobody enters the payload without its device tree.
	ldr	r2, =PAYLOAD_R2
	ldr	r0, [r2]
	ldr	r1, =DEVICE_TREE_MAGIC
	cmp	r0, r1
	mov	r4, #no_device_tree - refusal
	bne	refuse
	.if	!UNIFORM			// otherwise both were done before
	.if	MAILBOX_CLEAR
	mvn	r0, #0
	ldr	r1, =MAILBOX
	str	r0, [r1, #MAILBOX_CLEAR - MAILBOX]
	.endif
	adr	r0, boot_mode
	str	r8, [r0]
	.endif
	ldr	r0, =PAYLOAD_R0
	ldr	r1, =PAYLOAD_R1
	ldr	lr, =PAYLOAD_ENTRY

mode_change:
	mcr	p15, 0, r4, c7, c5, 0		// ICIALLU; what the register holds is ignored
	mcr	p15, 0, r4, c7, c5, 6		// BPIALL
	dsb					// the return from monitor mode or hyp is an isb
	mov	r4, #MODE_SVC | PSR_AIF
	mov	r5, #SCR_NS | SCR_FW | SCR_AW | SCR_SCD
	cmp	r8, #ENTRY_HYP
	moveq	r4, #MODE_HYP | PSR_AIF
	orreq	r5, r5, #SCR_HCE
	tst	r9, #CAN_MONITOR		// in monitor mode, then
	beq	leave_nonsecure
	.if	WANTS_SECURE
	cmp	r8, #ENTRY_MONITOR
	bxeq	lr				// stays where it is
	.endif
	.if	WANTS_SECURE
	cmp	r8, #ENTRY_SECURE_SVC
	moveq	r5, #0
	.endif
	mcr	p15, 0, r5, c1, c1, 0		// SCR: secure state is out of reach after the movs
	// A plain SPSR write and movs: writing SPSR_mon by its banked name from monitor
	// mode itself is UNPREDICTABLE.
	msr	spsr_cxsf, r4
leave_monitor:
	movs	pc, lr

leave_nonsecure:
	mrs	r5, cpsr
	eor	r5, r5, r4
	tst	r5, #MODE_MASK
	isb
	bxeq	lr				// in the chosen mode already
	.if	HAS_HYP
	msr	elr_hyp, lr
	msr	spsr_cxsf, r4			// SPSR_hyp by name is for monitor mode only
	eret
	.endif
