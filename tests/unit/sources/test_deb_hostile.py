# SPDX-License-Identifier: Apache-2.0
"""Packages that are damaged or mean harm, and hosts that cannot open any."""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import random
import tarfile
from pathlib import Path

import pytest

from fwbuild.model.problem import FwbuildError
from fwbuild.sources import deb as deb_module
from tests.unit.sources.archive import entry, make_deb, raw_deb, tar_of
from tests.unit.sources.taking import hostile, refused, take


def test_a_link_above_the_package(tmp_path: Path) -> None:
    deb = hostile(tmp_path, entry("./a/b", kind=tarfile.SYMTYPE, target="../../../etc/passwd"))
    problem = refused(deb, tmp_path, "a/b")
    assert problem.code == "bad-archive"
    assert problem.message == (
        "linux 6.1-1 (armhf) is not a sound Debian package: `a/b`, a link that leads out of the package"
    )
    assert problem.hint == "nothing of it was used"


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
def test_links_in_a_circle(tmp_path: Path, kind: bytes) -> None:
    deb = hostile(tmp_path, entry("./a", kind=kind, target="b"), entry("./b", kind=kind, target="a"))
    problem = refused(deb, tmp_path, "a")
    assert problem.code == "bad-archive"
    assert problem.message.endswith(": `a`, a link that leads in a circle")


def test_links_are_followed_forty_times_as_by_linux(tmp_path: Path) -> None:
    chain = [entry(f"./{hop}", kind=tarfile.SYMTYPE, target=str(hop + 1)) for hop in range(41)]
    deb = hostile(tmp_path, *chain, entry("./41", b"end"))
    assert take(deb, tmp_path, "1") == [b"end"]
    assert refused(deb, tmp_path / "again", "0").code == "bad-archive"


@pytest.mark.parametrize("name", ["../evil", "./a/../../evil", "..", "/../evil"])
def test_a_name_out_of_the_package(tmp_path: Path, name: str) -> None:
    deb = hostile(tmp_path, entry("./good", b"good"), entry(name, b"evil"))
    problem = refused(deb, tmp_path, "good")
    assert problem.code == "bad-archive"
    assert problem.message.endswith(f": `{name}`, a name that leads out of the package")


def test_a_member_that_is_too_large(kernel: Path, tmp_path: Path) -> None:
    problem = refused(kernel, tmp_path, "boot/vmlinuz-*", largest=5)
    assert problem.code == "bad-archive"
    assert problem.message.endswith(": `boot/vmlinuz-6.1` has 6 bytes, and at most 5 are taken out")


def test_a_large_file_that_nobody_asked_for_does_not_matter(kernel: Path, tmp_path: Path) -> None:
    assert take(kernel, tmp_path, "usr/lib/*/a15.dtb", largest=5) == [b"tree"]


def test_a_header_that_lies_about_its_size(tmp_path: Path) -> None:
    info, _ = entry("./a")
    info.size = 1 << 80
    data = info.tobuf(tarfile.GNU_FORMAT) + bytes(1024)
    problem = refused(raw_deb(tmp_path / "x.deb", data), tmp_path, "a")
    assert problem.code == "bad-archive"
    assert problem.message.endswith(f": `a` has {1 << 80} bytes, and at most {1 << 20} are taken out")
    problem = refused(raw_deb(tmp_path / "x.deb", data), tmp_path / "again", "b")
    assert problem.code == "bad-archive"
    assert problem.message.endswith(": it ends in the middle of an entry")


def test_a_negative_size(tmp_path: Path) -> None:
    info, _ = entry("./a")
    header = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    header[124:136] = b"\xff" * 11 + b"\x00"  # -256 in base 256
    header[148:156] = b"%06o\0 " % (sum(header[:148]) + 8 * 32 + sum(header[156:512]))
    problem = refused(raw_deb(tmp_path / "x.deb", bytes(header) + bytes(1024)), tmp_path, "a")
    assert problem.code == "bad-archive"
    assert "a number that is none (b'\\xff" in problem.message


def test_a_name_that_would_fill_the_memory(tmp_path: Path) -> None:
    info = tarfile.TarInfo("././@LongLink")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 1 << 33
    problem = refused(raw_deb(tmp_path / "x.deb", info.tobuf(tarfile.GNU_FORMAT) + bytes(4096)), tmp_path, "a")
    assert problem.code == "bad-archive"
    assert problem.message.endswith(f": a name of {1 << 33} bytes")


def test_long_names_of_long_names(tmp_path: Path) -> None:
    info = tarfile.TarInfo("././@LongLink")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 2
    names = (info.tobuf(tarfile.GNU_FORMAT) + b"a\0".ljust(512, b"\0")) * 5000
    deb = raw_deb(tmp_path / "x.deb", names + tar_of([entry("./b", b"data")]))
    assert take(deb, tmp_path, "a") == [b"data"]


