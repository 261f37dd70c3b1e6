// SPDX-License-Identifier: Apache-2.0
//
// The payload's memory. It comes last: cpu_table and nothing else is behind it.

	.ltorg
	.balign	4
turn:
	.word	NOBODY
hooks_gone:
	.word	0
hook_slot:
	.word	0
me:
	.space	56
	.balign	8
slots:
	.space	(CPU_HASH_MASK + 1) << SLOT_SHIFT
	.balign	8
	.space	256
stack_of_boot_cpu:
	.space	256
stack_of_secondaries:
saved_page:
	.space	0x1000
