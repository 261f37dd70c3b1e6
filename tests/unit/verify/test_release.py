# SPDX-License-Identifier: Apache-2.0
"""A CPU has left the pen when it is out of the boot code, not when it was at the last instruction."""

from __future__ import annotations

from fwbuild.model.ports import BootPath
from fwbuild.verify.follow import follow

PEN, RELEASE, PAYLOAD, CALLED = 0x1000, 0x1010, 0x8000, 0x8100


class Polling:
    """Two CPUs; the second comes to the branch ``turns`` times before it is taken."""

    def __init__(self, turns: int) -> None:
        self.pcs = [PAYLOAD, PEN]
        self.turns = turns

    def start(self) -> None: ...

    def cpus(self) -> int:
        return 2

    def has(self, name: str, number: int = 0) -> bool:
        return True

    def register(self, number: int, name: str) -> int:
        return self.pcs[number] if name == "pc" else 0

    def memory(self, number: int, address: int, size: int) -> bytes:
        return bytes(size)

    def step(self, number: int) -> None:
        self.turns -= 1
        self.pcs[number] = CALLED if self.turns == 0 else RELEASE + 4

    def break_at(self, address: int) -> None:
        assert address == RELEASE

    def run(self, timeout: float) -> int | None:
        if self.turns < 0:
            return None
        self.pcs[1] = RELEASE
        return 1


def reached(turns: int) -> tuple[str, int]:
    symbols = {"pen": PEN, "pen_release": RELEASE, "park": 0x1020, "dead_vectors": 0x1040}
    path = BootPath(payload=PAYLOAD, symbols=symbols, address=PEN, code=bytes(0x100), registers=(), secondaries=1)
    seen = follow(Polling(turns), path, deadline=float("inf"))
    return seen.cpus[1].reached, seen.cpus[1].pc


def test_a_branch_that_is_taken_leads_out() -> None:
    assert reached(1) == ("payload", CALLED)


def test_a_branch_that_is_not_taken_yet_is_waited_for() -> None:
    assert reached(3) == ("payload", CALLED)


def test_a_branch_that_is_never_taken_leads_nowhere() -> None:
    assert reached(0)[0] == "pen"
