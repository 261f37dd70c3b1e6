# SPDX-License-Identifier: Apache-2.0
"""What is not signed by a trusted key is not used."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from fwbuild.model.problem import FwbuildError
from fwbuild.sources.apt import Apt
from tests.unit.problems import only
from tests.unit.sources.archive import Archive, Host, Key, pinned


def test_the_hosts_carelessness_about_signatures_does_not_count(
    archive: Archive, host: Host, apt: Apt, xen: Path
) -> None:
    host.settings(
        'Acquire::AllowInsecureRepositories "true";\nAcquire::AllowWeakRepositories "true";\n'
        'Acquire::AllowDowngradeToInsecureRepositories "true";\nAPT::Get::AllowUnauthenticated "true";\n'
    )
    archive.key = None
    archive.publish("stable", [xen])
    host.sources(archive.source("stable"))
    with pytest.raises(FwbuildError) as error:
        apt.candidate("xen", "armhf", "stable")
    assert only(error).code == "fetch-failed"
    assert "is not signed" in only(error).message
    assert only(error).hint == (
        "only what is signed by a key that this host trusts is used: see Signed-By in sources.list(5)"
    )


def test_a_key_that_is_not_trusted(archive: Archive, host: Host, apt: Apt, xen: Path, other_key: Key) -> None:
    archive.publish("stable", [xen])
    host.sources(archive.source("stable", Signed_By=str(other_key.public)))
    with pytest.raises(FwbuildError) as error:
        apt.candidate("xen", "armhf", "stable")
    assert only(error).code == "fetch-failed"
    assert "NO_PUBKEY" in only(error).message
    assert "signed by a key that this host trusts" in only(error).hint


def test_a_changed_release_file(archive: Archive, host: Host, apt: Apt, xen: Path) -> None:
    archive.publish("stable", [xen])
    release = archive.folder / "dists" / "stable" / "InRelease"
    release.write_text(release.read_text().replace("Origin: tests", "Origin: other"))
    host.sources(archive.source("stable"))
    with pytest.raises(FwbuildError) as error:
        apt.candidate("xen", "armhf", "stable")
    assert only(error).code == "fetch-failed"
    assert "BADSIG" in only(error).message


def test_a_changed_list(archive: Archive, host: Host, apt: Apt, xen: Path) -> None:
    archive.publish("stable", [xen])
    index = archive.folder / "dists" / "stable" / "main" / "binary-armhf" / "Packages"
    index.write_text(index.read_text().replace("4.17-1", "4.18-1"))
    host.sources(archive.source("stable"))
    with pytest.raises(FwbuildError) as error:
        apt.candidate("xen", "armhf", "stable")
    assert only(error).code == "fetch-failed"
    assert "Hash Sum mismatch" in only(error).message
    assert "\n   Hashes of expected file:\n" in only(error).message
    assert "does not agree with its own signed list" in only(error).hint


def test_a_list_that_apt_was_told_to_take_unsigned_is_not_used(
    archive: Archive, host: Host, apt: Apt, xen: Path
) -> None:
    archive.key = None
    archive.publish("stable", [xen])
    host.sources(archive.source("stable", Allow_Insecure="yes"))
    with pytest.raises(FwbuildError) as error:
        apt.candidate("xen", "armhf", "stable")
    assert only(error).code == "fetch-failed"
    assert "is not signed" in only(error).message


def test_a_single_source_may_say_that_it_is_trusted(
    archive: Archive, host: Host, apt: Apt, xen: Path, tmp_path: Path
) -> None:
    archive.key = None
    archive.publish("stable", [xen])
    host.sources(archive.source("stable", Trusted="yes"))
    apt.download(pinned(xen), tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == xen.read_bytes()


def test_a_list_that_was_once_taken_unsigned_is_not_used(archive: Archive, host: Host, apt: Apt, xen: Path) -> None:
    signed_by, archive.key = archive.key, None
    archive.publish("stable", [xen])
    host.sources(archive.source("stable"))
    state = apt.folder / "armhf"
    (state / "lists" / "partial").mkdir(parents=True)
    careless = ["-o", "Acquire::AllowInsecureRepositories=true", "-o", "APT::Architecture=armhf"]
    command = ["apt-get", "-q", "-o", f"Dir::State={state}", "-o", "APT::Architectures::=armhf", *careless, "update"]
    subprocess.run(command, check=True, capture_output=True)
    assert any((state / "lists").glob("*Packages"))
    with pytest.raises(FwbuildError) as error:
        apt.candidate("xen", "armhf", "stable")
    assert only(error).code == "fetch-failed"
    assert "is not signed" in only(error).message
    archive.key = signed_by


def test_a_changed_package_is_not_handed_out(archive: Archive, host: Host, apt: Apt, xen: Path, tmp_path: Path) -> None:
    archive.publish("stable", [xen])
    host.sources(archive.source("stable"))
    wanted = pinned(xen)
    xen.write_bytes(xen.read_bytes()[:-1] + b"!")
    with pytest.raises(FwbuildError) as error:
        apt.download(wanted, tmp_path / "out")
    assert only(error).code == "fetch-failed"
    assert only(error).message.startswith("apt could not fetch xen 4.17-1 (armhf):\nE: ")
    assert "Hash Sum mismatch" in only(error).message
    assert not (tmp_path / "out").exists()
