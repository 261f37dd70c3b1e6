// SPDX-License-Identifier: Apache-2.0
//
// The other CPUs: how the boot CPU calls them, and what they do.

// Calls the function r0 for every CPU of the platform but this one, with r7 = its MPIDR,
// r8 = its slot, r9 = its line of cpu_table.
for_each_other:
	push	{r4-r11, lr}
	mov	r4, r0
	mrc	p15, 0, r10, c0, c0, 5		// MPIDR
	bic	r10, r10, #0xff000000
	ldr	r9, =cpu_table
	ldr	r8, =slots
	mov	r11, #0
1:	ldr	r7, [r9]
	cmp	r7, #NOBODY
	cmpne	r7, r10
	blxne	r4
	add	r9, r9, #1 << CPU_LINE_SHIFT
	add	r8, r8, #1 << SLOT_SHIFT
	add	r11, r11, #1
	cmp	r11, #CPU_HASH_MASK
	bls	1b
	pop	{r4-r11, pc}

// This CPU's slot: r0; and its line of cpu_table: r1.
my_slot:
	mrc	p15, 0, r0, c0, c0, 5		// MPIDR
	bic	r0, r0, #0xff000000
	.if	CPU_HASH_SHIFT
	add	r0, r0, r0, lsr #CPU_HASH_SHIFT
	.endif
	and	r0, r0, #CPU_HASH_MASK
	ldr	r1, =cpu_table
	add	r1, r1, r0, lsl #CPU_LINE_SHIFT
	ldr	r2, =slots
	add	r0, r2, r0, lsl #SLOT_SHIFT
	bx	lr

// Wakes whoever waits, without a call.
wake_others:
	dsb
	.if	MAILBOX
	ldr	r1, =GIC_DISTRIBUTOR
	mov	r0, #SGI_TO_OTHERS
	str	r0, [r1, #GICD_SGIR]
	.endif
	sev
	bx	lr

// Calls all others to the address r0, by the platform's method.
call_others:
	.if	MAILBOX
	.if	MAILBOX_CLEAR
	ldr	r1, =MAILBOX_CLEAR
	mvn	r2, #0
	str	r2, [r1]
	.endif
	ldr	r1, =MAILBOX
	str	r0, [r1]
	.else
	ldr	r1, =RELEASE_WORDS
	mov	r2, #0
1:	str	r0, [r1], #1 << CPU_LINE_SHIFT
	add	r2, r2, #1
	cmp	r2, #CPU_HASH_MASK
	bls	1b
	.endif
	b	wake_others

// Waits until the word at r0 is not r1, r2 reads of a device long: ne if it came.
wait_for_word:
	push	{r4, lr}
	ldr	r4, =GIC_DISTRIBUTOR + GICD_TYPER
1:	ldr	r3, [r0]
	cmp	r3, r1
	popne	{r4, pc}
	ldr	r3, [r4]
	subs	r2, r2, #1
	bne	1b
	pop	{r4, pc}			// eq

wait_a_while:
	mov	r2, #SHORT_WHILE
	ldr	r1, =GIC_DISTRIBUTOR + GICD_TYPER
1:	ldr	r0, [r1]
	subs	r2, r2, #1
	bne	1b
	bx	lr

	// Each of these is for for_each_other.

wait_for_record:
	ldr	r0, [r9, #4]
	mvn	r1, #0
	mov	r2, #SOME_PATIENCE
	b	wait_for_word

wait_for_hook:
	add	r0, r8, r5
	mov	r1, #0
	mov	r2, r6
	b	wait_for_word

let_report:
	push	{r4, lr}
	add	r0, r8, #SLOT_ARRIVED
	mov	r1, #0
	mov	r2, #SOME_PATIENCE
	bl	wait_for_word
	ldrne	r0, =text_lost
	blne	give_turn
	popne	{r4, pc}
	ldr	r0, =text_missing
	mov	r1, r7
	bl	put_begin_of
	pop	{r4, pc}

let_finish:
	ldr	r0, [r8, #SLOT_ARRIVED]
	cmp	r0, #0
	ldrne	r0, =text_lost
	bne	give_turn
	// It cannot say itself what it was caught in on its way.
	push	{r4, lr}
	ldr	r0, =text_early
	mov	r1, r7
	bl	put_begin_of
	ldr	r0, [r8, #SLOT_EARLY]
	cmp	r0, #0
	moveq	r0, #NO_EFFECT
	addne	r0, r0, #REACHED
	bl	put_outcome
	pop	{r4, pc}

// Lets the CPU r7 do its next part and waits until it has; if it never does, the line
// r0 says so. Returns ne.
give_turn:
	push	{r4, lr}
	mov	r4, r0
	ldr	r0, =turn
	str	r7, [r0]
	dsb
	mov	r1, r7
	mov	r2, #LONG_PATIENCE
	bl	wait_for_word
	movseq	r0, r4
	moveq	r1, r7
	bleq	put_begin_of
	movs	r0, #1
	pop	{r4, pc}

// A CPU that was called out of its pen is not called a second time.
report_again:
	push	{r4, lr}
	ldr	r4, [r8, #SLOT_AGAIN]
	ldr	r0, [r8, #SLOT_ARRIVED]
	cmp	r0, #0
	popeq	{r4, pc}
	ldr	r0, =me
	ldr	r0, [r0, #MY_MODE]
	cmp	r0, #ENTRY_HYP
	cmpne	r0, #ENTRY_SVC
	popne	{r4, pc}
	ldr	r0, =text_again
	mov	r1, r7
	bl	put_begin_of
	cmp	r4, #0
	moveq	r0, #NO_EFFECT
	addne	r0, r4, #REACHED
	bl	put_outcome
	pop	{r4, pc}

// Where a secondary comes to when it is called.
secondary:
	mov	r7, r0
	mov	r8, r1
	mov	r9, r2
	mrs	r6, cpsr
	cpsid	aif
	bl	my_slot
	mov	r4, r0
	bl	find_mode
	mov	r10, r0
	mov	r0, #1
	str	r0, [r4, #SLOT_ARRIVED]
	dsb
	bl	wait_for_turn
	ldr	sp, =stack_of_secondaries
	ldr	r0, =me + MY_ENTRY
	stmia	r0, {r6-r9}
	bl	become
	bl	report
	ldr	r0, =text_early
	mov	r1, #SLOT_EARLY
	bl	report_pen
	ldr	r0, =text_pen
	mov	r1, #SLOT_PEN
	bl	report_pen
	bl	end_turn
	bl	wait_for_turn
	bl	become
	bl	report_overwritten
	bl	end_turn
	b	stop

// Where one comes to that is called again.
again:
	bl	my_slot
	mov	r4, r0
	bl	find_mode
	str	r0, [r4, #SLOT_AGAIN]
	dsb
	b	stop

wait_for_turn:
	mrc	p15, 0, r0, c0, c0, 5		// MPIDR
	bic	r0, r0, #0xff000000
	ldr	r1, =turn
1:	ldr	r2, [r1]
	cmp	r2, r0
	bne	1b
	bx	lr

end_turn:
	ldr	r0, =turn
	mvn	r1, #0				// NOBODY
	dsb
	str	r1, [r0]
	dsb
	bx	lr

// In which mode this CPU executed what the boot CPU had written, if that was tried: the
// text r0, and what its slot says at r1.
report_pen:
	push	{r4, r5, r6, lr}
	mov	r5, r1
	ldr	r1, =hooks_gone
	ldr	r1, [r1]
	cmp	r1, #0
	popeq	{r4, r5, r6, pc}
	bl	put_begin
	bl	my_slot
	ldr	r1, [r0, r5]
	add	r0, r1, #REACHED
	cmp	r1, #0
	moveq	r0, #NO_EFFECT
	cmp	r1, #ENTRY_HYP			// in secure state there is no "only the same"
	cmpne	r1, #ENTRY_SVC
	cmpeq	r1, r10
	moveq	r0, #SAME_MODE
	bl	put_outcome
	pop	{r4, r5, r6, pc}
	.ltorg
