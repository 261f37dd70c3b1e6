# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from fwbuild.sources.apt import Apt
from tests.unit.sources.archive import Archive, Host, Key, make_deb
from tests.unit.sources.folder import Folder

KERNEL_FILES = {
    "boot/vmlinuz-6.1": b"kernel",
    "boot/config-6.1": b"config",
    "usr/lib/linux-image-6.1/a15.dtb": b"tree",
    "usr/lib/linux-image-6.1/sub/a15.dtb": b"other tree",
}


@pytest.fixture(scope="session")
def key() -> Iterator[Key]:
    """A key that the tests' archives are signed with."""
    yield from _key()


@pytest.fixture(scope="session")
def other_key() -> Iterator[Key]:
    """A key that no source trusts."""
    yield from _key()


def _key() -> Iterator[Key]:
    # Below /tmp, as the path of the agent's socket must be short.
    home = Path(tempfile.mkdtemp(prefix="fwbuild-gpg-", dir="/tmp"))
    home.chmod(0o755)  # apt reads the public key as another user too
    key = Key(home)
    try:
        key.make()
        yield key
    finally:
        key.end()
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def archive(tmp_path: Path, key: Key) -> Archive:
    """An archive, empty so far."""
    return Archive(tmp_path / "archive", key)


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    """The host's apt configuration, as far as apt knows from now on."""
    host = Host(tmp_path / "etc")
    host.prepare()
    monkeypatch.setenv("APT_CONFIG", str(host.configuration))
    return host


@pytest.fixture
def apt(tmp_path: Path) -> Apt:
    """Our apt, in a folder of its own."""
    return Apt(tmp_path / "apt")


@pytest.fixture
def xen(archive: Archive) -> Path:
    """A package, not published so far."""
    return make_deb(archive.folder / "pool", "xen", "4.17-1", files={"boot/xen": b"xen"})


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A folder with an /init script."""
    (tmp_path / "recipes").mkdir()
    (tmp_path / "recipes" / "init.sh").write_text("#!/bin/sh\n")
    return Folder(tmp_path / "recipes")


@pytest.fixture
def kernel(tmp_path: Path) -> Path:
    """A package with a few files."""
    return make_deb(tmp_path / "pool", "linux", "6.1-1", files=KERNEL_FILES)
