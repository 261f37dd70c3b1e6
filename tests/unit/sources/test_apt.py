# SPDX-License-Identifier: Apache-2.0
"""Looking packages up: the real apt-get, archives and host configurations made by the tests."""

from __future__ import annotations

import http.server
import threading
from functools import partial
from pathlib import Path

import pytest

from fwbuild.model.problem import FwbuildError
from fwbuild.sources.apt import Apt, PackageFile, cause_of
from tests.unit.problems import only
from tests.unit.sources.archive import Archive, Host, make_deb, pinned

# Looking up


def test_the_newest_version_of_a_suite_is_the_candidate(archive: Archive, host: Host, apt: Apt) -> None:
    pool = archive.folder / "pool"
    debs = [make_deb(pool, "xen", version, depends="base (= 1)") for version in ("4.9-1", "4.17-1", "4.17~rc1-1")]
    archive.publish("oldstable", debs, name="bookworm")
    archive.publish("sid", [make_deb(pool, "xen", "4.20-1")])
    host.sources(archive.source("oldstable", "sid"))

    found = apt.candidate("xen", "armhf", "bookworm")
    assert (found.package, found.version, found.architecture) == ("xen", "4.17-1", "armhf")
    assert found.sha256 == pinned(debs[1]).sha256
    assert found.size == debs[1].stat().st_size
    assert [relation.name for relation in found.depends] == ["base"]
    assert apt.candidate("xen", "armhf", "oldstable") == found
    assert apt.candidate("xen", "armhf", "oldstable", version="4.9-1").version == "4.9-1"