@pytest.mark.parametrize(
    "kind", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_SPARSE, tarfile.CONTTYPE, b"V", b"\xff"]
)
def test_entries_that_dpkg_does_not_know(tmp_path: Path, kind: bytes) -> None:
    info, _ = entry("./a", kind=kind)
    problem = refused(raw_deb(tmp_path / "x.deb", info.tobuf(tarfile.GNU_FORMAT) + bytes(1024)), tmp_path, "a")
    assert problem.code == "bad-archive"
    assert problem.message.endswith(f": an entry of a kind that dpkg does not know ({kind.decode('latin-1')!r})")


def test_more_names_than_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deb_module, "_LIST_LIMIT", 1 << 20)
    deb = hostile(tmp_path, *(entry(f"./{number}") for number in range(3000)))
    problem = refused(deb, tmp_path, "a")
    assert problem.code == "bad-archive"
    assert problem.message.endswith(": more names than fit into 1 MiB")


def test_a_header_that_is_broken_in_the_middle(tmp_path: Path) -> None:
    data = bytearray(tar_of([entry("./a", b"a"), entry("./b", b"b"), entry("./c", b"c")]))
    data[1024 + 148] ^= 1
    problem = refused(raw_deb(tmp_path / "x.deb", bytes(data)), tmp_path, "a")
    assert problem.code == "bad-archive"
    assert problem.message.endswith(": a broken header")


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"", "not a Debian format archive"), (b"<html>not found</html>", "not a Debian format archive")],
)
def test_what_is_no_package_at_all(tmp_path: Path, data: bytes, words: str) -> None:
    path = tmp_path / "x.deb"
    path.write_bytes(data)
    problem = refused(path, tmp_path, "a")
    assert problem.code == "bad-archive"
    assert problem.message.startswith("linux 6.1-1 (armhf) is not a sound Debian package: dpkg-deb: error: ")
    assert str(path) in problem.message or words in problem.message


def test_a_package_that_is_cut_short_anywhere(tmp_path: Path) -> None:
    noise = random.Random(1).randbytes(20_000)
    deb = make_deb(tmp_path / "pool", "linux", "1", files={"a": noise, "b": noise[::-1]})
    whole = deb.read_bytes()
    for number, length in enumerate(range(0, len(whole) - 1, len(whole) // 40)):
        deb.write_bytes(whole[:length])
        problem = refused(deb, tmp_path / str(number), "a")
        assert problem.code == "bad-archive", length
        assert "dpkg-deb" in problem.message, length


def test_damage_of_any_kind_is_an_error_or_harmless(tmp_path: Path) -> None:
    """Bytes changed at random: in the tar stream, which no checksum of a .deb covers."""
    sound = tar_of([entry("./a", b"data"), entry("./b", kind=tarfile.SYMTYPE, target="a"), entry("./c" * 60, b"c")])
    choose = random.Random(7)
    for number in range(60):
        data = bytearray(sound)
        for _ in range(choose.randint(1, 6)):
            data[choose.randrange(len(data))] = choose.randrange(256)
        deb = raw_deb(tmp_path / f"{number}.deb", bytes(data))
        with contextlib.suppress(FwbuildError):
            take(deb, tmp_path / str(number), "b")


def test_dpkg_deb_takes_too_long(kernel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = tmp_path / "bin" / "dpkg-deb"
    slow.parent.mkdir()
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{slow.parent}:{os.environ['PATH']}")
    monkeypatch.setattr(deb_module, "_TIME_LIMIT", 0.3)
    problem = refused(kernel, tmp_path, "a")
    assert problem.code == "step-timeout"
    assert problem.message == "dpkg-deb took more than 0.3 seconds for linux 6.1-1 (armhf)"


def test_a_stream_without_end(kernel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A decompression bomb: one small entry, and zero bytes for ever behind it."""
    bomb = tmp_path / "bin" / "dpkg-deb"
    bomb.parent.mkdir()
    (tmp_path / "tar").write_bytes(tar_of([entry("./a", b"data")]))
    bomb.write_text(f"#!/bin/sh\ncat {tmp_path}/tar\nexec cat /dev/zero\n")
    bomb.chmod(0o755)
    monkeypatch.setenv("PATH", f"{bomb.parent}:{os.environ['PATH']}")
    monkeypatch.setattr(deb_module, "_TIME_LIMIT", 0.5)
    assert refused(kernel, tmp_path, "a").code == "step-timeout"


def test_a_host_without_dpkg(kernel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    problem = refused(kernel, tmp_path, "a")
    assert problem.code == "tool-missing"
    assert problem.message == "there is no dpkg-deb here, which opens Debian packages"
    assert problem.hint == "it comes with Debian's dpkg; on another host use `file` or `url` sources"


def test_any_compression_that_dpkg_knows(tmp_path: Path) -> None:
    data = tar_of([entry("./a", b"data")])
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb") as file:
        file.write(data)
    deb = raw_deb(tmp_path / "x.deb", data)
    compressed = deb.read_bytes()
    start = compressed.index(b"data.tar ")
    header = compressed[start : start + 60].replace(b"data.tar   ", b"data.tar.gz")
    header = header[:48] + f"{len(buffer.getvalue()):<10}".encode() + header[58:]
    deb.write_bytes(compressed[:start] + header + buffer.getvalue())
    assert take(deb, tmp_path, "a") == [b"data"]
