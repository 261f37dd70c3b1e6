# SPDX-License-Identifier: Apache-2.0
"""Runs fwbuild as a process of its own, as a shell does."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.project import ROOT

#: ``$FW`` in a shell script.
FW = f"{sys.executable} -m fwbuild"


def environment(**more: str) -> dict[str, str]:
    """What a process of fwbuild needs around it, and nothing of the test run's."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "APT_CONFIG") if name in os.environ}
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", "FW": FW, **more}


def shell(script: str, folder: Path, more: Mapping[str, str] = {}) -> subprocess.CompletedProcess[str]:
    """Run a shell script in ``folder``; ``$FW`` is fwbuild."""
    command = ["bash", "-c", script]
    return subprocess.run(command, cwd=folder, env=environment(**more), capture_output=True, text=True, timeout=120)
