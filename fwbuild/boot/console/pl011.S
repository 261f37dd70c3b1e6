// SPDX-License-Identifier: Apache-2.0
//
// PrimeCell UART (PL011, DDI 0183).
//	r5 base address

	.equ	UARTDR, 0x000
	.equ	UARTFR, 0x018
	.equ	UARTIBRD, 0x024			// then UARTFBRD, UARTLCR_H and UARTCR
	.equ	UARTFR_TXFF, 1 << 5
	.equ	UARTLCR_8N1_FIFO, 0x70
	.equ	UARTCR_UARTEN_TXE_RXE, 0x301

// Sets the line up; changes r0 to r3 and r6. The store is in ascending order, as the
// divisors need: they take effect with UARTLCR_H.
console_init:
	mov	r0, #CONSOLE_IBRD
	mov	r1, #CONSOLE_FBRD
	mov	r2, #UARTLCR_8N1_FIFO
	movw	r3, #UARTCR_UARTEN_TXE_RXE
	add	r6, r5, #UARTIBRD
	stmia	r6, {r0-r3}
	bx	lr

// Sends the character in r0; changes r6.
console_write:
	ldr	r6, [r5, #UARTFR]
	tst	r6, #UARTFR_TXFF
	bne	console_write
	str	r0, [r5, #UARTDR]
	bx	lr
