// SPDX-License-Identifier: Apache-2.0
//
// Between the boot code and the kernel, on every CPU. A CPU that comes in monitor mode is
// set up for non-secure state by the boot code's own sources, which follow, and goes on in
// depart.S. One that comes in another mode only gets its hyp vectors.
//
// What the boot code leaves behind, as entry.S and leave.S of it say:
//	r0-r2	the payload's, on the boot CPU
//	r6	this CPU's place in cpu_table
//	r7	the boot code's `waiting`
//	r8	the mode's code
//	r9	what the CPU could reach when it was reset: CAN_MONITOR and so on
//	r10	ID_PFR1
//	r11	this CPU's line in cpu_table
//	r12	0 on the boot CPU
//
// The pen wants r6, r7 and r11 back. Kept from here to depart.S:
//	r3-r5	what came in r0 to r2
//	r7	MPIDR, for hyp.S
//	r8	what came in r7

	cmp	r8, #ENTRY_MONITOR
	bne	not_in_monitor
	mov	r3, r0
	mov	r4, r1
	mov	r5, r2
	mov	r8, r7
	mrc	p15, 0, r7, c0, c0, 5		// MPIDR
	// Goes on in secure.S, gicv2.S, nonsecure.S and hyp.S of the boot code.
