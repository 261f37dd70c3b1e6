# SPDX-License-Identifier: Apache-2.0
"""Digests, and the key that says whether a step has been done before."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from fwbuild.engine.graph import Json, Step

#: Counts up when keys or stored results change their meaning.
KEY_FORMAT = 1


def digest_of(data: bytes) -> str:
    """SHA-256 of ``data`` as 64 hex digits."""
    return hashlib.sha256(data).hexdigest()


def digest_of_file(path: Path) -> str:
    """SHA-256 of a file's bytes as 64 hex digits. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def canonical(value: Json) -> bytes:
    """One byte string for each JSON value: sorted keys, no spaces, ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode("ascii")


def key_of_step(step: Step, version: int, tools: Mapping[str, str], inputs: Mapping[str, str]) -> str:
    """The key under which a step's outputs are remembered.

    ``inputs`` maps each input's name to its digest. Neither the step's name nor any
    path is part of the key: the same work is the same work wherever it is done.
    """
    return digest_of(
        canonical(
            {
                "format": KEY_FORMAT,
                "action": step.action,
                "version": version,
                "tools": dict(tools),
                "params": step.params,
                "inputs": dict(inputs),
                "outputs": sorted(step.outputs),
            }
        )
    )
