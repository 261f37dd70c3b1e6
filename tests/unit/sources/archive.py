# SPDX-License-Identifier: Apache-2.0
"""Small Debian packages and archives, made on the spot so that tests need no network."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import tarfile
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path

from fwbuild.sources.apt import PackageFile


def make_deb(
    folder: Path,
    package: str,
    version: str,
    *,
    architecture: str = "armhf",
    files: Mapping[str, bytes] = {},
    links: Mapping[str, str] = {},
    depends: str = "",
) -> Path:
    """A package as dpkg-deb makes it."""
    folder.mkdir(parents=True, exist_ok=True)
    fields = {
        "Package": package,
        "Version": version,
        "Architecture": architecture,
        "Maintainer": "Nobody <nobody@example.org>",
        "Description": "made by a test",
    }
    if depends:
        fields["Depends"] = depends
    with tempfile.TemporaryDirectory(dir=folder) as name:
        root = Path(name)
        root.chmod(0o755)
        (root / "DEBIAN").mkdir()
        control = "".join(f"{key}: {value}\n" for key, value in fields.items())
        (root / "DEBIAN" / "control").write_text(control)
        for path, data in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(data)
        for path, target in links.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).symlink_to(target)
        deb = folder / f"{package}_{version.replace(':', '%3a')}_{architecture}.deb"
        command = ["dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "--build", str(root), str(deb)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return deb


def entry(
    name: str, data: bytes = b"", kind: bytes = tarfile.REGTYPE, target: str = ""
) -> tuple[tarfile.TarInfo, bytes]:
    """One entry for :func:`tar_of`."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, target, len(data)
    return info, data