def test_packages_for_all_architectures_are_found_too(archive: Archive, host: Host, apt: Apt, tmp_path: Path) -> None:
    deb = make_deb(archive.folder / "pool", "firmware", "1", architecture="all")
    archive.publish("stable", [deb])
    host.sources(archive.source("stable"))
    found = apt.candidate("firmware", "armhf", "stable")
    assert found.architecture == "all"
    data = deb.read_bytes()
    wanted = PackageFile(
        package="firmware", version="1", architecture="armhf", suite="stable", sha256=found.sha256, size=len(data)
    )
    apt.download(wanted, tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == data


def test_lists_are_updated_once_in_a_process(archive: Archive, host: Host, tmp_path: Path, xen: Path) -> None:
    archive.publish("stable", [xen])
    host.sources(archive.source("stable"))
    said: list[str] = []
    apt = Apt(tmp_path / "apt", say=said.append)
    apt.candidate("xen", "armhf", "stable")
    apt.candidate("xen", "armhf", "stable")
    assert said == ["updating the lists of packages for armhf"]


def test_a_flat_archive(archive: Archive, host: Host, apt: Apt, tmp_path: Path) -> None:
    mine = make_deb(archive.folder, "xen", "4.17-1")
    archive.publish_flat([mine, make_deb(archive.folder, "xen", "4.18-1", architecture="arm64")])
    host.sources(archive.flat_source())
    assert apt.candidate("xen", "armhf", "./").version == "4.17-1"
    apt.download(pinned(mine, suite="./"), tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == mine.read_bytes()


def test_a_misspelt_package_is_recognised(archive: Archive, host: Host, apt: Apt, xen: Path) -> None:
    archive.publish("stable", [xen])
    host.sources(archive.source("stable"))
    with pytest.raises(FwbuildError) as error:
        apt.candidate("xenn", "armhf", "stable")
    assert only(error).code == "no-such-package"
    assert only(error).message == "there is no package `xenn` in `stable` for armhf"
    assert only(error).hint == "did you mean `xen`?"


def test_a_package_of_another_suite_is_pointed_out(archive: Archive, host: Host, apt: Apt, xen: Path) -> None:
    archive.publish("stable", [make_deb(archive.folder / "pool", "linux", "6.1")])
    archive.publish("sid", [xen])
    host.sources(archive.source("stable", "sid"))
    with pytest.raises(FwbuildError) as error:
        apt.candidate("xen", "armhf", "stable")
    assert only(error).message == "there is no package `xen` in `stable` for armhf"
    assert only(error).hint == "it is in `sid`"


def test_a_version_that_a_suite_lacks(archive: Archive, host: Host, apt: Apt, xen: Path) -> None:
    archive.publish("stable", [xen])
    host.sources(archive.source("stable"))
    with pytest.raises(FwbuildError) as error:
        apt.candidate("xen", "armhf", "stable", version="4.18-1")
    assert only(error).code == "no-such-package"
    assert only(error).message == "`stable` has xen 4.17-1 for armhf, but not 4.18-1"


# Hosts that lack something


def test_a_suite_that_the_host_does_not_have(archive: Archive, host: Host, apt: Apt, xen: Path) -> None:
    archive.publish("stable", [xen])
    host.sources(archive.source("stable"))
    with pytest.raises(FwbuildError) as error:
        apt.candidate("xen", "armhf", "stabel")
    assert only(error).code == "no-such-package"
    assert only(error).message == "the host's apt has no suite `stabel` for armhf"
    assert only(error).hint == (
        "did you mean `stable`?; "
        '`sources = "archives.sources"` under [apt] in fwbuild.toml names a file of archives to use instead'
    )


def test_a_suite_that_is_empty(archive: Archive, host: Host, apt: Apt) -> None:
    archive.publish("stable", [])
    host.sources(archive.source("stable"))
    with pytest.raises(FwbuildError) as error:
        apt.candidate("xen", "armhf", "stable")
    assert only(error).code == "no-such-package"
    assert only(error).message == "the list of packages of `stable` for armhf is empty, or is not there"


def test_sources_limited_to_the_hosts_architecture(archive: Archive, host: Host, apt: Apt, xen: Path) -> None:
    archive.publish("stable", [xen])
    mine = make_deb(archive.folder / "pool", "xen", "4.17-1", architecture="amd64")
    archive.publish("stable", [mine], architecture="amd64")
    host.sources(archive.source("stable", Architectures="amd64"))
    with pytest.raises(FwbuildError) as error:
        apt.candidate("xen", "armhf", "stable")
    assert only(error).code == "no-such-package"
    assert only(error).message == ("the host's apt has `stable`, but not for armhf: its `Architectures` leave that out")
    assert "under [apt] in fwbuild.toml" in only(error).hint


@pytest.mark.parametrize("architecture", ["riscv64", "all"])
def test_an_architecture_that_the_archive_does_not_have(
    archive: Archive, host: Host, apt: Apt, xen: Path, architecture: str
) -> None:
    archive.publish("stable", [xen])
    host.sources(archive.source("stable"))
    with pytest.raises(FwbuildError) as error:
        apt.candidate("xen", architecture, "stable")
    assert only(error).code == "no-such-package"
    assert only(error).message == f"the list of packages of `stable` for {architecture} is empty, or is not there"
    assert only(error).hint == (
        f"does the archive have {architecture}? Packages for `all` are in every architecture's list"
    )


def test_a_host_without_archives(host: Host, apt: Apt) -> None:
    with pytest.raises(FwbuildError) as error:
        apt.candidate("xen", "armhf", "stable")
    assert only(error).code == "no-such-package"
    assert only(error).message == "the host's apt has no archives"
    assert "under [apt] in fwbuild.toml" in only(error).hint


def test_a_host_without_apt(apt: Apt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FwbuildError) as error:
        apt.candidate("xen", "armhf", "stable")
    assert only(error).code == "tool-missing"
    assert only(error).message == "there is no apt-get here, which fetches Debian packages"
    assert only(error).hint == "on a host without apt, put `file` or `url` sources of the same names into fwbuild.toml"


def test_a_host_without_network(host: Host, apt: Apt) -> None:
    host.sources("Types: deb\nURIs: http://127.0.0.1:9/debian\nSuites: stable\nComponents: main\n")
    with pytest.raises(FwbuildError) as error:
        apt.candidate("xen", "armhf", "stable")
    assert only(error).code == "fetch-failed"
    assert only(error).message.startswith(
        "apt could not fetch the list of packages of `stable` for armhf:\nW: Failed to fetch http://127.0.0.1:9/"
    )
    assert "Connection refused" in only(error).message
    assert only(error).hint == "check the network and the proxy; what is in the store already is not fetched again"


def test_a_state_folder_that_cannot_be_made(host: Host, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FwbuildError) as error:
        Apt(tmp_path / "file" / "apt").candidate("xen", "armhf", "stable")
    assert only(error).code == "store"


# One index that cannot be fetched


@pytest.fixture
def half_broken(archive: Archive, host: Host, xen: Path) -> None:
    """`stable` is sound; the list of `security` is not the one that its Release file names."""
    archive.publish("stable", [xen])
    archive.publish("security", [xen])
    index = archive.folder / "dists" / "security" / "main" / "binary-armhf" / "Packages"
    index.write_text(index.read_text() + "\n")
    host.sources(archive.source("stable", "security"))


@pytest.mark.usefixtures("half_broken")
def test_one_broken_index_does_not_stop_the_others(apt: Apt, xen: Path, tmp_path: Path) -> None:
    assert apt.candidate("xen", "armhf", "stable").version == "4.17-1"
    apt.download(pinned(xen), tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == xen.read_bytes()


@pytest.mark.usefixtures("half_broken")
def test_the_words_about_a_broken_index_come_when_a_package_is_not_found(apt: Apt) -> None:
    with pytest.raises(FwbuildError) as error:
        apt.candidate("linux", "armhf", "stable")
    assert only(error).code == "no-such-package"
    start, _, rest = only(error).message.partition("\n")
    assert start == "there is no package `linux` in `stable` for armhf"
    assert rest.startswith("apt could not fetch everything:\nE: Failed to fetch")
    with pytest.raises(FwbuildError) as error:
        apt.candidate("xen", "armhf", "security")
    assert only(error).code == "fetch-failed"


def test_an_old_list_that_cannot_be_renewed_is_used_with_a_word(
    archive: Archive, host: Host, tmp_path: Path, xen: Path
) -> None:
    archive.publish("stable", [xen])
    host.sources(archive.source("stable"))
    Apt(tmp_path / "apt").candidate("xen", "armhf", "stable")
    (archive.folder / "dists" / "stable" / "InRelease").unlink()
    said: list[str] = []
    apt = Apt(tmp_path / "apt", say=said.append)
    assert apt.candidate("xen", "armhf", "stable").version == "4.17-1"
    assert "apt could not update the list of `stable` for armhf; the old one is used" in said


def test_an_old_list_of_a_server_that_is_gone(
    archive: Archive, host: Host, tmp_path: Path, xen: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    archive.publish("stable", [xen])

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(archive.folder)))
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        host.sources(archive.source("stable", URIs=f"http://127.0.0.1:{server.server_port}/"))
        Apt(tmp_path / "apt").download(pinned(xen), tmp_path / "out")
    finally:
        server.shutdown()
        server.server_close()
    assert (tmp_path / "out").read_bytes() == xen.read_bytes()
    with pytest.raises(FwbuildError) as error:
        Apt(tmp_path / "apt").download(pinned(xen, version="4.18-1"), tmp_path / "out")
    assert only(error).code == "fetch-failed"
    assert only(error).message.startswith("xen 4.18-1 (armhf) is not in the old list of `stable`")
    assert only(error).hint.startswith("check the network and the proxy")
    with pytest.raises(FwbuildError) as error:
        Apt(tmp_path / "apt").download(pinned(xen), tmp_path / "out")
    assert only(error).code == "fetch-failed"
    assert only(error).message.startswith("apt could not fetch xen 4.17-1 (armhf):\nE: Failed to fetch http://127")


@pytest.mark.parametrize(
    ("complaint", "hint"),
    [
        ("Temporary failure resolving 'deb.example.org'", "check the network and the proxy"),
        ("Could not connect to 192.0.2.1:80 (192.0.2.1), connection timed out", "check the network and the proxy"),
        ("Connection timed out [IP: 192.0.2.1 80]", "check the network and the proxy"),
        ("Connection failed [IP: 192.0.2.1 80]", "check the network and the proxy"),
        ("The following signatures were invalid: EXPKEYSIG 0E98404D386FA1D9", "only what is signed by a key"),
        ("File has unexpected size (334084 != 349884). Mirror sync in progress?", "the archive does not agree"),
        ("Certificate verification failed: The certificate is NOT trusted.", "the archive's certificate"),
        ("Something new", "the lines above are apt's own"),
    ],
)
def test_what_apts_words_mean(complaint: str, hint: str) -> None:
    assert cause_of(f"E: Failed to fetch http://deb.example.org/debian/dists/sid/InRelease  {complaint}").startswith(
        hint
    )
