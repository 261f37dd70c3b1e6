# SPDX-License-Identifier: Apache-2.0
"""Real payloads on a real emulator. What was fetched once is kept in the checkout's store."""

from __future__ import annotations

from pathlib import Path

import pytest

from fwbuild.session import Session
from tests.project import ROOT

LAYERS = ROOT / "tests" / "layers"


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    """A project with the built-in layer and the recipes of tests/layers/variants."""
    monkeypatch.setenv("FWBUILD_STORE", str(ROOT / ".fwbuild"))
    (tmp_path / "fwbuild.toml").write_text(f'layers = ["fwbuild", "{LAYERS / "variants"}"]\n')
    (tmp_path / "fwbuild.lock").write_bytes((ROOT / "fwbuild.lock").read_bytes())
    return Session(tmp_path)
