# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import hashlib
import json
from pathlib import Path

from fwbuild.actions.manifest import ManifestAction
from tests.unit.actions.stage import perform


def test_facts_and_the_digest_of_every_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"one")
    (tmp_path / "b").write_bytes(b"")
    inputs = {"elf": tmp_path / "a", "map": tmp_path / "b"}
    params = {"facts": {"image": "x", "cpus": [1]}, "files": {"map": "x.map", "elf": "x.elf"}}
    made = perform(ManifestAction(), tmp_path / "step", params=params, inputs=inputs, outputs=("manifest",))
    text = made["manifest"].read_text()
    assert json.loads(text) == {
        "image": "x",
        "cpus": [1],
        "files": {
            "x.elf": {"sha256": hashlib.sha256(b"one").hexdigest(), "size": 3},
            "x.map": {"sha256": hashlib.sha256(b"").hexdigest(), "size": 0},
        },
    }
    assert text.endswith("}\n")
    assert text.index('"cpus"') < text.index('"files"') < text.index('"image"'), "sorted, so that versions compare well"
