# SPDX-License-Identifier: Apache-2.0
"""The findings of all proofs become one verdict, and only a good one is kept."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from fwbuild.actions.prove import VerdictAction
from fwbuild.engine.action import Context


def judged(folder: Path, *proofs: list[bool]) -> tuple[dict[str, Any], bool]:
    """The verdict over proofs whose rules held or not, and whether it may be kept."""
    inputs = {"elf": folder / "elf"}
    inputs["elf"].write_bytes(b"the image")
    for number, proof in enumerate(proofs):
        findings = [{"rule": f"{number}-{index}", "passed": passed} for index, passed in enumerate(proof)]
        inputs[f"findings-{number}"] = folder / f"findings-{number}"
        inputs[f"findings-{number}"].write_text(json.dumps(findings))
    context = Context(
        step="verdict",
        params={"facts": {"image": "x", "choices": []}},
        inputs=inputs,
        outputs={"verdict": folder / "verdict"},
        scratch=folder,
        say=lambda text: None,
    )
    VerdictAction().run(context)
    return json.loads((folder / "verdict").read_text()), context.keep


def test_every_rule_of_every_proof_is_there_in_order(tmp_path: Path) -> None:
    verdict, keep = judged(tmp_path, [True, True], [True])
    assert [finding["rule"] for finding in verdict["findings"]] == ["0-0", "0-1", "1-0"]
    assert verdict["passed"]
    assert keep
    assert verdict["image"] == "x"
    assert verdict["sha256"] == hashlib.sha256(b"the image").hexdigest()


@pytest.mark.parametrize("proofs", [([True, False], [True]), ([True], [False]), ([False],)])
def test_one_rule_that_broke_is_enough(tmp_path: Path, proofs: tuple[list[bool], ...]) -> None:
    verdict, keep = judged(tmp_path, *proofs)
    assert not verdict["passed"]
    assert not keep, "it is looked at afresh next time"


@pytest.mark.parametrize("proofs", [(), ([],), ([], [])])
def test_nothing_proven_is_no_proof(tmp_path: Path, proofs: tuple[list[bool], ...]) -> None:
    verdict, keep = judged(tmp_path, *proofs)
    assert not verdict["passed"]
    assert not keep


def test_a_proof_without_findings_spoils_the_verdict(tmp_path: Path) -> None:
    """The console may have shown everything: that says nothing about the entry."""
    verdict, _ = judged(tmp_path, [], [True, True])
    assert not verdict["passed"]
