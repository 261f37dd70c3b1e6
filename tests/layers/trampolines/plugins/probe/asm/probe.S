// SPDX-License-Identifier: Apache-2.0
//
// Prints lines "probe: cpu N WHAT VALUE" about the CPU that it runs on, then calls the
// second CPU to do the same.

	.equ	GICD_SGIR, 0xf00
	.equ	TO_ALL_OTHERS, 1 << 24

	ldr	sp, =stack_of_boot_cpu
	ldr	r5, =CONSOLE
	bl	console_init
	bl	probe
	.if	CPUS > 1
	ldr	r1, =MAILBOX_CLEAR
	mvn	r2, #0
	str	r2, [r1]
	ldr	r1, =MAILBOX
	ldr	r0, =secondary
	str	r0, [r1]
	dsb
	ldr	r1, =GIC_DISTRIBUTOR
	mov	r0, #TO_ALL_OTHERS
	str	r0, [r1, #GICD_SGIR]
	ldr	r1, =done
1:	ldr	r0, [r1]
	cmp	r0, #0
	beq	1b
	.endif
	ldr	r4, =text_end
	ldr	r5, =CONSOLE
	bl	put
stop:	wfi
	b	stop

secondary:
	ldr	sp, =stack_of_secondary
	bl	probe
	ldr	r0, =done
	mov	r1, #1
	str	r1, [r0]
	dsb
	b	stop

probe:
	push	{r4, lr}
	bl	say_mode
	mrs	r1, cpsr
	and	r1, r1, #MODE_MASK
	cmp	r1, #MODE_HYP
	beq	in_hyp

	// Secure state, untouched and the payload's own.
	ldr	r0, =text_scr
	mrc	p15, 0, r1, c1, c1, 0		// SCR
	bl	say
	ldr	r0, =text_nsacr
	mrc	p15, 0, r1, c1, c1, 2		// NSACR
	bl	say
	ldr	r0, =text_group
	ldr	r1, =GIC_DISTRIBUTOR
	ldr	r1, [r1, #GICD_IGROUPR0]
	bl	say
	bl	say_mode
	pop	{r4, pc}

in_hyp:
	mrc	p15, 4, r7, c12, c0, 0		// HVBAR
	.if	MONITOR_STUB
	// Under the old convention this one SMC sets HVBAR.
	ldr	r0, =own_monitor
	smc	#0
	mrc	p15, 4, r1, c12, c0, 0		// HVBAR
	eor	r1, r1, r7
	ldr	r0, =text_smc_hvbar
	bl	say
	bl	call_monitor
	.else
	ldr	r1, =own_hyp
	mcr	p15, 4, r1, c12, c0, 0		// HVBAR
	isb
	mov	r0, #0
	smc	#0				// own_hyp answers, for it is UNDEFINED
	mov	r1, r0
	ldr	r0, =text_smc
	bl	say
	mcr	p15, 4, r7, c12, c0, 0		// HVBAR
	isb
	.endif

	.if	HYP_STUB
	ldr	r0, =own_hyp
	hvc	#0
	mrc	p15, 4, r1, c12, c0, 0		// HVBAR
	ldr	r0, =own_hyp
	eor	r1, r1, r0
	ldr	r0, =text_hvc_hvbar
	bl	say
	hvc	#0
	mov	r1, r0
	ldr	r0, =text_hvc
	bl	say
	mcr	p15, 4, r7, c12, c0, 0		// HVBAR: the stub's again
	isb
	.endif

	// The same from PL1.
	mov	r8, sp
	mov	r0, #MODE_SVC | PSR_AIF
	msr	spsr_cxsf, r0
	ldr	r0, =in_svc
	msr	elr_hyp, r0
	eret
in_svc:	mov	sp, r8
	bl	say_mode
	ldr	r0, =own_hyp
	hvc	#0
	mov	r0, #0x77
	hvc	#0				// own_hyp answers, or nobody
	mov	r1, r0
	ldr	r0, =text_hvc
	bl	say
	.if	MONITOR_STUB
	bl	call_monitor
	.endif
	pop	{r4, pc}

// own_monitor answers with its mode, what MVBAR is and what SCR is.
call_monitor:
	push	{r4, lr}
	mov	r0, #0
	smc	#0
	mov	r1, r0
	ldr	r0, =text_smc
	bl	say
	ldr	r1, =own_monitor
	eor	r1, r1, r2
	ldr	r0, =text_mvbar
	bl	say
	mov	r1, r3
	ldr	r0, =text_scr
	bl	say
	pop	{r4, pc}

say_mode:
	mrs	r1, cpsr
	and	r1, r1, #MODE_MASK
	ldr	r0, =text_mode

// A line with the text r0 and the number r1; keeps r2 to r8.
say:
	push	{r2-r8, lr}
	mov	r7, r0
	mov	r8, r1
	ldr	r5, =CONSOLE
	ldr	r4, =text_begin
	bl	put
	mrc	p15, 0, r0, c0, c0, 5		// MPIDR
	and	r0, r0, #7
	add	r0, r0, #'0'
	bl	console_write
	mov	r4, r7
	bl	put
	mov	r4, #8
1:	mov	r8, r8, ror #28
	and	r0, r8, #0xf
	cmp	r0, #10
	addlo	r0, r0, #'0'
	addhs	r0, r0, #'a' - 10
	bl	console_write
	subs	r4, r4, #1
	bne	1b
	ldr	r4, =text_newline
	bl	put
	pop	{r2-r8, pc}

// The text r4, to the console r5.
put:
	push	{r7, lr}
1:	ldrb	r0, [r4], #1
	cmp	r0, #0
	popeq	{r7, pc}
	bl	console_write
	b	1b

	// The payload's own vectors: what a call gets to that got past the stubs.
	.balign	32
own_monitor:
	b	.
	b	.
	b	answer_smc
	b	.
	b	.
	b	.
	b	.
	b	.

	.balign	32
own_hyp:
	b	.
	b	undefined
	b	answer_hvc
	b	.
	b	.
	b	answer_hvc
	b	.
	b	.

answer_smc:
	mrs	r0, cpsr
	and	r0, r0, #MODE_MASK
	mrc	p15, 0, r2, c12, c0, 1		// MVBAR
	mrc	p15, 0, r3, c1, c1, 0		// SCR
	movs	pc, lr

answer_hvc:
	mrs	r0, cpsr
	and	r0, r0, #MODE_MASK
	eret

undefined:
	mrs	r0, elr_hyp
	add	r0, r0, #4
	msr	elr_hyp, r0
	movw	r0, #0xdead
	eret

	.ltorg
text_begin:
	.asciz	"probe: cpu "
text_mode:
	.asciz	" mode "
text_smc_hvbar:
	.asciz	" smc-changes-hvbar "
text_smc:
	.asciz	" smc-answered-in "
text_mvbar:
	.asciz	" not-my-mvbar "
text_scr:
	.asciz	" scr "
text_nsacr:
	.asciz	" nsacr "
text_group:
	.asciz	" gicd-igroupr0 "
text_hvc_hvbar:
	.asciz	" not-my-hvbar "
text_hvc:
	.asciz	" hvc-answered-in "
text_newline:
	.asciz	"\r\n"
text_end:
	.asciz	"probe: end\r\n"

	.balign	8
done:
	.word	0
	.space	252
stack_of_boot_cpu:
	.space	256
stack_of_secondary:
