// SPDX-License-Identifier: Apache-2.0
//
// The boot CPU's way: it reports, lets every other CPU report, then overwrites all of
// memory and lets each try again. CPUs take turns, so that lines never mix.

start:
	mov	r7, r0
	mov	r8, r1
	mov	r9, r2
	mrs	r6, cpsr
	cpsid	aif
	ldr	r4, =me + MY_ENTRY
	stmia	r4, {r6-r9}
	ldr	sp, =stack_of_boot_cpu
	bl	find_mode
	mov	r10, r0
	bl	become
	// Before anything else: is another CPU still on its way here?
	cmp	r10, #ENTRY_HYP
	cmpne	r10, #ENTRY_SVC
	bleq	attack_early
	ldr	r5, =CONSOLE
	bl	console_init
	bl	report
	cmp	r10, #ENTRY_HYP
	cmpne	r10, #ENTRY_SVC
	bleq	attack_pens
	ldr	r0, =secondary
	bl	call_others
	ldr	r0, =let_report
	bl	for_each_other
	ldr	r0, =again
	bl	call_others
	bl	wait_a_while
	ldr	r0, =report_again
	bl	for_each_other
	cmp	r10, #ENTRY_HYP
	cmpne	r10, #ENTRY_SVC
	bne	1f
	bl	become
	bl	overwrite_memory
	bl	report_overwritten
	ldr	r0, =let_finish
	bl	for_each_other
1:	ldr	r0, =text_end
	bl	put_text
stop:	wfi
	b	stop

// The mode that this CPU is in: r0, its code. Changes r1, r2.
find_mode:
	mrs	r1, cpsr
	and	r1, r1, #MODE_MASK
	mov	r0, #ENTRY_HYP
	cmp	r1, #MODE_HYP
	bxeq	lr
	mov	r0, #ENTRY_MONITOR
	cmp	r1, #MODE_MON
	bxeq	lr
	mov	r0, #ENTRY_SVC
	mrc	p15, 0, r1, c0, c1, 1		// ID_PFR1
	tst	r1, #ID_PFR1_SECURITY
	bxeq	lr
	// SCR can be read in secure state only (ARM ARM B4.1.129).
	mrc	p15, 0, r2, c12, c0, 0		// VBAR
	ldr	r1, =guard_vectors
	mcr	p15, 0, r1, c12, c0, 0
	isb
	mrc	p15, 0, r1, c1, c1, 0		// SCR
	mov	r0, #ENTRY_SECURE_SVC		// the vectors leave this out
	mcr	p15, 0, r2, c12, c0, 0
	isb
	bx	lr

	.balign	32
guard_vectors:
	b	.
	add	lr, lr, #4			// UNDEFINED: go on two instructions later
	movs	pc, lr
	b	.
	b	.
	b	.
	b	.
	b	.

// The turn is this CPU's, which is in the mode r10. Changes r0 to r3.
become:
	ldr	r0, =me
	str	r10, [r0, #MY_MODE]
	mrs	r1, cpsr
	str	r1, [r0, #MY_CPSR]
	mrc	p15, 0, r1, c0, c0, 5		// MPIDR
	bic	r1, r1, #0xff000000
	str	r1, [r0, #MY_MPIDR]
	bx	lr

// What one CPU has to say: its mode, its registers, its record, what it tried.
report:
	push	{r4, lr}
	bl	install_vectors
	ldr	r0, =text_mode
	bl	put_begin
	ldr	r0, =me
	ldr	r0, [r0, #MY_MODE]
	add	r0, r0, #REACHED
	bl	find_outcome
	add	r0, r0, #REACHED_LENGTH
	bl	put_text
	bl	put_newline
	ldr	r0, =registers
	ldr	r1, =text_reg
	bl	walk
	bl	report_record
	ldr	r0, =attempts
	ldr	r1, =text_attempt
	bl	walk
	pop	{r4, pc}

// The three cells that the boot code left in the device tree.
report_record:
	push	{r4-r8, lr}
	bl	my_slot
	ldr	r4, [r1, #4]			// the first cell; the others follow
	ldr	r7, =text_cells
	mov	r8, #3
1:	ldr	r0, =text_cell
	bl	put_begin
	mov	r0, r7
	bl	put_text
	ldr	r0, [r4], #CELL_STRIDE
	rev	r0, r0				// cells are big-endian
	bl	put_short
	bl	put_newline
2:	ldrb	r0, [r7], #1			// on to the next name
	cmp	r0, #0
	bne	2b
	subs	r8, r8, #1
	bne	1b
	pop	{r4-r8, pc}

// Goes through the table r0; r1 is the word for what stands in it.
walk:
	push	{r4-r9, lr}
	mov	r4, r0
	mov	r7, r1
1:	ldr	r8, [r4]
	cmp	r8, #0
	popeq	{r4-r9, pc}
	bl	applies
	beq	3f
	add	r0, r4, #LINE_CODE
	bl	try
	mov	r9, r0
	mov	r0, r7
	bl	put_begin
	add	r0, r4, #LINE_NAME
	bl	put_text
	bl	put_space
	cmp	r9, #RETURNED
	tsteq	r8, #READS
	bne	4f
	mov	r0, r9
	bl	put_outcome
	b	3f
4:	mov	r0, r9
	cmp	r9, #RETURNED
	bne	5f
	ldr	r9, =me
	tst	r8, #WIDE
	ldrne	r0, [r9, #MY_RESULT + 4]
	blne	put_hex
	ldr	r0, [r9, #MY_RESULT]
	bl	put_hex
	bl	put_newline
	b	3f
5:	bl	put_outcome
3:	add	r4, r4, #LINE
	b	1b

// Whether the line whose first word is r8 is for this CPU: ne if it is. Changes r0, r1.
applies:
	ldr	r0, =me
	ldr	r0, [r0, #MY_MODE]
	mov	r1, #1
	tst	r8, r1, lsl r0
	bxeq	lr
	mrc	p15, 0, r0, c0, c1, 1		// ID_PFR1
	tst	r8, #NEEDS_SECURITY
	beq	1f
	tst	r0, #ID_PFR1_SECURITY
	bxeq	lr
1:	tst	r8, #NEEDS_VIRTUALIZATION
	beq	1f
	tst	r0, #ID_PFR1_VIRTUALIZATION
	bxeq	lr
1:	tst	r8, #NEEDS_TIMER
	beq	1f
	tst	r0, #ID_PFR1_TIMER
	bxeq	lr
1:	movs	r0, #1
	bx	lr
	.ltorg
