// SPDX-License-Identifier: Apache-2.0
//
// Records what this CPU found in its node of the device tree, then lets go of it:
// the boot CPU goes to the payload, a secondary to the pen, both in the chosen mode
// and with nothing left behind that could bring a dropped mode back.

leave:
	// fwbuild,entry-mode, fwbuild,secure-state and fwbuild,hyp-state: big-endian
	// cells, CELL_STRIDE bytes apart. States: 0 absent, 1 own, 2 sealed.
	cmp	r8, #ENTRY_MONITOR
	cmpne	r8, #ENTRY_SECURE_SVC
	moveq	r1, #1
	movne	r1, #2
	tst	r10, #ID_PFR1_SECURITY
	moveq	r1, #0
	cmp	r8, #ENTRY_SVC
	moveq	r2, #2
	movne	r2, #1
	tst	r10, #ID_PFR1_VIRTUALIZATION
	moveq	r2, #0
	rev	r0, r8
	rev	r1, r1
	rev	r2, r2
	ldr	r4, [r11, #4]
	str	r0, [r4]
	str	r1, [r4, #CELL_STRIDE]
	str	r2, [r4, #CELL_STRIDE * 2]

	mov	r0, #PAYLOAD_R0
	ldr	r1, =PAYLOAD_R1
	ldr	r2, =PAYLOAD_R2
	ldr	r3, =PAYLOAD_ENTRY
	adr	r4, cpu_table
	cmp	r4, r11
	adrne	r3, pen
	mov	r4, #0
	mcr	p15, 0, r4, c8, c7, 0		// TLBIALL
	mcr	p15, 0, r4, c7, c5, 0		// ICIALLU
	mcr	p15, 0, r4, c7, c5, 6		// BPIALL
	dsb
	isb

	mov	r4, #MODE_SVC | PSR_AIF
	cmp	r8, #ENTRY_HYP
	moveq	r4, #MODE_HYP | PSR_AIF
	mrs	r5, cpsr
	and	r5, r5, #MODE_MASK
	cmp	r5, #MODE_MON
	bne	leave_nonsecure
	mov	lr, r3
	cmp	r8, #ENTRY_MONITOR
	bxeq	lr				// stays where it is
	cmp	r8, #ENTRY_SECURE_SVC
	mov	r5, #SCR_NS | SCR_FW | SCR_AW | SCR_SCD
	moveq	r5, #0
	cmp	r8, #ENTRY_HYP
	orreq	r5, r5, #SCR_HCE
	mcr	p15, 0, r5, c1, c1, 0		// SCR: secure state is out of reach after the movs
	isb
	// A plain SPSR write and movs: writing SPSR_mon by its banked name from monitor
	// mode itself is UNPREDICTABLE.
	msr	spsr_cxsf, r4
leave_monitor:
	movs	pc, lr

leave_nonsecure:
	mov	lr, r3
	and	r6, r4, #MODE_MASK
	cmp	r5, r6
	bxeq	lr				// in the chosen mode already
	msr	elr_hyp, lr
	msr	spsr_hyp, r4
	eret
