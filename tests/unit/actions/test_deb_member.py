# SPDX-License-Identifier: Apache-2.0
"""The step; what it takes and refuses is tested with fwbuild.sources.deb."""

from __future__ import annotations

from pathlib import Path

import pytest

from fwbuild.actions.deb_member import DebMemberAction
from fwbuild.model.problem import FwbuildError
from tests.unit.actions.stage import perform
from tests.unit.sources.archive import make_deb


def test_each_output_is_a_member(tmp_path: Path) -> None:
    deb = make_deb(tmp_path, "linux", "1", files={"boot/vmlinuz-1": b"kernel", "usr/a15.dtb": b"tree"})
    members = {"boot/vmlinuz-*": "boot/vmlinuz-*", "tree": "usr/a15.dtb"}
    made = perform(
        DebMemberAction(),
        tmp_path / "step",
        params={"package": "linux 1", "members": members},
        inputs={"deb": deb},
        outputs=tuple(members),
    )
    assert {name: path.read_bytes() for name, path in made.items()} == {"boot/vmlinuz-*": b"kernel", "tree": b"tree"}


def test_the_limit_is_a_parameter(tmp_path: Path) -> None:
    deb = make_deb(tmp_path, "linux", "1", files={"a": b"12345678"})
    with pytest.raises(FwbuildError) as error:
        perform(
            DebMemberAction(),
            tmp_path / "step",
            params={"package": "linux 1", "members": {"a": "a"}, "limit": 7},
            inputs={"deb": deb},
            outputs=("a",),
        )
    assert error.value.problems[0].message == (
        "linux 1 is not a sound Debian package: `a` has 8 bytes, and at most 7 are taken out"
    )
