// SPDX-License-Identifier: Apache-2.0
//
// Names of the conformance payload's own: outcomes, table lines and its memory.
// "ARM ARM" is the ARM Architecture Reference Manual, ARMv7-A edition (DDI 0406C).

	// What came of something that was tried. Up to 7 it is the number of the vector
	// that was taken (ARM ARM B1.8.1), so the order is that of a vector table.
	.equ	CAUGHT_RESET, 0
	.equ	CAUGHT_UNDEFINED, 1
	.equ	CAUGHT_CALL, 2
	.equ	CAUGHT_PREFETCH, 3
	.equ	CAUGHT_DATA, 4
	.equ	CAUGHT_TRAP, 5
	.equ	CAUGHT_IRQ, 6
	.equ	CAUGHT_FIQ, 7
	.equ	RETURNED, 8			// it came back, with a value or an outcome
	.equ	NO_EFFECT, 9
	.equ	ANSWERED, 10
	.equ	CHANGED, 11
	.equ	DENIED, 12
	.equ	SAME_MODE, 13
	.equ	REACHED, 14			// and the code of the mode: 15 monitor to 18 secure svc
	.equ	REACHED_LENGTH, 8		// of "reached-"

	// The first word of a line of a table: for which modes it is (bit n for mode
	// code n), what it needs, and how its result is shown.
	.equ	IN_MONITOR, 1 << ENTRY_MONITOR
	.equ	IN_HYP, 1 << ENTRY_HYP
	.equ	IN_SVC, 1 << ENTRY_SVC
	.equ	IN_SECURE_SVC, 1 << ENTRY_SECURE_SVC
	.equ	IN_SECURE, IN_MONITOR | IN_SECURE_SVC
	.equ	IN_NONSECURE, IN_HYP | IN_SVC
	.equ	IN_ANY, IN_SECURE | IN_NONSECURE
	.equ	READS, 1 << 8
	.equ	WIDE, 1 << 9
	.equ	NEEDS_SECURITY, 1 << 10
	.equ	NEEDS_VIRTUALIZATION, 1 << 11
	.equ	NEEDS_TIMER, 1 << 12

	// A line: that word, three instructions, the name.
	.equ	LINE, 32
	.equ	LINE_CODE, 4
	.equ	LINE_NAME, 16

	// What is known of the CPU whose turn it is.
	.equ	MY_MODE, 0			// its mode's code
	.equ	MY_CPSR, 4			// to come back to that mode
	.equ	MY_MPIDR, 8
	.equ	MY_CAUGHT_IN, 12		// CPSR's mode where something was caught
	.equ	MY_SP, 16
	.equ	MY_RESULT, 20			// two words that came back
	.equ	MY_SGI, 28
	.equ	MY_VBAR, 32
	.equ	MY_HVBAR, 36
	.equ	MY_ENTRY, 40			// CPSR, r0, r1, r2 at the first instruction

	// What is known of each CPU, at the place that cpu_table has for it.
	.equ	SLOT_SHIFT, 7
	.equ	SLOT_EARLY, 0			// the mode in which it ran what was written over
	.equ	SLOT_PEN, 4			// the boot code at once, and later; 0 if it did not
	.equ	SLOT_ARRIVED, 8			// it came when it was called
	.equ	SLOT_AGAIN, 12			// it came again: its mode
	.equ	SLOT_FLAGS, 16
	.equ	SLOT_LR, 20
	.equ	SLOT_REGISTERS, 24		// r1 to r12

	.equ	NOBODY, 0xffffffff

	// How long a CPU may take, counted in reads of a device register, which take
	// about as long on every machine: a second or so, and many.
	.equ	SOME_PATIENCE, 1 << 24
	.equ	LONG_PATIENCE, 1 << 25
	.equ	SHORT_WHILE, 1 << 16
	.equ	EARLY_PATIENCE, 1 << 18

	.equ	GICD_IPRIORITYR, 0x400
	.equ	GICD_SGIR, 0xf00
	.equ	SGI_TO_OTHERS, 1 << 24		// TargetListFilter (IHI 0048B, GICD_SGIR)
	.equ	SGI_TO_SELF, 2 << 24
	.equ	GICC_SECURE_BITS, 0x1e		// EnableGrp1, AckCtl, FIQEn, CBPR: not in the non-secure view
	.equ	GICD_ENABLE_GROUP1, 2		// likewise
