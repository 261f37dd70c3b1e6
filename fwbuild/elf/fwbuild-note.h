/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ELF notes in which a kernel or hypervisor says in which CPU modes it accepts to be
 * entered. The linker script must keep the input sections .note.fwbuild.* and put them
 * into a PT_NOTE segment. The format: docs/reference/notes.md of fwbuild.
 *
 *	FWBUILD_NOTE_ENTRY_MODES(FWBUILD_UNIFORM, FWBUILD_MODE_HYP, FWBUILD_MODE_SVC);
 *	FWBUILD_NOTE_SECONDARIES(FWBUILD_START_PSCI_SMC, FWBUILD_START_MAILBOX);
 */
#ifndef FWBUILD_NOTE_H
#define FWBUILD_NOTE_H

/* Modes, and the flag that every CPU must be in the same one. */
#define FWBUILD_MODE_MONITOR	1
#define FWBUILD_MODE_HYP	2
#define FWBUILD_MODE_SVC	3
#define FWBUILD_MODE_SECURE_SVC	4
#define FWBUILD_UNIFORM		1

/* Ways to start secondary CPUs. */
#define FWBUILD_START_PSCI_SMC		1
#define FWBUILD_START_PSCI_HVC		2
#define FWBUILD_START_SPIN_TABLE	3
#define FWBUILD_START_MAILBOX		4

/* A note of type TYPE, called NAME, whose descriptor is the given 32-bit words. */
#define FWBUILD_NOTE(NAME, SECTION, TYPE, ...)						\
	static const struct {								\
		unsigned int owner_size, descriptor_size, type;				\
		char owner[8];								\
		unsigned int descriptor[sizeof((unsigned int[]){ __VA_ARGS__ }) / 4];	\
	} NAME __attribute__((section(SECTION), aligned(4), used)) = {			\
		8, sizeof((unsigned int[]){ __VA_ARGS__ }), TYPE, "fwbuild",		\
		{ __VA_ARGS__ }								\
	}

/* The accepted modes, most preferred first, behind the format's version. */
#define FWBUILD_NOTE_ENTRY_MODES(FLAGS, ...)						\
	FWBUILD_NOTE(fwbuild_entry_modes, ".note.fwbuild.entry-modes", 0x100,		\
		     1, FLAGS, __VA_ARGS__)

/* The entry, an address or an offset, where the ELF header cannot say it. */
#define FWBUILD_NOTE_ENTRY_POINT(WHERE)							\
	FWBUILD_NOTE(fwbuild_entry_point, ".note.fwbuild.entry-point", 0x101,		\
		     (unsigned int)(WHERE), (unsigned int)((WHERE) >> 16 >> 16))

/* The accepted ways to start secondaries, most preferred first. */
#define FWBUILD_NOTE_SECONDARIES(...)							\
	FWBUILD_NOTE(fwbuild_secondaries, ".note.fwbuild.secondaries", 0x102, __VA_ARGS__)

#endif
