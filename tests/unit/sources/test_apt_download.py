# SPDX-License-Identifier: Apache-2.0
"""Fetching exact versions, from archives that the tests make and from the real ones."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from fwbuild.model.problem import FwbuildError
from fwbuild.sources import aptget
from fwbuild.sources.apt import Apt, PackageFile
from fwbuild.sources.deb import take_members
from tests.unit.problems import only
from tests.unit.sources.archive import Archive, Host, make_deb, pinned

# Fetching


def test_exactly_the_pinned_version_is_fetched(
    archive: Archive, host: Host, apt: Apt, xen: Path, tmp_path: Path
) -> None:
    archive.publish("stable", [xen, make_deb(archive.folder / "pool", "xen", "1:4.18-1")])
    host.sources(archive.source("stable"))
    said: list[str] = []
    apt.download(pinned(xen), tmp_path / "out", said.append)
    assert (tmp_path / "out").read_bytes() == xen.read_bytes()
    assert said == ["updating the lists of packages for armhf", "fetching xen 4.17-1 (armhf), 0.0 MB"]
    assert not (apt.folder / "armhf" / "tmp" / "download").exists()


def test_lists_that_lead_to_the_file_are_not_updated(archive: Archive, host: Host, tmp_path: Path, xen: Path) -> None:
    archive.publish("stable", [xen])
    host.sources(archive.source("stable"))
    Apt(tmp_path / "apt").candidate("xen", "armhf", "stable")
    said: list[str] = []
    Apt(tmp_path / "apt").download(pinned(xen), tmp_path / "out", said.append)
    assert said == ["fetching xen 4.17-1 (armhf), 0.0 MB"]


def test_a_package_that_moved_to_another_suite_is_still_found(
    archive: Archive, host: Host, apt: Apt, xen: Path, tmp_path: Path
) -> None:
    archive.publish("stable", [])
    archive.publish("oldstable", [xen])
    host.sources(archive.source("stable", "oldstable"))
    apt.download(pinned(xen, suite="stable"), tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == xen.read_bytes()


def test_a_version_that_is_gone(archive: Archive, host: Host, tmp_path: Path, xen: Path) -> None:
    archive.publish("stable", [xen])
    host.sources(archive.source("stable"))
    Apt(tmp_path / "apt").candidate("xen", "armhf", "stable")
    wanted = pinned(xen)
    archive.publish("stable", [make_deb(archive.folder / "pool", "xen", "4.17-2")])
    xen.unlink()
    # The old list still leads to the file, which is no longer there: the list is updated.
    with pytest.raises(FwbuildError) as error:
        Apt(tmp_path / "apt").download(wanted, tmp_path / "out")
    assert only(error).code == "version-gone"
    assert only(error).message == (
        "xen 4.17-1 (armhf), pinned in fwbuild.lock, is no longer in the archive: `stable` has 4.17-2 now"
    )
    assert only(error).hint.startswith("run `fwbuild lock --update xen` to pin what is there now; ")
    archive.publish("stable", [make_deb(archive.folder / "pool", "linux", "6.1")])
    with pytest.raises(FwbuildError) as error:
        Apt(tmp_path / "apt").download(wanted, tmp_path / "out")
    assert only(error).code == "version-gone"
    assert only(error).message.endswith("`stable` has no version of it now")


def test_a_version_that_may_be_gone_when_the_list_cannot_be_renewed(
    archive: Archive, host: Host, tmp_path: Path, xen: Path
) -> None:
    archive.publish("stable", [xen])
    host.sources(archive.source("stable"))
    Apt(tmp_path / "apt").candidate("xen", "armhf", "stable")
    (archive.folder / "dists" / "stable" / "InRelease").unlink()
    with pytest.raises(FwbuildError) as error:
        Apt(tmp_path / "apt").download(pinned(xen, version="4.18-1"), tmp_path / "out")
    assert only(error).code == "fetch-failed"
    assert only(error).message.startswith(
        "xen 4.18-1 (armhf) is not in the old list of `stable`, and apt could not fetch the new one:\n"
    )


def test_another_file_under_the_same_version(archive: Archive, host: Host, apt: Apt, xen: Path, tmp_path: Path) -> None:
    wanted = pinned(xen)
    rebuilt = make_deb(archive.folder / "pool", "xen", "4.17-1", files={"boot/xen": b"rebuilt"})
    archive.publish("stable", [rebuilt])
    host.sources(archive.source("stable"))
    said: list[str] = []
    with pytest.raises(FwbuildError) as error:
        apt.download(wanted, tmp_path / "out", said.append)
    assert said == ["updating the lists of packages for armhf"]
    assert only(error).code == "wrong-digest"
    assert only(error).message == (
        "xen 4.17-1 (armhf) is not the file that fwbuild.lock pins: "
        f"its SHA-256 is {pinned(rebuilt).sha256}, pinned is {wanted.sha256}"
    )
    assert only(error).hint == "if the archive was built anew on purpose, run `fwbuild lock --update xen`"


def test_what_apt_hands_out_is_compared_with_the_lock(
    archive: Archive, host: Host, apt: Apt, xen: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive.publish("stable", [xen])
    host.sources(archive.source("stable"))

    def other(self: aptget.AptGet, package: str, version: str, target: Path) -> str:
        target.write_bytes(b"something else")
        return ""

    monkeypatch.setattr(aptget.AptGet, "download", other)
    with pytest.raises(FwbuildError) as error:
        apt.download(pinned(xen), tmp_path / "out")
    assert only(error).code == "wrong-digest"
    assert hashlib.sha256(b"something else").hexdigest() in only(error).message


# The host's real archives


@pytest.mark.archive
def test_the_hosts_own_archives_have_xen_for_armhf(tmp_path: Path) -> None:
    apt = Apt(tmp_path / "apt")
    found = apt.candidate("xen-hypervisor-4.17-armhf", "armhf", "bookworm")
    assert found.architecture == "armhf"
    wanted = PackageFile(
        package=found.package,
        version=found.version,
        architecture="armhf",
        suite="bookworm",
        sha256=found.sha256,
        size=found.size,
    )
    apt.download(wanted, tmp_path / "deb")
    (tmp_path / "scratch").mkdir()
    members = {"xen": "boot/xen-4.17-*"}
    with pytest.raises(FwbuildError) as error:  # the kernel's configuration matches as well
        take_members(tmp_path / "deb", members, {"xen": tmp_path / "xen"}, scratch=tmp_path / "scratch", package="xen")
    assert only(error).code == "no-such-member"
    members = {"xen": "boot/xen-4.17-armhf"}
    take_members(tmp_path / "deb", members, {"xen": tmp_path / "xen"}, scratch=tmp_path / "scratch", package="xen")
    # A zImage: its magic number is at 0x24 (Documentation/arch/arm/booting.rst).
    assert (tmp_path / "xen").read_bytes()[0x24:0x28] == bytes.fromhex("18286f01")
