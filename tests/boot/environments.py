# SPDX-License-Identifier: Apache-2.0
"""Environments that are not what an image was made for, as data.

Each is a platform as it is described, a machine as it really is, and what must come of the two:
a correct boot, or one line of reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

#: What the machine's CPUs have, as properties of QEMU's boards.
FULL = {"secure": "on", "virtualization": "on"}
NO_HYP = {"secure": "on", "virtualization": "off"}
NO_SECURE = {"secure": "off", "virtualization": "on"}
NEITHER = {"secure": "off", "virtualization": "off"}

EVERYBODY, BOOT_CPU, SECONDARIES = 0xFF, 0x01, 0xFE


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Code that runs before the image, from tests/cases/environments."""

    source: str
    #: the CPUs that it happens to, a bit for each; the others go straight on
    who: int = EVERYBODY
    symbols: Mapping[str, int] = field(default_factory=dict)
    #: the state in which it leaves its CPUs
    leaves: str = "secure-svc"


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """One environment; the number of the image's CPUs is chosen apart."""

    # --- what the image is made for
    base: str = "vexpress-a15"
    counts: Sequence[int] = (1, 2, 4)
    #: the MPIDRs, of which the image names as many as it has CPUs; the boot CPU's first
    mpidrs: Sequence[int] = (0, 1, 2, 3)
    #: texts of platform.toml that are replaced
    changes: Mapping[str, str] = field(default_factory=dict)
    modes: Sequence[str] = ("hyp", "svc")
    uniform: bool = False

    # --- the machine
    #: its CPUs: as many as the image's and these
    more: int = 0
    #: or so many, whatever the image has
    cpus: int = 0
    has: Mapping[str, str] = field(default_factory=lambda: FULL)
    properties: Mapping[str, str] = field(default_factory=dict)
    cpu: str = ""
    #: in MiB
    memory: int = 1024
    #: QEMU's starting state, and that of an earlier stage of fwbuild's own, which the platform then says
    starts: str = "secure-svc"
    reset: str = ""
    #: what ran before the image
    stage: Stage | None = None
    #: what the device tree's segment is replaced by, from its first byte on; empty: it is not loaded
    tree: bytes | None = None

    # --- what must come of it
    #: the line of reason without `fwbuild: no `; empty for a correct boot
    reason: str = ""
    #: CPUs that the machine has and that must be missing all the same: they cannot do what the boot CPU chose
    parked: Sequence[int] = ()

    def machine_cpus(self, count: int) -> int:
        """How many CPUs the machine has for an image of ``count``."""
        return self.cpus or max(1, count + self.more)


_NO_TREE = b"\0" * 64
_MAILBOX = {"MAILBOX": 0x1C010030}
_GIC = {"GICD": 0x2C001000, "GICC": 0x2C002000}

