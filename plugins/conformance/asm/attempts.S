// SPDX-License-Identifier: Apache-2.0
//
// What a CPU tries to get back what was dropped, while memory is still as it was found.
// First secure state, from hyp and svc; then hyp, from svc. ARM ARM B1.5 says which
// ways into monitor mode and hyp there are.

	.balign	LINE, 0
attempts:
	// SMC, as a PSCI client, and in the way of old trampolines: r0 is the address of
	// new vectors.
	.word	IN_NONSECURE | NEEDS_SECURITY
	mov	r0, #0
	smc	#0
	b	answered
	.asciz	"smc-zero"
	.balign	LINE, 0
	.word	IN_NONSECURE | NEEDS_SECURITY
	mvn	r0, #0
	smc	#0
	b	answered
	.asciz	"smc-ones"
	.balign	LINE, 0
	.word	IN_NONSECURE | NEEDS_SECURITY
	mov	r0, #0x84000000			// PSCI_VERSION (DEN 0022)
	smc	#0
	b	answered
	.asciz	"smc-psci"
	.balign	LINE, 0
	.word	IN_NONSECURE | NEEDS_SECURITY
	b	smc_vectors
	nop
	nop
	.asciz	"smc-vectors"

	// Secure state's own registers are UNDEFINED outside it (ARM ARM B3.15.3).
	.balign	LINE, 0
	.word	IN_NONSECURE | NEEDS_SECURITY
	mrc	p15, 0, r0, c1, c1, 0
	b	answered
	nop
	.asciz	"scr-read"
	.balign	LINE, 0
	.word	IN_NONSECURE | NEEDS_SECURITY
	mov	r0, #SCR_NS | SCR_HCE
	mcr	p15, 0, r0, c1, c1, 0
	b	changed
	.asciz	"scr-write"
	.balign	LINE, 0
	.word	IN_NONSECURE | NEEDS_SECURITY
	mrc	p15, 0, r0, c12, c0, 1
	b	answered
	nop
	.asciz	"mvbar-read"
	.balign	LINE, 0
	.word	IN_NONSECURE | NEEDS_SECURITY
	ldr	r0, =vectors
	mcr	p15, 0, r0, c12, c0, 1
	b	changed
	.asciz	"mvbar-write"
	.balign	LINE, 0
	.word	IN_NONSECURE | NEEDS_SECURITY
	mvn	r0, #0
	mcr	p15, 0, r0, c1, c1, 2
	b	changed
	.asciz	"nsacr-write"
	.balign	LINE, 0
	.word	IN_NONSECURE | NEEDS_SECURITY
	mrc	p15, 0, r0, c1, c1, 1
	b	answered
	nop
	.asciz	"sder-read"
	.balign	LINE, 0
	.word	IN_NONSECURE | NEEDS_SECURITY | NEEDS_TIMER
	mov	r0, #1 << 20
	mcr	p15, 0, r0, c14, c0, 0
	b	changed
	.asciz	"cntfrq-write"

	// Into monitor mode by writing the mode, which is UNPREDICTABLE outside secure
	// state (ARM ARM B1.3.1, B9.3) and must not do it.
	.balign	LINE, 0
	.word	IN_NONSECURE | NEEDS_SECURITY
	cps	#MODE_MON
	b	stayed
	nop
	.asciz	"cps-monitor"
	.balign	LINE, 0
	.word	IN_NONSECURE | NEEDS_SECURITY
	ldr	r0, =MODE_MON | PSR_AIF
	msr	cpsr_c, r0
	b	stayed
	.asciz	"msr-monitor"
	.balign	LINE, 0
	.word	IN_NONSECURE | NEEDS_SECURITY
	ldr	r1, =MODE_MON | PSR_AIF
	b	by_rfe
	nop
	.asciz	"rfe-monitor"
	.balign	LINE, 0
	.word	IN_SVC | NEEDS_SECURITY
	ldr	r1, =MODE_MON | PSR_AIF
	b	by_movs
	nop
	.asciz	"movs-monitor"
	.balign	LINE, 0
	.word	IN_SVC | NEEDS_SECURITY
	ldr	r1, =MODE_MON | PSR_AIF
	b	by_ldm
	nop
	.asciz	"ldm-monitor"
	.if	HAS_HYP
	.balign	LINE, 0
	.word	IN_HYP | NEEDS_SECURITY
	ldr	r1, =MODE_MON | PSR_AIF
	b	by_eret
	nop
	.asciz	"eret-monitor"
	.balign	LINE, 0
	.word	IN_NONSECURE | NEEDS_SECURITY | NEEDS_VIRTUALIZATION
	mrs	r0, spsr_mon
	b	answered
	nop
	.asciz	"banked-monitor"
	.endif

	// Back to group 0 with an interrupt; bits that only the secure view has.
	.balign	LINE, 0
	.word	IN_NONSECURE | NEEDS_SECURITY
	b	gic_group
	nop
	nop
	.asciz	"gic-group"
	.balign	LINE, 0
	.word	IN_NONSECURE | NEEDS_SECURITY
	b	gic_view
	nop
	nop
	.asciz	"gic-view"

	.if	HAS_HYP
	// The same against hyp.
	.balign	LINE, 0
	.word	IN_SVC | NEEDS_VIRTUALIZATION
	mov	r0, #0
	hvc	#0
	b	answered
	.asciz	"hvc-zero"
	.balign	LINE, 0
	.word	IN_SVC | NEEDS_VIRTUALIZATION
	mvn	r0, #0				// of Linux' hyp stub: read HVBAR
	hvc	#0
	b	answered
	.asciz	"hvc-ones"
	.balign	LINE, 0
	.word	IN_SVC | NEEDS_VIRTUALIZATION
	b	hvc_vectors
	nop
	nop
	.asciz	"hvc-vectors"
	.balign	LINE, 0
	.word	IN_SVC | NEEDS_VIRTUALIZATION
	mrc	p15, 4, r0, c12, c0, 0
	b	answered
	nop
	.asciz	"hvbar-read"
	.balign	LINE, 0
	.word	IN_SVC | NEEDS_VIRTUALIZATION
	ldr	r0, =vectors
	mcr	p15, 4, r0, c12, c0, 0
	b	changed
	.asciz	"hvbar-write"
	.balign	LINE, 0
	.word	IN_SVC | NEEDS_VIRTUALIZATION
	mov	r0, #0
	mcr	p15, 4, r0, c1, c1, 0
	b	changed
	.asciz	"hcr-write"
	.balign	LINE, 0
	.word	IN_SVC | NEEDS_VIRTUALIZATION
	mov	r0, #0
	mcr	p15, 4, r0, c1, c0, 0
	b	changed
	.asciz	"hsctlr-write"
	.balign	LINE, 0
	.word	IN_SVC | NEEDS_VIRTUALIZATION
	mov	r0, #0
	mcr	p15, 4, r0, c14, c1, 0
	b	changed
	.asciz	"cnthctl-write"
	.balign	LINE, 0
	.word	IN_SVC | NEEDS_VIRTUALIZATION
	mov	r0, #0
	mcrr	p15, 4, r0, r0, c14
	b	changed
	.asciz	"cntvoff-write"
	.balign	LINE, 0
	.word	IN_SVC | NEEDS_VIRTUALIZATION
	mov	r0, #0
	mcrr	p15, 6, r0, r0, c2
	b	changed
	.asciz	"vttbr-write"
	.balign	LINE, 0
	.word	IN_SVC | NEEDS_VIRTUALIZATION
	cps	#MODE_HYP
	b	stayed
	nop
	.asciz	"cps-hyp"
	.balign	LINE, 0
	.word	IN_SVC | NEEDS_VIRTUALIZATION
	ldr	r0, =MODE_HYP | PSR_AIF
	msr	cpsr_c, r0
	b	stayed
	.asciz	"msr-hyp"
	.balign	LINE, 0
	.word	IN_SVC | NEEDS_VIRTUALIZATION
	ldr	r1, =MODE_HYP | PSR_AIF
	b	by_rfe
	nop
	.asciz	"rfe-hyp"
	.balign	LINE, 0
	.word	IN_SVC | NEEDS_VIRTUALIZATION
	ldr	r1, =MODE_HYP | PSR_AIF
	b	by_movs
	nop
	.asciz	"movs-hyp"
	.balign	LINE, 0
	.word	IN_SVC | NEEDS_VIRTUALIZATION
	ldr	r1, =MODE_HYP | PSR_AIF
	b	by_ldm
	nop
	.asciz	"ldm-hyp"
	.balign	LINE, 0
	.word	IN_SVC | NEEDS_VIRTUALIZATION
	mrs	r0, elr_hyp
	b	answered
	nop
	.asciz	"banked-hyp"
	.endif
	.balign	LINE, 0
	.word	0

	// Where an attempt ends that no exception ended.
answered:
	mov	r0, #ANSWERED
	b	caught
changed:
	mov	r0, #CHANGED
	b	caught
stayed:
	mov	r0, #NO_EFFECT			// unless the mode is another now: `caught` looks
	b	caught

	// If the first call has moved the vectors, the second one comes to ours.
smc_vectors:
	ldr	r0, =vectors
	smc	#0
	smc	#0
	b	answered
	.if	HAS_HYP
hvc_vectors:
	ldr	r0, =vectors
	hvc	#0
	hvc	#0
	b	answered
	.endif

	// Exception returns to the PSR r1 (ARM ARM B9.3: RFE, SUBS PC LR, LDM exception return).
by_rfe:
	adr	r0, stayed
	push	{r0, r1}
	mov	r0, sp
	rfeia	r0
by_movs:
	msr	spsr_cxsf, r1
	adr	lr, stayed
	movs	pc, lr
by_ldm:
	msr	spsr_cxsf, r1
	adr	r0, stayed
	push	{r0}
	mov	r0, sp
	ldmia	r0, {pc}^
	.if	HAS_HYP
by_eret:
	adr	r0, stayed
	msr	elr_hyp, r0
	msr	spsr_cxsf, r1
	eret
	.endif
	.ltorg
