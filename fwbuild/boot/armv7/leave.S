// SPDX-License-Identifier: Apache-2.0
//
// Records what this CPU found in its node of the device tree, then lets go of it: the
// boot CPU goes to the payload, a secondary to the pen, one that cannot go on stops, each
// with nothing left behind that could bring a dropped mode back.

leave:
	adr	lr, park
	cmp	r11, #0
	beq	mode_change
	// A CPU that comes later than the boot CPU waits leaves the tree alone: that memory
	// may be something else by now.
	adr	r7, waiting
	ldrb	r0, [r7, r6]
	cmp	r0, #0
	beq	1f

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
	adrne	lr, arrived
	.endif
	bne	mode_change
	// Nobody enters the payload without its device tree.
	ldr	r2, =PAYLOAD_R2
	ldrh	r0, [r2]
	movw	r1, #DEVICE_TREE_MAGIC
	cmp	r0, r1
	mov	r4, #no_device_tree - refusal
	bne	refuse
	// A secondary that has not arrived in its pen is still in secure state or hyp, in
	// memory that the payload could write to. So wait for each, but not for ever: there
	// may be fewer CPUs than the platform says.
	strb	r12, [r7, r6]
	mov	r0, #PATIENCE
2:	ldr	r1, [r7]
	.if	CPU_HASH_MASK > 3
	ldr	r5, [r7, #4]
	orr	r1, r1, r5
	.endif
	cmp	r1, #0
	subsne	r0, r0, #1
	bne	2b
	str	r12, [r7]
	.if	CPU_HASH_MASK > 3
	str	r12, [r7, #4]
	.endif
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
	tst	r9, #CAN_HYP			// in hyp, then
	isb
	bxeq	lr				// in svc, the only mode that can be reached
	.if	HAS_HYP
	msr	elr_hyp, lr
	msr	spsr_cxsf, r4			// SPSR_hyp by name is for monitor mode only
	eret
	.endif