ENVIRONMENTS: Mapping[str, Environment] = {
    # --- CPUs that are there, and that are not
    "as described": Environment(),
    "as described, mailbox, A9": Environment(base="vexpress-a9", has={"secure": "on"}),
    "as described, spin table": Environment(base="virt-a15"),
    "one CPU more": Environment(more=1, counts=(1, 2)),
    "one CPU more, spin table": Environment(base="virt-a15", more=1),
    "four CPUs more, spin table": Environment(base="virt-a15", more=4),
    "one CPU fewer": Environment(more=-1, counts=(2,)),
    "one CPU fewer, spin table": Environment(base="virt-a15", more=-1, counts=(2,)),
    "no secondaries, same mode demanded": Environment(cpus=1, counts=(2,), uniform=True),
    "no secondaries, spin table": Environment(base="virt-a15", cpus=1, counts=(2,)),
    "boot CPU is the second": Environment(mpidrs=(1, 0, 2, 3), counts=(2, 4)),
    "boot CPU is the last": Environment(mpidrs=(3, 2, 1, 0), counts=(4,)),
    # --- CPUs of other numbers
    "another cluster": Environment(mpidrs=(0x100, 0x101, 0x102, 0x103), reason="known CPU"),
    "another cluster, spin table": Environment(
        base="virt-a15", mpidrs=(0x100, 0x101, 0x102, 0x103), reason="known CPU"
    ),
    "another group of clusters": Environment(mpidrs=(0x10000, 0x10001, 0x10002, 0x10003), reason="known CPU"),
    "boot CPU in another cluster": Environment(mpidrs=(0x100, 1, 2, 3), reason="known CPU"),
    "secondaries in another cluster": Environment(mpidrs=(0, 0x100, 0x101, 0x102), counts=(2,)),
    # --- what the CPUs have
    **{
        f"{what}, accepts {' '.join(modes)}{' uniform' if uniform else ''}": Environment(
            has=has, starts=starts, modes=modes, uniform=uniform, reason=reason
        )
        for what, has, starts, modes, uniform, reason in (
            ("no hyp", NO_HYP, "secure-svc", ("hyp", "svc"), True, ""),
            ("no hyp", NO_HYP, "secure-svc", ("hyp",), False, "mode"),
            ("no hyp", NO_HYP, "secure-svc", ("monitor",), False, ""),
            ("no hyp", NO_HYP, "secure-svc", ("hyp", "monitor"), True, ""),
            ("no secure state", NO_SECURE, "hyp", ("hyp", "svc"), True, ""),
            ("no secure state", NO_SECURE, "hyp", ("svc",), False, ""),
            ("no secure state", NO_SECURE, "hyp", ("monitor",), False, "mode"),
            ("no secure state", NO_SECURE, "hyp", ("secure-svc",), False, "mode"),
            ("no secure state", NO_SECURE, "hyp", ("secure-svc", "hyp"), True, ""),
            ("neither", NEITHER, "svc", ("hyp", "svc"), False, ""),
            ("neither", NEITHER, "svc", ("hyp",), False, "mode"),
            ("neither", NEITHER, "svc", ("monitor", "secure-svc"), True, "mode"),
        )
    },
    "A9 without secure state": Environment(
        base="vexpress-a9", has={"secure": "off"}, starts="svc", modes=("monitor", "svc")
    ),
    "A9 without secure state, which is demanded": Environment(
        base="vexpress-a9", has={"secure": "off"}, starts="svc", modes=("monitor",), reason="mode"
    ),
    "virt without hyp": Environment(base="virt-a15", has=NO_HYP),
    "virt without hyp, which is demanded": Environment(base="virt-a15", has=NO_HYP, modes=("hyp",), reason="mode"),
    # --- every reset state that a platform may say
    **{
        f"reset state {state}, accepts {' '.join(modes)}": Environment(reset=state, modes=modes)
        for state, modes in (
            ("monitor", ("hyp",)),
            ("monitor", ("svc",)),
            ("monitor", ("secure-svc",)),
            ("hyp", ("hyp", "svc")),
            ("hyp", ("svc",)),
            ("svc", ("hyp", "svc")),
        )
    },
    # --- and states that it does not say
    "monitor instead of secure svc": Environment(stage=Stage(source="monitor", leaves="monitor")),
    "hyp instead of secure svc": Environment(stage=Stage(source="hyp", symbols=_GIC, leaves="hyp")),
    "hyp, and svc is demanded": Environment(modes=("svc",), stage=Stage(source="hyp", symbols=_GIC, leaves="hyp")),
    "hyp, and monitor is demanded": Environment(
        modes=("monitor",), stage=Stage(source="hyp", symbols=_GIC, leaves="hyp"), reason="mode"
    ),
    "svc instead of secure svc": Environment(uniform=True, stage=Stage(source="svc", symbols=_GIC, leaves="svc")),
    "svc, and hyp is demanded": Environment(
        modes=("hyp",), stage=Stage(source="svc", symbols=_GIC, leaves="svc"), reason="mode"
    ),
    "secondaries in svc": Environment(
        stage=Stage(source="svc", symbols=_GIC, who=SECONDARIES, leaves="svc"), counts=(2, 4)
    ),
    "secondaries in svc, same mode demanded": Environment(
        stage=Stage(source="svc", symbols=_GIC, who=SECONDARIES, leaves="svc"),
        uniform=True,
        counts=(2,),
        parked=(1, 2, 3),
    ),
    "boot CPU in svc, same mode demanded": Environment(
        stage=Stage(source="svc", symbols=_GIC, who=BOOT_CPU, leaves="svc"), uniform=True, counts=(2, 4)
    ),
    "secondaries in hyp": Environment(
        modes=("svc",), stage=Stage(source="hyp", symbols=_GIC, who=SECONDARIES, leaves="hyp"), counts=(2, 4)
    ),
    "one CPU in monitor": Environment(stage=Stage(source="monitor", who=2, leaves="monitor"), counts=(2, 4)),
    **{
        f"secure {name} mode": Environment(stage=Stage(source="mode", symbols={"MODE": mode}))
        for name, mode in (("system", 31), ("IRQ", 18), ("abort", 23), ("undefined", 27))
    },
    # --- the board
    "another core, A7": Environment(cpu="cortex-a7"),
    "another core, A9": Environment(cpu="cortex-a9", has={}, modes=("hyp", "svc"), uniform=True),
    "another core, A9, and hyp is demanded": Environment(cpu="cortex-a9", has={}, modes=("hyp",), reason="mode"),
    "another core, A7, spin table": Environment(base="virt-a15", cpu="cortex-a7"),
    "more RAM": Environment(memory=2048),
    "more RAM, spin table": Environment(base="virt-a15", memory=2048),
    # --- the tree
    "tree overwritten": Environment(tree=_NO_TREE, reason="tree"),
    "tree overwritten, spin table": Environment(base="virt-a15", tree=_NO_TREE, reason="tree"),
    "tree overwritten, svc": Environment(modes=("svc",), tree=_NO_TREE, reason="tree"),
    "tree overwritten, same mode demanded": Environment(uniform=True, tree=_NO_TREE, reason="tree"),
    "tree overwritten, secure payload": Environment(modes=("monitor",), tree=_NO_TREE, reason="tree"),
    "tree overwritten, started in hyp": Environment(has=NO_SECURE, starts="hyp", tree=_NO_TREE, reason="tree"),
    "tree of the wrong byte order": Environment(tree=b"\xed\xfe\x0d\xd0" + b"\0" * 60, reason="tree"),
    "tree not loaded": Environment(tree=b"", reason="tree"),
    "tree not loaded, spin table": Environment(base="virt-a15", tree=b"", reason="tree"),
    # --- what an earlier stage left behind
    "mailbox stale": Environment(
        stage=Stage(source="mailbox", who=BOOT_CPU, symbols={**_MAILBOX, "VALUE": 0x80000000})
    ),
    "mailbox stale, same mode demanded": Environment(
        uniform=True, stage=Stage(source="mailbox", who=BOOT_CPU, symbols={**_MAILBOX, "VALUE": 0x80000000})
    ),
    "mailbox of garbage": Environment(
        modes=("svc",), stage=Stage(source="mailbox", who=BOOT_CPU, symbols={**_MAILBOX, "VALUE": 0xDEADBEEF})
    ),
    "registers of an earlier stage": Environment(stage=Stage(source="stale", who=BOOT_CPU, symbols=_GIC)),
    "registers of an earlier stage, svc": Environment(
        modes=("svc",), stage=Stage(source="stale", who=BOOT_CPU, symbols=_GIC)
    ),
    "registers of an earlier stage, monitor": Environment(
        modes=("monitor",), stage=Stage(source="stale", who=BOOT_CPU, symbols=_GIC)
    ),
    # --- CPUs that come late, or never
    "boot CPU comes late": Environment(stage=Stage(source="late", who=BOOT_CPU, symbols={"PAUSE": 1 << 26})),
    "boot CPU comes late, same mode demanded": Environment(
        uniform=True, stage=Stage(source="late", who=BOOT_CPU, symbols={"PAUSE": 1 << 26})
    ),
    "boot CPU comes late, spin table": Environment(
        base="virt-a15", stage=Stage(source="late", who=BOOT_CPU, symbols={"PAUSE": 1 << 26})
    ),
    "secondaries come late": Environment(
        stage=Stage(source="late", who=SECONDARIES, symbols={"PAUSE": 1 << 22}), counts=(2, 4)
    ),
    "secondaries come late, spin table": Environment(
        base="virt-a15", stage=Stage(source="late", who=SECONDARIES, symbols={"PAUSE": 1 << 22}), counts=(2, 4)
    ),
    "one CPU comes late": Environment(
        uniform=True, stage=Stage(source="late", who=2, symbols={"PAUSE": 1 << 22}), counts=(2, 4)
    ),
    "secondaries never come": Environment(stage=Stage(source="never", who=SECONDARIES), counts=(2,), parked=(1, 2, 3)),
}
