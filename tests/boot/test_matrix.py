# SPDX-License-Identifier: Apache-2.0
"""Every cell of the matrix against a model of the choice that is written down here on its own.

The model is the text of docs/explanation/hand-off.md, "The choice", once more; it shares
nothing with the planner.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from fwbuild.session import Session, Tried
from tests.project import ROOT

#: What each platform is described to have: secure state, hyp.
DESCRIBED = {"vexpress-a15": (True, True), "virt-a15": (True, True), "vexpress-a9": (True, False)}
CODES = {"monitor": 1, "hyp": 2, "svc": 3, "secure-svc": 4}


def reachable(mode: str, start: str, *, secure: bool, hyp: bool) -> bool:
    """Whether a CPU that has ``secure`` state and ``hyp`` or not, and starts so, can be handed over in ``mode``."""
    from_secure = secure and start in ("secure-svc", "monitor")
    if mode in ("monitor", "secure-svc"):
        return from_secure
    if mode == "hyp":
        return hyp and (from_secure or start == "hyp")
    return True


def first(modes: list[str], start: str, *, secure: bool, hyp: bool) -> str | None:
    return next((mode for mode in modes if reachable(mode, start, secure=secure, hyp=hyp)), None)


def record(mode: str, start: str, *, secure: bool, hyp: bool) -> tuple[int, int, int]:
    """entry-mode, secure-state, hyp-state: 0 absent, 1 own, 2 sealed, 3 kept by firmware."""
    keeps_secure = mode in ("monitor", "secure-svc")
    from_secure = start in ("secure-svc", "monitor")
    if not secure:
        secure_state = 0
    elif keeps_secure:
        secure_state = 1
    else:
        # SMC can only be made UNDEFINED from secure state, and where there is SCR.SCD.
        secure_state = 2 if from_secure and hyp else 3
    if not hyp:
        hyp_state = 0
    elif mode != "svc":
        hyp_state = 1
    else:
        hyp_state = 2 if from_secure else 3
    return CODES[mode], secure_state, hyp_state


def expected(tried: Tried) -> str | list[tuple[str, tuple[int, int, int]]]:
    """`refused` when planned, `parked`, or mode and record of each CPU."""
    cell = tried.cell
    modes, start = [mode.word for mode in cell.modes], cell.reset.value
    described = DESCRIBED[cell.platform]
    if first(modes, start, secure=described[0], hyp=described[1]) is None:
        return "refused"
    secure, hyp = cell.secure and described[0], cell.hyp and described[1]
    mode = first(modes, start, secure=secure, hyp=hyp)
    if mode is None:
        return "parked"
    return [(mode, record(mode, start, secure=secure, hyp=hyp))] * cell.cpus


def seen(tried: Tried) -> str | list[tuple[str, tuple[int, int, int]]]:
    """The same as the CPUs themselves say it."""
    if tried.planned is None:
        return "refused"
    text = tried.transcript.decode(errors="replace")
    if text.startswith("fwbuild: no mode"):
        return "parked" if "conformance:" not in text else text
    modes = dict(re.findall(r"^conformance: cpu (\w+) mode (\S+)", text, re.M))
    cells = {
        (cpu, name): int(value, 16) for cpu, name, value in re.findall(r"cpu (\w+) cell fwbuild,(\S+) (\w+)", text)
    }
    names = ("entry-mode", "secure-state", "hyp-state")
    return [(mode, tuple(cells.get((cpu, name), -1) for name in names)) for cpu, mode in modes.items()]  # type: ignore[misc]  # of three


@pytest.fixture(scope="module")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> list[Tried]:
    folder = tmp_path_factory.mktemp("matrix")
    (folder / "fwbuild.lock").write_bytes((ROOT / "fwbuild.lock").read_bytes())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FWBUILD_STORE", str(ROOT / ".fwbuild"))
        (folder / "fwbuild.toml").write_text('layers = ["fwbuild"]\n')
        return Session(Path(folder)).matrix([], (1, 2, 4))


def test_it_has_hundreds_of_cells(matrix: list[Tried]) -> None:
    assert len(matrix) > 600
    outcomes = Counter("entered" if isinstance(expected(tried), list) else expected(tried) for tried in matrix)
    assert min(outcomes["entered"], outcomes["refused"], outcomes["parked"]) >= 5, outcomes


def test_every_cell_is_as_the_model_says(matrix: list[Tried]) -> None:
    wrong = [
        f"{tried.cell.name}: {seen(tried)}, not {expected(tried)}" for tried in matrix if seen(tried) != expected(tried)
    ]
    assert not wrong, "\n".join(wrong)


def test_no_cell_gets_back_what_it_dropped(matrix: list[Tried]) -> None:
    wrong = [
        f"{tried.cell.name}: {finding['rule']}: {finding['evidence']}" for tried in matrix for finding in tried.broken
    ]
    assert not wrong, "\n".join(wrong)
    assert all(tried.passed for tried in matrix)
