# SPDX-License-Identifier: Apache-2.0
"""Images out of packages, seen from the command line: pins, archives that fail, what stays whole."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.conftest import Command
from tests.project import zimage
from tests.unit.cli.shell import shell
from tests.unit.sources.archive import Archive, Host, make_deb

DEB = """
[sources.linux-armmp-lpae]
type = "deb"
package = "{package}"
architecture = "armhf"
suite = "stable"
member = "{member}"
"""
UNREACHABLE = "Types: deb\nURIs: http://127.0.0.1:9/debian\nSuites: stable\nComponents: main\nTrusted: yes\n"


def kernel(version: str = "6.1-1", unpacked: int = 0x20000) -> dict[str, bytes]:
    return {f"boot/vmlinuz-{version}": zimage(unpacked=unpacked), "boot/config": b"x"}


class Packaged:
    """A project whose kernel comes out of a package of an archive of its own."""

    def __init__(self, fw: Command, archive: Archive, host: Host) -> None:
        self.fw, self.archive, self.host = fw, archive, host
        self.output = fw.folder / "build" / "linux-a15"
        self.lock = fw.folder / "fwbuild.lock"
        self.publish("6.1-1")
        self.define()
        host.sources(archive.source("stable"))

    def define(self, package: str = "linux", member: str = "boot/vmlinuz-*") -> None:
        """Where the kernel comes from."""
        path = self.fw.folder / "fwbuild.toml"
        first, *others = path.read_text().split("[sources.")
        others = [other for other in others if not other.startswith("linux-armmp-lpae]")]
        text = "[sources.".join([first, *others]).rstrip()
        path.write_text(text + "\n" + DEB.format(package=package, member=member))

    def publish(self, version: str, unpacked: int = 0x20000) -> Path:
        """Make the archive hold this version and no other."""
        shutil.rmtree(self.archive.folder / "pool", ignore_errors=True)
        deb = make_deb(self.archive.folder / "pool", "linux", version, files=kernel(version, unpacked))
        self.archive.publish("stable", [deb])
        return deb

    def image(self, status: int = 0) -> tuple[str, str]:
        return self.fw("image", "linux-a15", "--no-verify", status=status)

    def files(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in self.output.iterdir()}


@pytest.fixture
def packaged(fw: Command, archive: Archive, host: Host) -> Packaged:
    return Packaged(fw, archive, host)


def test_the_first_build_pins_and_the_next_has_nothing_to_do(packaged: Packaged) -> None:
    out, _ = packaged.image()
    assert "linux-a15: built in" in out
    pinned = packaged.lock.read_text()
    assert 'version = "6.1-1"' in pinned
    manifest = json.loads((packaged.output / "manifest.json").read_text())
    assert manifest["materials"]["linux-armmp-lpae"]["version"] == "6.1-1"
    packaged.publish("6.1-2")
    out, _ = packaged.image()
    assert "nothing to do" in out
    assert packaged.lock.read_text() == pinned, "a newer version is taken only when asked for"
    assert packaged.fw("lock")[0] == "fwbuild.lock: 1 packages, 0 changed, 0 dropped\n"


def test_pinning_leaves_the_pins_of_other_recipes_alone(packaged: Packaged) -> None:
    packaged.image()
    other = packaged.lock.read_text().replace('package = "linux"', 'package = "other"')
    packaged.lock.write_text(other)
    packaged.image()
    assert 'package = "other"' in packaged.lock.read_text()
    assert 'package = "linux"' in packaged.lock.read_text()
    assert packaged.fw("lock")[0] == "fwbuild.lock: 1 packages, 0 changed, 1 dropped\n"


@pytest.mark.parametrize("how", ["unreachable", "removed", "no archive at all"])
def test_without_the_archive_nothing_is_lost(packaged: Packaged, how: str) -> None:
    packaged.image()
    before, pinned = packaged.files(), packaged.lock.read_text()
    if how == "unreachable":
        packaged.host.sources(UNREACHABLE)
    elif how == "removed":
        packaged.archive.folder.rename(packaged.archive.folder.with_name("away"))
    else:
        packaged.host.sources()
    out, _ = packaged.image()
    assert "nothing to do" in out, "what is in the store needs no network"
    shutil.rmtree(packaged.fw.folder / ".fwbuild")
    _, err = packaged.image(status=2 if how == "no archive at all" else 1)
    assert "error[no-such-package]" in err if how == "no archive at all" else "error[fetch-failed]" in err
    assert "Traceback" not in err
    assert packaged.files() == before
    assert packaged.lock.read_text() == pinned
    if how == "removed":
        packaged.archive.folder.with_name("away").rename(packaged.archive.folder)
    packaged.host.sources(packaged.archive.source("stable"))
    packaged.image()
    assert packaged.files() == before


def test_without_the_archive_there_is_no_lock_and_no_image(packaged: Packaged) -> None:
    packaged.host.sources(UNREACHABLE)
    _, err = packaged.image(status=1)
    assert "error[fetch-failed]" in err
    assert "127.0.0.1" in err, "it says which archive"
    assert not packaged.lock.exists()
    assert not packaged.output.exists()


def test_a_member_that_is_not_in_the_package(packaged: Packaged) -> None:
    packaged.image()
    before = packaged.files()
    packaged.define(member="boot/vmlinux-*")
    _, err = packaged.image(status=2)
    assert "error[no-such-member]: no file of linux 6.1-1 (armhf) matches `boot/vmlinux-*`" in err
    assert "hint: did you mean `boot/vmlinuz-6.1-1`?" in err
    assert packaged.files() == before


def test_a_member_of_another_kind(packaged: Packaged) -> None:
    packaged.define(member="boot/config")
    _, err = packaged.image(status=2)
    assert "error[bad-payload]: linux-armmp-lpae has 1 bytes, too few for a zImage header" in err
    assert not packaged.output.exists()


def test_a_package_that_is_not_there(packaged: Packaged) -> None:
    packaged.define(package="linus")
    _, err = packaged.image(status=2)
    assert "fwbuild.toml:" in err
    assert "error[no-such-package]" in err
    assert not packaged.lock.exists()


def test_a_pinned_version_that_is_gone(packaged: Packaged) -> None:
    packaged.image()
    before = packaged.files()
    packaged.publish("6.1-2", unpacked=0x40000)
    shutil.rmtree(packaged.fw.folder / ".fwbuild")
    _, err = packaged.image(status=2)
    assert "error[version-gone]" in err
    assert "6.1-1" in err
    assert "fwbuild lock --update" in err
    assert packaged.files() == before
    out, _ = packaged.fw("lock", "--update", "linux")
    assert out == "  linux 6.1-2 (armhf) (was 6.1-1)\nfwbuild.lock: 1 packages, 1 changed, 0 dropped\n"
    packaged.image()
    assert packaged.files()["linux-a15.elf"] != before["linux-a15.elf"]


def test_another_file_under_the_pinned_version(packaged: Packaged) -> None:
    packaged.image()
    before = packaged.files()
    packaged.publish("6.1-1", unpacked=0x40000)
    shutil.rmtree(packaged.fw.folder / ".fwbuild")
    _, err = packaged.image(status=1)
    assert "error[wrong-digest]" in err
    assert packaged.files() == before


def test_a_store_that_is_named_relative_to_the_folder(packaged: Packaged) -> None:
    ended = shell("$FW image linux-a15 --no-verify", packaged.fw.folder, {"FWBUILD_STORE": "a store"})
    assert ended.returncode == 0, ended.stderr
    assert (packaged.fw.folder / "a store" / "files").is_dir()
    assert not (packaged.fw.folder / ".fwbuild" / "files").exists()


@pytest.mark.parametrize("what", ["lock", "image"])
def test_a_lock_that_is_damaged(packaged: Packaged, what: str) -> None:
    packaged.image()
    text = packaged.lock.read_text()
    packaged.lock.write_text(text[: len(text) // 2])
    words = ("image", "linux-a15", "--no-verify") if what == "image" else ("lock",)
    _, err = packaged.fw(*words, status=2)
    assert err.startswith("fwbuild.lock:")
    assert packaged.lock.read_text() == text[: len(text) // 2], "it is left for the one who mends it"
