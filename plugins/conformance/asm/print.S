// SPDX-License-Identifier: Apache-2.0
//
// Lines on the console: "conformance: cpu MPIDR ...".

// The text at r0.
put_text:
	push	{r4-r6, lr}
	mov	r4, r0
	ldr	r5, =CONSOLE
1:	ldrb	r0, [r4], #1
	cmp	r0, #0
	popeq	{r4-r6, pc}
	bl	console_write
	b	1b

// The number r0: eight digits, or as many as it has.
put_hex:
	push	{r4-r7, lr}
	mov	r7, #8
	b	2f
put_short:
	push	{r4-r7, lr}
	clz	r7, r0
	rsb	r7, r7, #35
	lsrs	r7, r7, #2
	moveq	r7, #1
	rsb	r4, r7, #8
	lsl	r4, r4, #2
	lsl	r0, r0, r4
2:	mov	r4, r0
	ldr	r5, =CONSOLE
1:	mov	r4, r4, ror #28
	and	r0, r4, #0xf
	cmp	r0, #10
	addlo	r0, r0, #'0'
	addhs	r0, r0, #'a' - 10
	bl	console_write
	subs	r7, r7, #1
	bne	1b
	pop	{r4-r7, pc}

// The beginning of a line about this CPU, and the text r0.
put_begin:
	ldr	r1, =me
	ldr	r1, [r1, #MY_MPIDR]
// The beginning of a line about the CPU r1.
put_begin_of:
	push	{r4, r5, r6, lr}
	mov	r4, r0
	mov	r5, r1
	ldr	r0, =text_begin
	bl	put_text
	mov	r0, r5
	bl	put_short
	bl	put_space
	mov	r0, r4
	bl	put_text
	pop	{r4, r5, r6, pc}

put_space:
	ldr	r0, =text_space
	b	put_text

put_newline:
	ldr	r0, =text_newline
	b	put_text

// The word for the outcome r0: its address.
find_outcome:
	ldr	r1, =outcomes
1:	subs	r0, r0, #1
	movmi	r0, r1
	bxmi	lr
2:	ldrb	r2, [r1], #1			// on to the next word
	cmp	r2, #0
	bne	2b
	b	1b

// That word, and the end of the line.
put_outcome:
	push	{r4, lr}
	bl	find_outcome
	bl	put_text
	bl	put_newline
	pop	{r4, pc}
	.ltorg
