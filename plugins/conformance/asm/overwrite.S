// SPDX-License-Identifier: Apache-2.0
//
// Writes over memory, whatever the device tree says of it: a reservation binds only those
// who read it. What counts is whether a dropped mode executes what was written.

// Fills the words from r0 to r1 with branches to the last two, which go to r2. Each is a
// BL, so that r2's code knows where it came from. Changes r0, r3, r4.
hook:
	sub	r1, r1, #8
	// The end first: a CPU that spins here may take a branch as soon as it is written.
	ldr	r3, =0xe51ff004			// ldr pc, [pc, #-4]
	str	r3, [r1]
	str	r2, [r1, #4]
	dsb
	mov	r4, #0xeb000000
1:	sub	r3, r1, r0
	sub	r3, r3, #8			// what pc reads as
	lsr	r3, r3, #2
	bic	r3, r3, #0xff000000
	orr	r3, r3, r4
	str	r3, [r0], #4
	cmp	r0, r1
	blo	1b
	dsb
	mcr	p15, 0, r3, c7, c1, 0		// ICIALLUIS
	mcr	p15, 0, r3, c7, c1, 6		// BPIALLIS
	dsb
	isb
	bx	lr

// Twice the boot code's memory is written over, in which secondaries wait: as soon as the
// payload begins, for one that is not yet out of secure state, and when all must be in
// the pen, for one that waits there in a better mode than the payload's.
attack_early:
	mov	r5, #SLOT_EARLY
	mov	r6, #EARLY_PATIENCE
	b	attack_resident
attack_pens:
	push	{r4, lr}
	ldr	r0, =wait_for_record
	bl	for_each_other
	bl	wait_a_while			// from its record to its pen
	pop	{r4, lr}
	mov	r5, #SLOT_PEN
	mov	r6, #SOME_PATIENCE

// Writes over the memory and wakes all without calling them. Each that executes what was
// written leaves its mode at r5 in its slot, within r6 reads of a device. Then everything
// is put back. Changes r0 to r9.
attack_resident:
	push	{r4, lr}
	ldr	r0, =hook_slot
	str	r5, [r0]
	ldr	r0, =saved_page
	ldr	r1, =RESIDENT
	bl	copy_resident
	ldr	r0, =RESIDENT
	ldr	r1, =RELEASE_WORDS
	ldr	r2, =pen_hook
	bl	hook
	bl	wake_others
	ldr	r0, =wait_for_hook
	bl	for_each_other
	ldr	r0, =RESIDENT
	ldr	r1, =saved_page
	bl	copy_resident
	dsb
	mcr	p15, 0, r0, c7, c1, 0		// ICIALLUIS
	dsb
	ldr	r0, =hooks_gone
	mov	r1, #1				// let go of those that came until now
	cmp	r5, #SLOT_PEN
	mvneq	r1, #0				// and of all
	str	r1, [r0]
	dsb
	pop	{r4, pc}

// From r1 to r0, as much as there is before the release words. Changes r2, r3.
copy_resident:
	ldr	r3, =RELEASE_WORDS - RESIDENT
1:	ldr	r2, [r1], #4
	str	r2, [r0], #4
	subs	r3, r3, #4
	bne	1b
	bx	lr

// What a CPU executes then: it leaves its mode, waits until the memory is as it was, and
// goes on as if nothing had been, except that BL has taken its lr.
pen_hook:
	mcr	p15, 0, r0, c13, c0, 4		// TPIDRPRW
	mrc	p15, 0, r0, c0, c0, 5		// MPIDR
	bic	r0, r0, #0xff000000
	.if	CPU_HASH_SHIFT
	add	r0, r0, r0, lsr #CPU_HASH_SHIFT
	.endif
	and	r0, r0, #CPU_HASH_MASK
	ldr	sp, =slots			// nobody has a stack there
	add	sp, sp, r0, lsl #SLOT_SHIFT
	add	r0, sp, #SLOT_REGISTERS
	stmia	r0, {r1-r12}
	mrs	r0, cpsr
	str	r0, [sp, #SLOT_FLAGS]
	str	lr, [sp, #SLOT_LR]
	bl	find_mode
	ldr	r1, =hooks_gone
	ldr	r2, [r1]
	ldr	r3, =hook_slot
	ldr	r3, [r3]
	str	r0, [sp, r3]
	dsb
1:	ldr	r0, [r1]			// a slow CPU may see the second time already
	cmp	r0, r2
	bne	2f
	cmn	r0, #1				// all ones: everybody may go
	bne	1b
2:
	mcr	p15, 0, r0, c7, c5, 0		// ICIALLU
	isb
	add	r0, sp, #SLOT_REGISTERS
	ldmia	r0, {r1-r12}
	ldr	r0, [sp, #SLOT_FLAGS]
	msr	apsr_nzcvq, r0
	ldr	lr, [sp, #SLOT_LR]
	sub	lr, lr, #4
	mrc	p15, 0, r0, c13, c0, 4
	bx	lr

// Writes over every page of RAM in which there is anything but zeros, except this
// payload's own: whatever vectors a dropped mode has, their next use comes to `vectors`.
overwrite_memory:
	push	{r4-r11, lr}
	ldr	r9, =banks
1:	ldr	r10, [r9], #4			// the first address
	ldr	r11, [r9], #4			// how many pages
2:	subs	r11, r11, #1
	bmi	4f
	mov	r0, r10
	bl	is_empty
	beq	3f
	ldr	r0, =start - 0x1000
	cmp	r10, r0
	bls	5f
	ldr	r0, =start + RESERVE
	cmp	r10, r0
	blo	3f
5:	mov	r0, r10
	add	r1, r10, #0x1000
	ldr	r2, =vector_hook
	bl	hook
3:	add	r10, r10, #0x1000
	b	2b
4:	ldr	r0, =banks_end
	cmp	r9, r0
	blo	1b
	pop	{r4-r11, pc}

// What the vectors of a dropped mode execute then. Another CPU than that whose turn it is
// has only now come to the boot code: it leaves its mode, and stops.
vector_hook:
	ldr	r1, =me
	ldr	r1, [r1, #MY_MPIDR]
	mrc	p15, 0, r0, c0, c0, 5		// MPIDR
	bic	r0, r0, #0xff000000
	cmp	r0, r1
	moveq	r0, #CAUGHT_CALL
	beq	caught
	bl	my_slot
	mov	r4, r0
	bl	find_mode
	str	r0, [r4, #SLOT_EARLY]
	dsb
	b	stop

// Whether the page r0 is empty: eq if so. Changes r0 to r8.
is_empty:
	add	r12, r0, #0x1000
1:	ldmia	r0!, {r1-r8}
	orr	r1, r1, r2
	orr	r3, r3, r4
	orr	r5, r5, r6
	orr	r7, r7, r8
	orr	r1, r1, r3
	orr	r5, r5, r7
	orrs	r1, r1, r5
	bxne	lr
	cmp	r0, r12
	bne	1b
	bx	lr

banks:
	.word	RAM_0, RAM_0_PAGES
	.word	RAM_1, RAM_1_PAGES
	.word	RAM_2, RAM_2_PAGES
	.word	RAM_3, RAM_3_PAGES
banks_end:

// What a CPU tries when all of memory has been written over.
report_overwritten:
	push	{r4, lr}
	ldr	r0, =overwritten
	ldr	r1, =text_attempt
	bl	walk
	bl	report_interrupts
	pop	{r4, pc}

	.balign	LINE, 0
overwritten:
	.word	IN_NONSECURE | NEEDS_SECURITY
	mov	r0, #0
	smc	#0
	b	answered
	.asciz	"smc-overwritten"
	.if	HAS_HYP
	.balign	LINE, 0
	.word	IN_SVC | NEEDS_VIRTUALIZATION
	mov	r0, #0
	hvc	#0
	b	answered
	.asciz	"hvc-overwritten"
	.endif
	// An external abort, which SCR.EA would take to monitor mode: nothing is behind RAM.
	.balign	LINE, 0
	.word	IN_NONSECURE | NEEDS_SECURITY
	ldr	r0, =BEHIND_RAM
	ldr	r0, [r0]
	b	answered
	.asciz	"abort"
	.balign	LINE, 0
	.word	0

// Each software-generated interrupt to this CPU itself, as IRQ or FIQ: which vectors
// does it take? One that SCR or HCR routes elsewhere ends in another mode.
report_interrupts:
	push	{r4-r7, lr}
	mov	r8, #IN_NONSECURE | NEEDS_SECURITY
	bl	applies
	popeq	{r4-r7, pc}
	mov	r4, #0
	mov	r7, #NO_EFFECT
1:	ldr	r0, =me
	str	r4, [r0, #MY_SGI]
	ldr	r0, =interrupt_self
	bl	try
	cmp	r0, #RETURNED
	beq	2f
	cmp	r7, #REACHED
	movlo	r7, r0				// the worst of all is what counts
2:	ldr	r1, =GIC_CPU_INTERFACE
	ldr	r0, [r1, #GICC_IAR]
	str	r0, [r1, #GICC_EOIR]
	add	r4, r4, #1
	cmp	r4, #16
	blo	1b
	ldr	r0, =text_interrupts
	bl	put_begin
	mov	r0, r7
	bl	put_outcome
	pop	{r4-r7, pc}

interrupt_self:
	ldr	r0, =me
	ldr	r0, [r0, #MY_SGI]
	orr	r0, r0, #SGI_TO_SELF
	ldr	r1, =GIC_DISTRIBUTOR
	str	r0, [r1, #GICD_SGIR]
	dsb
	cpsie	aif
	mov	r0, #0x1000
1:	subs	r0, r0, #1
	bne	1b
	cpsid	aif
	bx	lr
	.ltorg
