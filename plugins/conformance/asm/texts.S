// SPDX-License-Identifier: Apache-2.0
//
// What is printed. docs/reference/conformance.md says what the words mean.

text_begin:
	.asciz	"conformance: cpu "
text_mode:
	.asciz	"mode "
text_reg:
	.asciz	"reg "
text_cell:
	.asciz	"cell "
text_attempt:
	.asciz	"attempt "
text_early:
	.asciz	"attempt early "
text_pen:
	.asciz	"attempt pen "
text_again:
	.asciz	"attempt wake-twice "
text_interrupts:
	.asciz	"attempt interrupts "
text_missing:
	.asciz	"missing\r\n"
text_lost:
	.asciz	"lost\r\n"
text_end:
	.asciz	"conformance: end\r\n"
text_space:
	.asciz	" "
text_newline:
	.asciz	"\r\n"

text_cells:
	.asciz	"fwbuild,entry-mode "
	.asciz	"fwbuild,secure-state "
	.asciz	"fwbuild,hyp-state "

	// In the order of their numbers.
outcomes:
	.asciz	"reset"
	.asciz	"undefined"
	.asciz	"call"
	.asciz	"prefetch-abort"
	.asciz	"data-abort"
	.asciz	"hyp-trap"
	.asciz	"irq"
	.asciz	"fiq"
	.asciz	"returned"
	.asciz	"no-effect"
	.asciz	"answered"
	.asciz	"changed"
	.asciz	"denied"
	.asciz	"same-mode"
	.asciz	"unknown"
	.asciz	"reached-monitor"
	.asciz	"reached-hyp"
	.asciz	"reached-svc"
	.asciz	"reached-secure-svc"
	.balign	4
