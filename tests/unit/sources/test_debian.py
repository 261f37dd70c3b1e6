# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fwbuild.model.problem import FwbuildError
from fwbuild.sources.debian import Relation, package_names, records, relations, version_key

INDEX = """\
Package: kernel
Version: 6.1.9-1
Architecture: armhf
Depends: kmod, kernel-6.1.9 (= 6.1.9-1),
 base (>= 4.3~) | other:any
Size: 12
SHA256: AA00
Description: Package: decoy

Package: kernel-6.1.9
Version: 6.1.9-1
Architecture: armhf
Pre-Depends: first
Size: 13
SHA256: bb00

Package: kernel
Version: 6.1.10-1
Architecture: armhf
Size: 14
SHA256: cc00
"""

_PART = st.text("019az~+.", max_size=6)
_VERSIONS = st.builds(
    lambda epoch, upstream, revision: f"{epoch}1{upstream}{revision}",
    st.sampled_from(["", "0:", "1:"]),
    _PART,
    st.one_of(st.just(""), st.builds(lambda part: f"-{part}0", _PART)),
)


def dpkg_says(first: str, relation: str, second: str) -> bool:
    return subprocess.run(["dpkg", "--compare-versions", first, relation, second]).returncode == 0


@settings(max_examples=150, deadline=None)
@given(_VERSIONS, _VERSIONS)
@example("1.0~rc1", "1.0")
@example("1.0", "1.0-0")
@example("1.", "1.0")
@example("1", "1-0~0")
@example("1", "1-0")
@example("1:0", "9")
@example("1a", "1+")
@example("4.17.5+72-g01140da4e8-1", "4.17.5+72-g01140da4e8-1+deb12u1")
def test_versions_are_ordered_as_dpkg_orders_them(first: str, second: str) -> None:
    assert (version_key(first) < version_key(second)) == dpkg_says(first, "lt", second)
    assert (version_key(first) == version_key(second)) == dpkg_says(first, "eq", second)


def test_relations_are_told_apart() -> None:
    assert relations("a, b (= 1:2-3), c:any (>= 4) | d(=5), e [armhf]") == (
        Relation(name="a"),
        Relation(name="b", exact="1:2-3"),
        Relation(name="c"),
        Relation(name="d", exact="5"),
        Relation(name="e"),
    )
    assert relations("") == ()


def test_every_version_of_a_package_is_found(tmp_path: Path) -> None:
    index = tmp_path / "Packages"
    index.write_text(INDEX)
    older, newer = records(index, "kernel")
    assert (older.version, older.sha256, older.size) == ("6.1.9-1", "aa00", 12)
    assert [relation.name for relation in older.depends] == ["kmod", "kernel-6.1.9", "base", "other"]
    assert older.depends[1].exact == "6.1.9-1"
    assert (newer.version, newer.depends) == ("6.1.10-1", ())
    (versioned,) = records(index, "kernel-6.1.9")
    assert versioned.depends == (Relation(name="first"),)


def test_a_name_is_matched_as_a_whole_and_not_as_a_pattern(tmp_path: Path) -> None:
    index = tmp_path / "Packages"
    index.write_text(INDEX)
    assert records(index, "kern") == []
    assert records(index, "decoy") == []
    assert records(index, "kernel-6.1x9") == []
    assert records(index, "kernel.6.1.9") == []
    assert package_names(index) == {"kernel", "kernel-6.1.9"}


def test_an_empty_index_has_nothing(tmp_path: Path) -> None:
    index = tmp_path / "Packages"
    index.touch()
    assert records(index, "kernel") == []
    assert package_names(index) == set()


def test_a_record_without_a_digest_is_an_error(tmp_path: Path) -> None:
    index = tmp_path / "Packages"
    index.write_text("Package: old\nVersion: 1\nArchitecture: armhf\nSize: 3\nMD5sum: 00\n")
    with pytest.raises(FwbuildError) as error:
        records(index, "old")
    (problem,) = error.value.problems
    assert problem.code == "bad-archive"
    assert problem.message == "the archive's list describes old incompletely: 'sha256'"
    assert problem.hint == "fwbuild needs Package, Version, Architecture, Size and SHA256 of each package"
