# SPDX-License-Identifier: Apache-2.0
"""Linux reads the CPUs' records itself, so a record that is wrong is seen there too."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from fwbuild.config.layers import BOOT_FOLDER
from fwbuild.planning import lower, plan
from fwbuild.session import Session


def test_a_record_that_says_something_else_ends_the_run(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "boot"
    shutil.copytree(BOOT_FOLDER, folder)
    source = folder / "armv7" / "leave.S"
    written = "str\tr0, [r4]\n"
    assert written in source.read_text(), "the fault has nothing to break"
    source.write_text(source.read_text().replace(written, "nop\n"))
    monkeypatch.setattr(plan, "BOOT_FOLDER", folder)
    (made,) = session.plans(["linux-a15-one"])
    results = session.run(list(lower.lower(made, verify=True, version="test").steps))
    digest = results.outputs["linux-a15-one: verdict"]["verdict"]
    findings = json.loads(session.store.path(digest).read_bytes())["findings"]
    broken = {each["rule"]: each["evidence"] for each in findings if not each["passed"]}
    assert broken["linux-record-0-wrong"].endswith(
        "fwbuild: cpu@0 entry-mode ffffffff secure-state 00000002 hyp-state 00000001"
    )
    assert {"record", "linux-record-0"} <= set(broken)
