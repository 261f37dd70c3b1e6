# SPDX-License-Identifier: Apache-2.0
"""Members of packages: what is meant by a path, and what to say when nothing is."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from tests.unit.sources.archive import entry, make_deb, raw_deb, tar_of
from tests.unit.sources.taking import hostile, refused, take

# Sound packages


def test_files_by_path_and_by_pattern(kernel: Path, tmp_path: Path) -> None:
    assert take(kernel, tmp_path, "boot/vmlinuz-*", "usr/lib/linux-image-6.?/a15.dtb", "boot/config-6.1") == [
        b"kernel",
        b"tree",
        b"config",
    ]


def test_one_file_for_two_outputs(kernel: Path, tmp_path: Path) -> None:
    assert take(kernel, tmp_path, "boot/vmlinuz-*", "boot/vmlinuz-6.1") == [b"kernel", b"kernel"]


def test_a_star_does_not_stand_for_a_slash(kernel: Path, tmp_path: Path) -> None:
    assert refused(kernel, tmp_path, "usr/*/a15.dtb").code == "no-such-member"


def test_only_stars_and_question_marks_are_special(tmp_path: Path) -> None:
    deb = make_deb(tmp_path / "pool", "odd", "1", files={"a+[b].(c)": b"odd", "aab.c": b"no"})
    assert take(deb, tmp_path, "a+[b].(?)") == [b"odd"]


def test_a_question_mark_does_not_stand_for_a_slash(kernel: Path, tmp_path: Path) -> None:
    assert refused(kernel, tmp_path, "boot?vmlinuz-6.1").code == "no-such-member"


def test_padding_behind_the_end(tmp_path: Path) -> None:
    deb = raw_deb(tmp_path / "x.deb", tar_of([entry("./a", b"data")]) + bytes(1 << 20))
    assert take(deb, tmp_path, "a") == [b"data"]


def test_an_empty_file(tmp_path: Path) -> None:
    deb = make_deb(tmp_path / "pool", "empty", "1", files={"a": b""})
    assert take(deb, tmp_path, "a") == [b""]


def test_links_are_followed_inside_the_package(tmp_path: Path) -> None:
    deb = make_deb(
        tmp_path / "pool",
        "linux",
        "1",
        files={"usr/boot/vmlinuz-6.1": b"kernel", "z/last": b"last"},
        links={
            "boot": "usr/boot",
            "vmlinuz": "boot/vmlinuz-6.1",
            "usr/up": "../usr/./boot/../../vmlinuz",
            "usr/absolute": "/vmlinuz",
            "a": "z/last",
        },
    )
    assert take(deb, tmp_path, "vmlinuz", "boot/vmlinuz-6.1", "usr/up", "usr/absolute", "a") == [
        *([b"kernel"] * 4),
        b"last",
    ]


def test_a_pattern_that_meets_a_file_and_a_link_to_it(tmp_path: Path) -> None:
    deb = make_deb(
        tmp_path / "pool", "linux", "1", files={"boot/vmlinuz-6.1": b"k"}, links={"boot/vmlinuz-new": "vmlinuz-6.1"}
    )
    assert take(deb, tmp_path, "boot/vmlinuz-*") == [b"k"]


def test_hard_links_count_as_their_file(tmp_path: Path) -> None:
    deb = hostile(tmp_path, entry("./a", b"data"), entry("./b/c", kind=tarfile.LNKTYPE, target="./a"))
    assert take(deb, tmp_path, "b/c") == [b"data"]


def test_long_names(tmp_path: Path) -> None:
    name = "/".join(["folder" * 10] * 8) + "/" + "n" * 200
    deb = make_deb(tmp_path / "pool", "long", "1", files={name: b"deep"})
    assert take(deb, tmp_path, name) == [b"deep"]


def test_names_with_a_slash_or_nothing_in_front(tmp_path: Path) -> None:
    deb = hostile(tmp_path, entry("a", b"1"), entry("/b", b"2"), entry(".//c", b"3"))
    assert take(deb, tmp_path, "a", "b", "c") == [b"1", b"2", b"3"]


def test_the_last_of_two_entries_of_one_name_wins_as_in_dpkg(tmp_path: Path) -> None:
    deb = hostile(tmp_path, entry("./a", b"first"), entry("./b", b"b"), entry("./a", b"second"))
    assert take(deb, tmp_path, "a") == [b"second"]


def test_a_file_that_a_link_replaces(tmp_path: Path) -> None:
    replaced = hostile(
        tmp_path, entry("./a", b"first"), entry("./b", b"b"), entry("./a", kind=tarfile.SYMTYPE, target="b")
    )
    assert take(replaced, tmp_path, "a") == [b"b"]


def test_a_match_that_a_folder_replaces_leaves_the_other_one(tmp_path: Path) -> None:
    deb = hostile(tmp_path, entry("./a1", b"x"), entry("./a2", b"y"), entry("./a1", kind=tarfile.DIRTYPE))
    assert take(deb, tmp_path, "a?") == [b"y"]


# Members that are not there


def test_no_match_names_the_same_file_elsewhere(kernel: Path, tmp_path: Path) -> None:
    problem = refused(kernel, tmp_path, "usr/lib/a15.dtb")
    assert problem.code == "no-such-member"
    assert problem.message == "no file of linux 6.1-1 (armhf) matches `usr/lib/a15.dtb`"
    assert problem.hint == ("did you mean `usr/lib/linux-image-6.1/a15.dtb`, `usr/lib/linux-image-6.1/sub/a15.dtb`?")


def test_no_match_names_the_closest(kernel: Path, tmp_path: Path) -> None:
    assert refused(kernel, tmp_path, "boot/vmlinux-6.1").hint == "did you mean `boot/vmlinuz-6.1`?"


def test_no_match_and_nothing_close_lists_what_there_is(kernel: Path, tmp_path: Path) -> None:
    assert refused(kernel, tmp_path, "x").hint.startswith("it has: `boot/config-6.1`, `boot/vmlinuz-6.1`, ")


def test_a_package_without_files(tmp_path: Path) -> None:
    deb = make_deb(tmp_path / "pool", "meta", "1")
    assert refused(deb, tmp_path, "boot/vmlinuz-*").hint == (
        "the package holds no files; does it only point to another (`depends`)?"
    )


def test_several_matches_are_listed(kernel: Path, tmp_path: Path) -> None:
    problem = refused(kernel, tmp_path, "boot/*")
    assert problem.code == "no-such-member"
    assert problem.message == "2 files of linux 6.1-1 (armhf) match `boot/*`, and it must be one"
    assert problem.hint == "they are: `boot/config-6.1`, `boot/vmlinuz-6.1`"
    # Only the first was copied: a pattern for everything does not copy everything.
    assert len(list((tmp_path / "own" / "scratch").iterdir())) == 2


@pytest.mark.parametrize(
    ("kind", "what"),
    [
        (tarfile.DIRTYPE, "directory"),
        (tarfile.FIFOTYPE, "special file"),
        (tarfile.CHRTYPE, "special file"),
        (tarfile.BLKTYPE, "special file"),
    ],
)
def test_what_is_not_a_file(tmp_path: Path, kind: bytes, what: str) -> None:
    deb = hostile(tmp_path, entry("./dev/thing", kind=kind))
    problem = refused(deb, tmp_path, "dev/*")
    assert problem.code == "no-such-member"
    assert problem.message == f"`dev/thing` in linux 6.1-1 (armhf) is a {what}, not a file"


def test_a_link_out_of_the_package_leads_nowhere(tmp_path: Path) -> None:
    deb = hostile(tmp_path, entry("./a", kind=tarfile.SYMTYPE, target="/etc/passwd"))
    problem = refused(deb, tmp_path, "a")
    assert problem.code == "no-such-member"
    assert problem.message == "`a` in linux 6.1-1 (armhf) is a link to `etc/passwd`, which is not in the package"
