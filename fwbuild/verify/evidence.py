# SPDX-License-Identifier: Apache-2.0
"""Evidence of an entry as JSON, for the way out of a child process."""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Mapping
from typing import Any

from fwbuild.model.verdict import CpuEvidence, EntryEvidence, Write


def to_json(evidence: EntryEvidence) -> dict[str, Any]:
    """``evidence`` in what JSON has."""
    return {**dataclasses.asdict(evidence), "device_tree": base64.b64encode(evidence.device_tree).decode("ascii")}


def from_json(value: Mapping[str, Any]) -> EntryEvidence:
    """What ``to_json`` made. Raises ValueError, TypeError or KeyError for anything else."""
    cpus = [{**cpu, "writes": tuple(Write(**write) for write in cpu["writes"])} for cpu in value["cpus"]]
    return EntryEvidence(
        cpus=tuple(CpuEvidence(**cpu) for cpu in cpus),
        device_tree=base64.b64decode(value["device_tree"], validate=True),
        failure=str(value["failure"]),
        hidden=tuple(value["hidden"]),
        notes=tuple(value["notes"]),
        console=str(value["console"]),
    )
