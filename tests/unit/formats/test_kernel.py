# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import gzip
import lzma
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fwbuild.formats import kernel
from fwbuild.formats.kernel import linux_release
from fwbuild.model.contribution import Material
from tests.project import packed_zimage

BANNER = b"\0Linux version 4.19.0-27-armmp-lpae (debian-kernel@lists.debian.org) (gcc version 8.3.0) #1 SMP\n\0"
PROC = b"%s version %s (x) %s\n\0Linux version %s\0"
RELEASE = "4.19.0-27-armmp-lpae"


def noise(size: int) -> bytes:
    return random.Random(size).randbytes(size)


def release_of(folder: Path, data: bytes) -> str:
    path = folder / "zImage"
    path.write_bytes(data)
    return linux_release(Material(name="k", path=path, digest="", size=len(data)))


def xz(data: bytes) -> bytes:
    """As scripts/xz_wrap.sh does for ARM."""
    filters = [{"id": lzma.FILTER_ARM}, {"id": lzma.FILTER_LZMA2, "preset": 6}]
    return lzma.compress(data, lzma.FORMAT_XZ, lzma.CHECK_CRC32, filters=filters)


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "xz": xz,
    "lzma": lambda data: lzma.compress(data, lzma.FORMAT_ALONE),
    "not packed": bytes,
}


@pytest.mark.parametrize("packer", PACKERS)
def test_what_packers_of_the_standard_library_packed(tmp_path: Path, packer: str) -> None:
    content = noise(3 << 20) + PROC + BANNER + noise(10)
    assert release_of(tmp_path, packed_zimage(PACKERS[packer](content))) == RELEASE


def test_a_banner_on_the_seam_of_two_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel, "_CHUNK", 64)
    for before in range(1000, 1064):
        assert release_of(tmp_path, packed_zimage(gzip.compress(noise(before).hex().encode() + BANNER))) == RELEASE


@pytest.mark.parametrize("magic", [b"\x1f\x8b\x08", b"\xfd7zXZ\0", b"\x5d\0\0\0\4" + b"\xff" * 8])
def test_a_magic_number_that_means_nothing(tmp_path: Path, magic: bytes) -> None:
    data = packed_zimage(magic + noise(50) + magic + xz(BANNER * 2))
    assert release_of(tmp_path, data) == RELEASE


@pytest.mark.parametrize("magic", [b"\x02\x21\x4c\x18", b"\x89LZO\0", b"\x28\xb5\x2f\xfd"])
def test_what_cannot_be_unpacked(tmp_path: Path, magic: bytes) -> None:
    assert release_of(tmp_path, packed_zimage(magic + noise(1000))) == ""


def test_a_kernel_without_end_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel, "_LIMIT", 1 << 20)
    monkeypatch.setattr(kernel, "_CHUNK", 1 << 10)
    assert release_of(tmp_path, packed_zimage(gzip.compress(bytes(8 << 20) + BANNER))) == ""


@given(st.binary(max_size=300), st.integers(0, 200))
def test_damage_is_no_crash(tmp_path_factory: pytest.TempPathFactory, tail: bytes, cut: int) -> None:
    folder = tmp_path_factory.mktemp("damage")
    for pack in (gzip.compress, xz):
        release_of(folder, packed_zimage(pack(noise(150) + BANNER)[:cut] + tail))
