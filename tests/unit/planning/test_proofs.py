# SPDX-License-Identifier: Apache-2.0
"""Which emulators prove an image, with each of them there or not."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from fwbuild.engine.graph import OutputOf
from fwbuild.model.board import Board
from fwbuild.model.plan import Plan
from fwbuild.model.problem import Problem
from fwbuild.planning.lower import lower
from fwbuild.planning.proofs import Proofs, board_of, machine_of, proofs_for
from fwbuild.session import Session
from fwbuild.verify.qemu import Qemu
from fwbuild.verify.unicorn import Unicorn
from tests.project import make_project


@dataclasses.dataclass(frozen=True, slots=True)
class Stage(Qemu):
    """An emulator that is there or not, and embeds or not, as a test wants."""

    there: bool = True
    embedding: bool = False

    def missing(self) -> Problem | None:
        return None if self.there else Problem(code="tool-missing", message=f"no {self.name}", hint="get it")

    def embeds(self, board: Board) -> bool:
        return self.embedding


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    (made,) = Session(make_project(tmp_path_factory.mktemp("project") / "p")).plans(["linux-a15"])
    return made


def named(plan: Plan, emulator: str | None, *, insists: bool = False) -> Plan:
    """``plan`` on a platform that names ``emulator``, by a recipe that may insist on it."""
    model = None if emulator is None or plan.machine is None else dataclasses.replace(plan.machine, type=emulator)
    verify = dataclasses.replace(plan.target.recipe.verify, emulator=(emulator or "") if insists else "")
    recipe = dataclasses.replace(plan.target.recipe, verify=verify)
    return dataclasses.replace(plan, machine=model, target=dataclasses.replace(plan.target, recipe=recipe))


CPUS_ONLY = "console proof: unicorn has CPUs only and does not run the payload"
NONE_NAMED = "console proof: vexpress-a15 names no emulator machine that runs the payload"


@pytest.mark.parametrize(
    ("emulator", "qemu", "unicorn", "insists", "expected"),
    [
        ("qemu", True, True, False, Proofs(entry="qemu", second="unicorn", console="qemu")),
        ("qemu", True, False, False, Proofs(entry="qemu", console="qemu")),
        ("qemu", False, True, False, Proofs(entry="unicorn", missing=("console proof: no qemu (get it)",))),
        ("qemu", False, True, True, Proofs(entry="qemu", console="qemu")),
        ("qemu", False, False, False, Proofs(entry="qemu", console="qemu")),
        ("unicorn", True, True, False, Proofs(entry="unicorn", missing=(CPUS_ONLY,))),
        ("unicorn", True, False, False, Proofs(entry="unicorn", console="unicorn")),
        ("other", True, True, False, Proofs(entry="other", second="unicorn", console="other")),
        (None, True, True, False, Proofs(entry="unicorn", missing=(NONE_NAMED,))),
        (None, True, False, False, None),
    ],
)
def test_the_proofs(
    plan: Plan, emulator: str | None, qemu: bool, unicorn: bool, insists: bool, expected: Proofs | None
) -> None:
    emulators = {
        "qemu": Stage(name="qemu", there=qemu),
        "unicorn": Stage(name="unicorn", there=unicorn, embedding=True),
    }
    assert proofs_for(named(plan, emulator, insists=insists), emulators) == expected


def test_an_embedded_emulator_without_a_core_of_the_board_is_left_out(plan: Plan) -> None:
    cpus = tuple(dataclasses.replace(cpu, core="cortex-a17") for cpu in plan.target.cpus)
    other = dataclasses.replace(plan, target=dataclasses.replace(plan.target, cpus=cpus))
    assert Unicorn().embeds(board_of(plan))
    assert proofs_for(other, {"qemu": Stage(name="qemu"), "unicorn": Unicorn()}) == Proofs(entry="qemu", console="qemu")


def test_the_board_is_the_platform_in_numbers(plan: Plan, tmp_path: Path) -> None:
    board = board_of(plan)
    assert Board.from_json(board.to_json()) == board
    assert [(cpu.core, cpu.mpidr) for cpu in board.cpus] == [("cortex-a15", 0), ("cortex-a15", 1)]
    assert (board.memory, board.mailbox, board.gic.interrupts) == (((0x80000000, 0x40000000),), 0x1C010030, 160)
    machine = machine_of(plan, None)
    assert (machine.machine, machine.cpu, machine.cpus) == ("vexpress-a15", "cortex-a15", 2)


@pytest.mark.parametrize(
    ("proofs", "counted", "files"),
    [
        (
            Proofs(entry="qemu", second="unicorn", console="qemu"),
            ["entry proof", "comparison", "console proof"],
            {"verdict.json", "entry.json", "entry-unicorn.json", "console.log"},
        ),
        (
            Proofs(entry="qemu", console="qemu"),
            ["entry proof", "console proof"],
            {"verdict.json", "entry.json", "console.log"},
        ),
        (Proofs(entry="unicorn", missing=("console proof: x",)), ["entry proof"], {"verdict.json", "entry.json"}),
    ],
)
def test_the_verdict_counts_each_rule_once(plan: Plan, proofs: Proofs, counted: list[str], files: set[str]) -> None:
    made = lower(plan, verify=True, version="test", proofs=proofs)
    verdict = next(step for step in made.steps if step.action == "verdict")
    inputs = [value for name, value in sorted(verdict.inputs.items()) if name.startswith("findings-")]
    assert inputs == [OutputOf(f"linux-a15: {what}", "findings") for what in counted]
    assert verdict.params["missing"] == list(proofs.missing)
    assert files == made.files.keys() - lower(plan, verify=False, version="test").files.keys()
    emulators = {step.name.partition(": ")[2]: step.params.get("emulator") for step in made.steps}
    assert emulators["entry proof"] == proofs.entry
    assert emulators.get("second entry proof", "") == proofs.second
    assert emulators.get("console proof", "") == proofs.console
