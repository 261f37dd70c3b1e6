// SPDX-License-Identifier: Apache-2.0
//
// Never comes.
	.include "choose.inc"
1:	wfi
	b	1b
