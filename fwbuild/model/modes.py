# SPDX-License-Identifier: Apache-2.0
"""The modes in which a CPU can be handed over, and the states it can start in.

Numbers are those of the ENTRY_MODES note and of the ``fwbuild,entry-mode`` cell:
see docs/reference/notes.md.
"""

from __future__ import annotations

import enum


class Mode(enum.IntEnum):
    """The state in which a CPU is handed to the payload; the value is its code."""

    MONITOR = 1
    HYP = 2
    SVC = 3
    SECURE_SVC = 4

    @property
    def word(self) -> str:
        """The mode's name in configuration files and reports."""
        return self.name.lower().replace("_", "-")


#: The order that an emitter writes when nobody says otherwise: most capable first.
DEFAULT_MODES = (Mode.MONITOR, Mode.HYP, Mode.SVC)

MODES_BY_WORD = {mode.word: mode for mode in Mode}


class ResetState(enum.Enum):
    """The state of a CPU at the boot code's first instruction."""

    SECURE_SVC = "secure-svc"
    MONITOR = "monitor"
    HYP = "hyp"
    SVC = "svc"


class Ownership(enum.IntEnum):
    """What became of a mode: the value of ``fwbuild,secure-state`` and ``-hyp-state``."""

    ABSENT = 0
    OWN = 1
    SEALED = 2
    FIRMWARE = 3


class Seal(enum.IntEnum):
    """How far beyond use a mode is that the payload does not get; more is better.

    docs/explanation/hand-off.md, "Modes left behind are beyond use".
    """

    #: code that answers in ordinary memory, kept from the payload by the device tree only
    RESERVED = 1
    #: code that answers in memory that non-secure code cannot write, or an earlier stage
    FIRMWARE = 2
    #: the architecture itself refuses the way back
    SEALED = 3

    @property
    def word(self) -> str:
        """The level's name in configuration files and reports."""
        return self.name.lower()


class StartMethod(enum.IntEnum):
    """How a payload starts secondary CPUs: codes of the SECONDARIES note."""

    PSCI_SMC = 1
    PSCI_HVC = 2
    SPIN_TABLE = 3
    MAILBOX = 4

    @property
    def word(self) -> str:
        return self.name.lower().replace("_", "-")
