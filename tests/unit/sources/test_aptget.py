# SPDX-License-Identifier: Apache-2.0
"""How apt is run: what of the host counts, and where things are written."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

import fwbuild
from fwbuild.model.problem import FwbuildError
from fwbuild.sources import aptget
from fwbuild.sources.apt import Apt
from tests.unit.problems import only
from tests.unit.sources.archive import Archive, Host, Key, make_deb, pinned

# The project's own list of archives


def test_the_projects_archives_stand_in_for_the_hosts(archive: Archive, host: Host, tmp_path: Path, xen: Path) -> None:
    host.sources("Types: deb\nURIs: http://127.0.0.1:9/debian\nSuites: stable\nComponents: main\n")
    archive.publish("stable", [xen])
    own = tmp_path / "own.sources"
    own.write_text(archive.source("stable"))
    apt = Apt(tmp_path / "apt", sources=own)
    assert apt.candidate("xen", "armhf", "stable").version == "4.17-1"
    with pytest.raises(FwbuildError) as error:
        apt.candidate("xen", "armhf", "sid")
    assert only(error).message == f"{own} has no suite `sid` for armhf"
    assert only(error).hint == "known: stable"


@pytest.mark.parametrize(
    ("name", "text", "code", "message"),
    [
        ("gone.sources", None, "unreadable-file", "cannot read {path}"),
        ("own.list", "", "bad-value", "the name of {path} must end in .sources"),
        (
            "bad.sources",
            "Types deb\n",
            "fetch-failed",
            "apt cannot use {path}:\nE: Unable to parse package file {path}",
        ),
    ],
)
def test_a_bad_file_of_archives(
    host: Host, tmp_path: Path, name: str, text: str | None, code: str, message: str
) -> None:
    own = tmp_path / name
    if text is not None:
        own.write_text(text)
    with pytest.raises(FwbuildError) as error:
        Apt(tmp_path / "apt", sources=own).candidate("xen", "armhf", "stable")
    assert only(error).code == code
    assert only(error).message.startswith(message.format(path=own))


# What must not run, and where nothing must be written

_HOOKS = """\
APT::Update::Pre-Invoke { "touch '%(folder)s/pre'"; };
APT::Update::Post-Invoke { "touch '%(folder)s/post'"; };
APT::Update::Post-Invoke-Success { "touch '%(folder)s/success'"; };
Binary::apt-get::APT::Update::Pre-Invoke { "touch '%(folder)s/binary'"; };
DPkg::Pre-Invoke { "touch '%(folder)s/dpkg'"; };
DPkg::Post-Invoke { "touch '%(folder)s/dpkg'"; };
APT::Default-Release "nonsense";
Acquire::GzipIndexes "true";
Acquire::Languages { "de"; "en"; };
"""


def test_the_hosts_hooks_do_not_run(archive: Archive, host: Host, apt: Apt, xen: Path, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    ran.mkdir()
    host.settings(_HOOKS % {"folder": ran})
    archive.publish("stable", [xen])
    host.sources(archive.source("stable"))
    apt.candidate("xen", "armhf", "stable")
    apt.download(pinned(xen), tmp_path / "out")
    assert list(ran.iterdir()) == []
    # The hooks are good ones: an apt that is not told otherwise runs them.
    (tmp_path / "lists" / "partial").mkdir(parents=True)
    subprocess.run(["apt-get", "-q", "-o", f"Dir::State={tmp_path}", "update"], check=False, capture_output=True)
    assert {path.name for path in ran.iterdir()} >= {"pre", "post", "binary"}


def test_only_lists_of_packages_for_one_architecture_are_fetched(
    archive: Archive, host: Host, apt: Apt, xen: Path
) -> None:
    host.settings(
        'APT::Architectures { "armhf"; "amd64"; };\nAcquire::Languages { "de"; };\n'
        'Acquire::IndexTargets::deb::DEP-11 { MetaKey "main/dep11"; Description "x"; DefaultEnabled "true"; };\n'
    )
    main = archive.folder / "dists" / "stable" / "main"
    for name in ("source/Sources", "dep11", "i18n/Translation-de"):
        (main / name).parent.mkdir(parents=True, exist_ok=True)
        (main / name).write_text("Package: xen\n")
    mine = make_deb(archive.folder / "pool", "xen", "4.17-1", architecture="amd64")
    archive.publish("stable", [mine], architecture="amd64")
    archive.publish("stable", [xen])
    host.sources(archive.source("stable", Types="deb deb-src"))
    apt.candidate("xen", "armhf", "stable")
    lists = {path.name.partition("_dists_")[2] for path in (apt.folder / "armhf" / "lists").iterdir() if path.is_file()}
    assert lists == {"", "stable_InRelease", "stable_main_binary-armhf_Packages"}


_CARELESS = """\
Acquire::AllowInsecureRepositories "true";
Acquire::AllowWeakRepositories "true";
Acquire::AllowDowngradeToInsecureRepositories "true";
APT::Get::AllowUnauthenticated "true";
APT::Install::Pre-Invoke { "true"; };
AptCli::Hooks::Upgrade { "true"; };
DPkg::Pre-Install-Pkgs { "true"; };
"""


def test_settings_of_the_host_that_must_not_count(host: Host) -> None:
    host.settings(_CARELESS)
    dumped = subprocess.run(
        ["apt-config", "-c", str(Path(aptget.__file__).with_name("apt.conf")), "dump"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    for line in _CARELESS.splitlines()[:4]:
        assert line.replace("true", "false") in dumped
    assert [line for line in dumped if line.startswith(("APT::Install:", "AptCli:", "DPkg:"))] == []


def test_everything_is_done_in_the_state_folder(
    archive: Archive, host: Host, tmp_path: Path, xen: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy of apt-get's surroundings is kept by a wrapper that looks at its arguments."""
    seen = tmp_path / "seen"
    real = subprocess.run(["which", "apt-get"], check=True, capture_output=True, text=True).stdout.strip()
    wrapper = tmp_path / "bin" / "apt-get"
    wrapper.parent.mkdir()
    wrapper.write_text(f'#!/bin/sh\n{{ env; printf "%s\\n" "$@"; }} >> {seen}\nexec {real} "$@"\n')
    wrapper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{wrapper.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    monkeypatch.setenv("LANGUAGE", "de")
    archive.publish("stable", [xen])
    host.sources(archive.source("stable"))
    Apt(tmp_path / "apt").candidate("xen", "armhf", "stable")
    lines = set(seen.read_text().splitlines())
    state = tmp_path / "apt" / "armhf"
    assert {"LC_ALL=C", f"TMPDIR={state}/tmp", "APT::Architecture=armhf"} <= lines
    assert "LANGUAGE=de" not in lines
    folders = dict(line.split("=") for line in lines if line.startswith("Dir::"))
    assert folders.pop("Dir::Cache::srcpkgcache") == ""
    assert folders.keys() >= {"Dir::State", "Dir::State::lists", "Dir::State::status", "Dir::Cache", "Dir::Log"}
    assert all(folder.startswith(str(state)) for folder in folders.values())


def test_an_apt_that_is_killed_is_not_started_again(
    host: Host, apt: Apt, xen: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it is when the build is given up: each further apt would keep it from ending."""
    started = tmp_path / "started"
    killed = tmp_path / "bin" / "apt-get"
    killed.parent.mkdir()
    killed.write_text(f"#!/bin/sh\necho >> {started}\nkill -9 $$\n")
    killed.chmod(0o755)
    monkeypatch.setenv("PATH", f"{killed.parent}:{os.environ['PATH']}")
    with pytest.raises(FwbuildError) as error:
        apt.download(pinned(xen), tmp_path / "out")
    assert only(error).code == "step-failed"
    assert only(error).message == "apt-get was ended by signal 9"
    assert started.read_text() == "\n"


def test_names_with_special_characters(archive: Archive, host: Host, tmp_path: Path, xen: Path) -> None:
    archive.publish("stable", [xen])
    host.sources(archive.source("stable"))
    apt = Apt(tmp_path / 'it\'s "odd"; %s #1')
    assert apt.candidate("xen", "armhf", "stable").version == "4.17-1"
    apt.download(pinned(xen), tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == xen.read_bytes()


# Users

_AS_A_USER = """
import sys
from pathlib import Path
from fwbuild.sources.apt import Apt, PackageFile, cause_of
state, package, version, architecture, suite, sha256, size, target = sys.argv[1:]
wanted = PackageFile(
    package=package, version=version, architecture=architecture, suite=suite, sha256=sha256, size=int(size)
)
apt = Apt(Path(state), say=print)
print(apt.candidate(package, architecture, suite).version)
apt.download(wanted, Path(target))
"""


def test_an_ordinary_user_can_do_all_of_it(key: Key) -> None:
    """As `nobody` when the tests run as root: who can then write to one folder only."""
    with tempfile.TemporaryDirectory(prefix="fwbuild-user-", dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        shutil.copytree(Path(fwbuild.__file__).parent, folder / "lib" / "fwbuild")
        host, archive = Host(folder / "etc"), Archive(folder / "archive", key)
        host.prepare()
        xen = make_deb(archive.folder / "pool", "xen", "4.17-1")
        archive.publish("stable", [xen])
        host.sources(archive.source("stable"))
        own = folder / "own"
        own.mkdir()
        python = [sys.executable]
        if os.geteuid() == 0:
            os.chown(own, 65534, 65534)
            # Not the one that runs the tests: it may be in root's home folder.
            become = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs"]
            python = [*become, "/usr/bin/python3"]
        wanted = pinned(xen)
        of_wanted = [wanted.package, wanted.version, wanted.architecture, wanted.suite, wanted.sha256, str(wanted.size)]
        ended = subprocess.run(
            [*python, "-c", _AS_A_USER, str(own / "apt"), *of_wanted, str(own / "out")],
            cwd=own,
            env={"PATH": os.environ["PATH"], "APT_CONFIG": str(host.configuration), "PYTHONPATH": str(folder / "lib")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (ended.stderr, ended.returncode) == ("", 0)
        assert ended.stdout.splitlines() == ["updating the lists of packages for armhf", "4.17-1"]
        assert (own / "out").read_bytes() == xen.read_bytes()


# Two at once


def test_the_state_folder_is_used_by_one_at_a_time(
    archive: Archive, host: Host, tmp_path: Path, xen: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive.publish("stable", [xen])
    host.sources(archive.source("stable"))
    monkeypatch.setattr(aptget, "_WORD", 0.1)
    said: list[str] = []
    apt = Apt(tmp_path / "apt", say=said.append)
    state = tmp_path / "apt" / "armhf"
    state.mkdir(parents=True)
    handle = os.open(state / "lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(handle, fcntl.LOCK_EX)
    thread = threading.Thread(target=apt.candidate, args=("xen", "armhf", "stable"))
    thread.start()
    try:
        deadline = time.monotonic() + 10
        while len(said) < 3 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert len(said) >= 3
        assert set(said) == {"waiting for another fetch of packages to end"}
        assert not any((state / "lists").glob("*Packages"))
    finally:
        os.close(handle)
        thread.join(30)
    assert any((state / "lists").glob("*Packages"))


def test_a_lock_that_is_never_given_back(host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aptget, "_LOCK", 0)
    state = tmp_path / "apt" / "armhf"
    state.mkdir(parents=True)
    with (state / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(FwbuildError) as error:
            Apt(tmp_path / "apt").candidate("xen", "armhf", "stable")
    assert only(error).code == "store"
    assert only(error).message == f"another process has been using {state} for 0 minutes"


def test_many_threads_share_one_state_folder(archive: Archive, host: Host, apt: Apt, xen: Path) -> None:
    archive.publish("stable", [xen])
    host.sources(archive.source("stable"))
    found: list[str] = []
    threads = [
        threading.Thread(target=lambda: found.append(apt.candidate("xen", "armhf", "stable").version)) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["4.17-1"] * 6
