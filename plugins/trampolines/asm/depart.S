// SPDX-License-Identifier: Apache-2.0
//
// From monitor mode to the kernel. Unlike the boot code's leave.S this leaves a way back,
// if the kernel wants one.

leave:
	mov	r0, #MODE_SVC | PSR_AIF
	.if	MONITOR_STUB
	mov	r1, #SCR_NS | SCR_FW | SCR_AW
	.else
	mov	r1, #SCR_NS | SCR_FW | SCR_AW | SCR_SCD
	.endif
	.if	TO_HYP
	tst	r9, #CAN_HYP			// what the CPU itself says
	movne	r0, #MODE_HYP | PSR_AIF
	orrne	r1, r1, #SCR_HCE
	.endif
	mcr	p15, 0, r1, c1, c1, 0		// SCR
	msr	spsr_cxsf, r0
	mov	r0, r3
	mov	r1, r4
	mov	r2, r5
	mov	r7, r8
	cmp	r12, #0
	ldreq	lr, =PAYLOAD_ENTRY
	ldrne	lr, =ARRIVED
	movs	pc, lr

not_in_monitor:
	.if	HAS_HYP
	cmp	r8, #ENTRY_HYP
	adreq	r3, dead_vectors
	mcreq	p15, 4, r3, c12, c0, 0		// HVBAR
	isb
	.endif
	cmp	r12, #0
	ldreq	lr, =PAYLOAD_ENTRY
	ldrne	lr, =ARRIVED
	bx	lr