def tar_of(entries: Iterable[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    """A tar archive of exactly these entries, sound or not."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for info, data in entries:
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def raw_deb(path: Path, data_tar: bytes) -> Path:
    """A package around ``data_tar``, whatever that is; dpkg-deb would refuse to build it."""
    control = b"Package: hostile\nVersion: 1\nArchitecture: armhf\nMaintainer: x <x@example.org>\nDescription: x\n"
    members = (
        ("debian-binary", b"2.0\n"),
        ("control.tar", tar_of([entry("./control", control)])),
        ("data.tar", data_tar),
    )
    out = b"!<arch>\n"
    for name, data in members:
        out += f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(data):<10}`\n".encode()
        out += data + b"\n" * (len(data) % 2)
    path.write_bytes(out)
    return path


@dataclass(frozen=True, slots=True)
class Key:
    """A key that signs archives, in its own GnuPG folder."""

    home: Path

    @property
    def public(self) -> Path:
        return self.home / "public.gpg"

    def run(self, *arguments: str) -> None:
        command = ["gpg", "--homedir", str(self.home), "--batch", "--quiet", "--yes", *arguments]
        subprocess.run(command, check=True, stderr=subprocess.PIPE)

    def make(self) -> None:
        self.run("--pinentry-mode", "loopback", "--passphrase", "", "--quick-gen-key", "tests", "ed25519", "sign")
        self.run("--output", str(self.public), "--export")

    def end(self) -> None:
        """End the agent that GnuPG has started for this folder."""
        subprocess.run(["gpgconf", "--homedir", str(self.home), "--kill", "all"], check=False)


@dataclass(slots=True)
class Archive:
    """An archive in a folder, with any number of suites that share a pool."""

    folder: Path
    key: Key | None

    def publish(self, suite: str, debs: Sequence[Path], *, architecture: str = "armhf", name: str = "") -> None:
        """Make ``suite`` hold exactly ``debs``; ``name`` is its code name if it has another."""
        lists = self.folder / "dists" / suite
        packages = lists / "main" / f"binary-{architecture}" / "Packages"
        packages.parent.mkdir(parents=True, exist_ok=True)
        packages.write_text("".join(f"{self._record(deb)}\n" for deb in debs))
        self.release(suite, name=name)

    def publish_flat(self, debs: Sequence[Path]) -> None:
        """Make the folder itself a flat archive: without suites, and with one list."""
        (self.folder / "Packages").write_text("".join(f"{self._record(deb)}\n" for deb in debs))
        self._release(self.folder, ["Origin: tests"])

    def release(self, suite: str, *, name: str = "") -> None:
        """Write the suite's Release file for the lists that are there, and sign it."""
        suite_folder = self.folder / "dists" / suite
        lines = [
            "Origin: tests",
            f"Suite: {suite}",
            f"Codename: {name or suite}",
            "Architectures: " + " ".join(sorted(path.name[7:] for path in (suite_folder / "main").glob("binary-*"))),
            "Components: main",
        ]
        self._release(suite_folder, lines)

    def _release(self, lists: Path, lines: list[str]) -> None:
        lines = [*lines, f"Date: {formatdate(usegmt=True)}", "SHA256:"]
        for path in sorted(path for path in lists.rglob("*") if path.is_file() and "Release" not in path.name):
            data = path.read_bytes()
            lines.append(f" {hashlib.sha256(data).hexdigest()} {len(data)} {path.relative_to(lists)}")
        (lists / "Release").write_text("\n".join(lines) + "\n")
        if self.key is not None:
            self.key.run("--clearsign", "--output", str(lists / "InRelease"), str(lists / "Release"))

    def _record(self, deb: Path) -> str:
        data = deb.read_bytes()
        fields = subprocess.run(["dpkg-deb", "--field", str(deb)], check=True, capture_output=True, text=True).stdout
        return (
            f"{fields}Filename: {os.path.relpath(deb, self.folder)}\nSize: {len(data)}\n"
            f"SHA256: {hashlib.sha256(data).hexdigest()}\n"
        )

    def source(self, *suites: str, **options: str) -> str:
        """This archive as a deb822 source."""
        fields = {"Types": "deb", "URIs": f"file:{self.folder}", "Suites": " ".join(suites), "Components": "main"}
        if self.key is not None:
            fields["Signed-By"] = str(self.key.public)
        fields |= {name.replace("_", "-"): value for name, value in options.items()}
        return "".join(f"{name}: {value}\n" for name, value in fields.items())

    def flat_source(self) -> str:
        """This archive as a deb822 source, when it is flat."""
        signed_by = f"Signed-By: {self.key.public}\n" if self.key else ""
        return f"Types: deb\nURIs: file:{self.folder}\nSuites: ./\n{signed_by}"


@dataclass(frozen=True, slots=True)
class Host:
    """A host's apt configuration: the real apt is made to read it instead of /etc/apt."""

    folder: Path

    @property
    def configuration(self) -> Path:
        return self.folder / "host.conf"

    def prepare(self) -> None:
        for name in ("apt.conf.d", "sources.list.d"):
            (self.folder / name).mkdir(parents=True)
        self.configuration.write_text(
            f'Dir::Etc::Parts "{self.folder}/apt.conf.d";\n'
            'Dir::Etc::Main "/dev/null";\n'
            f'Dir::Etc::SourceParts "{self.folder}/sources.list.d";\n'
            'Dir::Etc::SourceList "/dev/null";\n'
            'Dir::Etc::Trusted "/dev/null";\n'
            'Dir::Etc::TrustedParts "/dev/null";\n'
            'Acquire::Retries "0";\n'
        )

    def sources(self, *texts: str) -> None:
        (self.folder / "sources.list.d" / "tests.sources").write_text("\n".join(texts))

    def settings(self, text: str) -> None:
        (self.folder / "apt.conf.d" / "50tests").write_text(text)


def pinned(deb: Path, *, suite: str = "stable", version: str = "") -> PackageFile:
    """A package file as a lock would name it; ``version`` claims another one."""
    package, its_version, rest = deb.name.split("_")
    data = deb.read_bytes()
    return PackageFile(
        package=package,
        version=version or its_version,
        architecture=rest.removesuffix(".deb"),
        suite=suite,
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
    )
