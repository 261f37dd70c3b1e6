# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import importlib.util
from pathlib import Path
from shutil import which

import pytest

from fwbuild.asm import keystone
from fwbuild.asm.find import find_encoder
from fwbuild.asm.gnu import GnuEncoder, find_gnu
from fwbuild.asm.keystone import KeystoneEncoder
from fwbuild.model.problem import Exit, FwbuildError


def _tool(name: str) -> str:
    found = which(name)
    assert found is not None, f"{name} is missing"
    return found


def _hide(monkeypatch: pytest.MonkeyPatch, *packages: str) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name in packages else real(name))


def test_keystone_is_taken_first() -> None:
    assert isinstance(find_encoder("auto", "armv7-a"), KeystoneEncoder)
    assert isinstance(find_encoder("keystone", "armv7-a"), KeystoneEncoder)
    assert isinstance(find_encoder("gnu", "armv7-a"), GnuEncoder)


@pytest.mark.parametrize("package", ["keystone", "capstone"])
def test_without_keystone_or_its_check_gnu_as_is_taken(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    _hide(monkeypatch, package)
    assert isinstance(find_encoder("auto", "armv7-a"), GnuEncoder)
    with pytest.raises(FwbuildError) as caught:
        find_encoder("keystone", "armv7-a")
    assert caught.value.exit == Exit.TOOL_MISSING
    assert package in str(caught.value)


def test_another_capstone_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keystone, "_version", lambda library: "6.0.0")
    assert isinstance(find_encoder("auto", "armv7-a"), GnuEncoder)
    with pytest.raises(FwbuildError, match=r"capstone is version 6\.0\.0"):
        find_encoder("keystone", "armv7-a")


def test_without_either_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _hide(monkeypatch, "keystone")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FwbuildError) as caught:
        find_encoder("auto", "armv7-a")
    (problem,) = caught.value.problems
    assert problem.exit == Exit.TOOL_MISSING
    assert problem.message == (
        "no assembler: the Python package keystone-engine is not installed; "
        "there is no GNU as for armv7-a in the search path"
    )
    assert problem.hint == (
        "install with `pip install keystone-engine capstone` (there is no wheel for Linux on ARM) "
        "or `apt install binutils-arm-linux-gnueabihf`"
    )


def test_another_package_called_keystone_is_not_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """OpenStack's, for one."""
    (tmp_path / "keystone").mkdir()
    (tmp_path / "keystone" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    assert "keystone-engine is not installed" in str(keystone.find_keystone("armv7-a"))


def test_as_is_taken_if_it_is_for_arm(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    native, cross = _tool("as"), _tool("arm-linux-gnueabihf-as")
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "as").symlink_to(native)
    assert find_gnu("armv7-a") is None
    (tmp_path / "as").unlink()
    (tmp_path / "as").symlink_to(cross)
    assert isinstance(find_gnu("armv7-a"), GnuEncoder)


def test_an_unknown_architecture_is_refused() -> None:
    with pytest.raises(FwbuildError, match="unknown architecture `mips`"):
        find_encoder("auto", "mips")


def test_fingerprints_are_versions() -> None:
    assert find_encoder("keystone", "armv7-a").fingerprint().keys() == {"keystone", "capstone"}
    assert all(text[0].isdigit() for text in find_encoder("keystone", "armv7-a").fingerprint().values())
    assert find_encoder("gnu", "armv7-a").fingerprint()["assembler"].startswith("GNU assembler")


def test_a_library_without_a_version_is_known_by_its_size(tmp_path: Path) -> None:
    library = tmp_path / "keystone" / "libkeystone.so"
    library.parent.mkdir()
    library.write_bytes(b"12345")
    (tmp_path / "keystoneauth1-5.0.dist-info").mkdir()
    encoder = KeystoneEncoder("armv7-a", library, library)
    assert encoder.fingerprint() == {"keystone": "of 5 bytes", "capstone": "of 5 bytes"}
