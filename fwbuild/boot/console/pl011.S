// SPDX-License-Identifier: Apache-2.0
//
// PrimeCell UART (PL011, DDI 0183): one character out.
//	r0 character, r5 base address; changes r6

	.equ	UARTDR, 0x000
	.equ	UARTFR, 0x018
	.equ	UARTIBRD, 0x024
	.equ	UARTFBRD, 0x028
	.equ	UARTLCR_H, 0x02c
	.equ	UARTCR, 0x030
	.equ	UARTFR_TXFF, 1 << 5
	.equ	UARTLCR_8N1_FIFO, 0x70
	.equ	UARTCR_UARTEN_TXE_RXE, 0x301

console_init:
	mov	r6, #0
	str	r6, [r5, #UARTCR]
	mov	r6, #CONSOLE_IBRD
	str	r6, [r5, #UARTIBRD]
	mov	r6, #CONSOLE_FBRD
	str	r6, [r5, #UARTFBRD]
	mov	r6, #UARTLCR_8N1_FIFO
	str	r6, [r5, #UARTLCR_H]
	ldr	r6, =UARTCR_UARTEN_TXE_RXE
	str	r6, [r5, #UARTCR]
	bx	lr

console_write:
	ldr	r6, [r5, #UARTFR]
	tst	r6, #UARTFR_TXFF
	bne	console_write
	str	r0, [r5, #UARTDR]
	bx	lr
