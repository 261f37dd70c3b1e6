// SPDX-License-Identifier: Apache-2.0
//
// The registers that a CPU reports: those that the boot code must have set and that
// can be read from where the CPU is. Encodings: ARM ARM B3.17.2, "Full list of VMSA
// CP15 registers". What the payload itself has changed by now it reads from memory.

	.balign	LINE, 0
registers:
	.word	READS | IN_ANY
	b	entry_cpsr
	nop
	nop
	.asciz	"CPSR"
	.balign	LINE, 0
	.word	READS | IN_ANY
	b	entry_r0
	nop
	nop
	.asciz	"r0"
	.balign	LINE, 0
	.word	READS | IN_ANY
	b	entry_r1
	nop
	nop
	.asciz	"r1"
	.balign	LINE, 0
	.word	READS | IN_ANY
	b	entry_r2
	nop
	nop
	.asciz	"r2"
	.balign	LINE, 0
	.word	READS | IN_ANY
	mrc	p15, 0, r0, c0, c0, 0
	bx	lr
	nop
	.asciz	"MIDR"
	.balign	LINE, 0
	.word	READS | IN_ANY
	mrc	p15, 0, r0, c0, c0, 5
	bx	lr
	nop
	.asciz	"MPIDR"
	.balign	LINE, 0
	.word	READS | IN_ANY
	mrc	p15, 0, r0, c0, c1, 1
	bx	lr
	nop
	.asciz	"ID_PFR1"
	.balign	LINE, 0
	.word	READS | IN_ANY
	mrc	p15, 0, r0, c1, c0, 0
	bx	lr
	nop
	.asciz	"SCTLR"
	.balign	LINE, 0
	.word	READS | IN_ANY
	mrc	p15, 0, r0, c1, c0, 1
	bx	lr
	nop
	.asciz	"ACTLR"
	.balign	LINE, 0
	.word	READS | IN_ANY
	mrc	p15, 0, r0, c1, c0, 2
	bx	lr
	nop
	.asciz	"CPACR"
	.balign	LINE, 0
	.word	READS | IN_ANY | NEEDS_SECURITY
	mrc	p15, 0, r0, c1, c1, 2
	bx	lr
	nop
	.asciz	"NSACR"
	.balign	LINE, 0
	.word	READS | IN_ANY
	mrc	p15, 0, r0, c2, c0, 2
	bx	lr
	nop
	.asciz	"TTBCR"
	.balign	LINE, 0
	.word	READS | IN_ANY
	b	entry_vbar
	nop
	nop
	.asciz	"VBAR"
	.balign	LINE, 0
	.word	READS | IN_ANY | NEEDS_TIMER
	mrc	p15, 0, r0, c14, c0, 0
	bx	lr
	nop
	.asciz	"CNTFRQ"
	.balign	LINE, 0
	.word	READS | IN_ANY | NEEDS_TIMER
	mrc	p15, 0, r0, c14, c2, 1
	bx	lr
	nop
	.asciz	"CNTP_CTL"
	.balign	LINE, 0
	.word	READS | IN_ANY | NEEDS_TIMER
	mrc	p15, 0, r0, c14, c3, 1
	bx	lr
	nop
	.asciz	"CNTV_CTL"

	// Secure state's.
	.balign	LINE, 0
	.word	READS | IN_SECURE
	mrc	p15, 0, r0, c1, c1, 0
	bx	lr
	nop
	.asciz	"SCR"
	.balign	LINE, 0
	.word	READS | IN_SECURE
	mrc	p15, 0, r0, c12, c0, 1
	bx	lr
	nop
	.asciz	"MVBAR"

	// Hyp's.
	.balign	LINE, 0
	.word	READS | IN_HYP
	b	entry_hvbar
	nop
	nop
	.asciz	"HVBAR"
	.balign	LINE, 0
	.word	READS | IN_HYP
	mrc	p15, 4, r0, c1, c0, 0
	bx	lr
	nop
	.asciz	"HSCTLR"
	.balign	LINE, 0
	.word	READS | IN_HYP
	mrc	p15, 4, r0, c1, c1, 0
	bx	lr
	nop
	.asciz	"HCR"
	.balign	LINE, 0
	.word	READS | IN_HYP
	mrc	p15, 4, r0, c1, c1, 1
	bx	lr
	nop
	.asciz	"HDCR"
	.balign	LINE, 0
	.word	READS | IN_HYP
	mrc	p15, 4, r0, c1, c1, 2
	bx	lr
	nop
	.asciz	"HCPTR"
	.balign	LINE, 0
	.word	READS | IN_HYP
	mrc	p15, 4, r0, c1, c1, 3
	bx	lr
	nop
	.asciz	"HSTR"
	.balign	LINE, 0
	.word	READS | IN_HYP
	mrc	p15, 4, r0, c0, c0, 0
	bx	lr
	nop
	.asciz	"VPIDR"
	.balign	LINE, 0
	.word	READS | IN_HYP
	mrc	p15, 4, r0, c0, c0, 5
	bx	lr
	nop
	.asciz	"VMPIDR"
	.balign	LINE, 0
	.word	READS | IN_HYP
	mrc	p15, 4, r0, c14, c1, 0
	bx	lr
	nop
	.asciz	"CNTHCTL"
	.balign	LINE, 0
	.word	READS | IN_HYP
	mrc	p15, 4, r0, c14, c2, 1
	bx	lr
	nop
	.asciz	"CNTHP_CTL"
	.balign	LINE, 0
	.word	READS | WIDE | IN_HYP
	mrrc	p15, 4, r0, r1, c14
	bx	lr
	nop
	.asciz	"CNTVOFF"
	.balign	LINE, 0
	.word	READS | WIDE | IN_HYP
	mrrc	p15, 6, r0, r1, c2
	bx	lr
	nop
	.asciz	"VTTBR"

	// The interrupt controller, as it shows itself to this CPU.
	.balign	LINE, 0
	.word	READS | IN_ANY
	ldr	r0, =GIC_DISTRIBUTOR + GICD_CTLR
	ldr	r0, [r0]
	bx	lr
	.asciz	"GICD_CTLR"
	.balign	LINE, 0
	.word	READS | IN_ANY
	ldr	r0, =GIC_CPU_INTERFACE + GICC_CTLR
	ldr	r0, [r0]
	bx	lr
	.asciz	"GICC_CTLR"
	.balign	LINE, 0
	.word	READS | IN_ANY
	ldr	r0, =GIC_CPU_INTERFACE + GICC_PMR
	ldr	r0, [r0]
	bx	lr
	.asciz	"GICC_PMR"
	.balign	LINE, 0
	.word	0

entry_cpsr:
	mov	r1, #MY_ENTRY
	b	1f
entry_r0:
	mov	r1, #MY_ENTRY + 4
	b	1f
entry_r1:
	mov	r1, #MY_ENTRY + 8
	b	1f
entry_r2:
	mov	r1, #MY_ENTRY + 12
	b	1f
entry_vbar:
	mov	r1, #MY_VBAR
	b	1f
entry_hvbar:
	mov	r1, #MY_HVBAR
1:	ldr	r0, =me
	ldr	r0, [r0, r1]
	bx	lr
	.ltorg
