// SPDX-License-Identifier: Apache-2.0
//
// Why a CPU is parked; and what found no place in the vectors.

	.if	CPU_HASH_MASK > 3
waiting:
	.word	WAITING_0, WAITING_1
	.endif

refusal:
	.asciz	"fwbuild: no "
no_common_mode:
	.ascii	"mode\r\n"
unknown_cpu:
	.ascii	"known CPU\r\n"
no_device_tree:
	.ascii	"tree\r\n"
	.balign	4
