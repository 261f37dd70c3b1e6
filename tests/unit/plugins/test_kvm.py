# SPDX-License-Identifier: Apache-2.0
"""The kvm plugin: eras of the hyp stub, and what is demanded of which kernel."""

from __future__ import annotations

import gzip
import json
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from fwbuild.config.project import built_in_layer
from fwbuild.model.rule import ConsoleRule, NeverRule
from fwbuild.planning.registry import Registry
from fwbuild.verify.console import Watch
from tests.conftest import Command
from tests.project import packed_zimage


def plugin() -> ModuleType:
    """The plugin as fwbuild loads it."""
    payloads = Registry([built_in_layer()], []).payloads()
    return sys.modules[payloads["kvm"].options.__module__]


KVM = plugin()


def zimage_of(release: str) -> bytes:
    return packed_zimage(gzip.compress(b"\0Linux version " + release.encode() + b" (x@y) #1 SMP\n\0"))


def unknown() -> bytes:
    """A zImage whose kernel cannot be unpacked."""
    return packed_zimage(b"\x28\xb5\x2f\xfd" + bytes(100))


def recipe(fw: Command, kernel: bytes, options: str = "", head: str = "") -> None:
    (fw.folder / "kernel").write_bytes(kernel)
    (fw.folder / "layer" / "recipes" / "mine.toml").write_text(
        f'summary = "x"\nplatform = "vexpress-a15"\n{head}\n[payload]\ntype = "kvm"\nimage = "kernel"\n{options}\n'
        '[sources.kernel]\ntype = "file"\npath = "../../kernel"\n'
    )


def problem(fw: Command, *arguments: Any, **more: Any) -> str:
    recipe(fw, *arguments, **more)
    return fw("plan", "mine", status=2)[1]


def proof(fw: Command) -> dict[str, Any]:
    """The parameters of the proof by console."""
    steps = json.loads(fw("plan", "mine", "--steps")[0])
    found = steps["mine: console proof"]["params"]
    assert isinstance(found, dict)
    return found


def rules(fw: Command) -> dict[str, str]:
    return {rule["id"]: rule["pattern"] for rule in proof(fw)["expected"]}


# --- eras -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "stub"),
    [
        ((3, 6), None),
        ((3, 7), "hvbar"),
        ((3, 19), "hvbar"),
        ((4, 0), "hvbar"),
        ((4, 11), "hvbar"),
        ((4, 12), "set-vectors"),
        ((4, 20), "set-vectors"),
        ((5, 0), "set-vectors"),
        ((5, 6), "set-vectors"),
        ((5, 7), "soft-restart"),
        ((6, 1), "soft-restart"),
    ],
)
def test_eras(version: tuple[int, int], stub: str | None) -> None:
    found = KVM._stub_of(version)
    assert (found.value if found else None) == stub


def test_the_patterns_are_the_eras() -> None:
    """What the console is searched for agrees with the table, for every version there could be."""
    for version in ((major, minor) for major in range(2, 31) for minor in range(41)):
        for tail in ("", ".0-50-armmp", "-rc1+", ".176"):
            shown = "{}.{}".format(*version) + tail + " "
            matching = [stub for stub, era in KVM.ERAS.items() if re.match(era.pattern, shown)]
            stub = KVM._stub_of(version)
            assert matching == ([stub] if stub else []), shown


# --- what is known when the image is planned ------------------------------------------


@pytest.mark.parametrize(
    ("release", "stub"),
    [("4.9.0-13-armmp", "hvbar"), ("4.19.0-27-armmp-lpae", "set-vectors"), ("6.1.0", "soft-restart")],
)
def test_a_kernel_of_the_era_that_the_recipe_relies_on(fw: Command, release: str, stub: str) -> None:
    recipe(fw, zimage_of(release), f'hyp-stub = "{stub}"')
    pattern = rules(fw)["kvm-era"]
    assert re.search(pattern, f"[    0.000000] Linux version {release} (x@y) #1 SMP")
    assert not re.search(pattern, f"Linux version {release}5 (x@y) #1 SMP"), "that very kernel"


def test_a_kernel_of_another_era(fw: Command) -> None:
    err = problem(fw, zimage_of("6.1.0-50-armmp-lpae"), 'hyp-stub = "hvbar"')
    assert err.startswith(
        "layer/recipes/mine.toml:7:1: error[bad-payload]: kernel is Linux 6.1.0-50-armmp-lpae, whose hyp stub has the"
        " convention `soft-restart` (r0 is 1 to restart, and there is no other call: Linux 5.7 and later)\n"
    )
    assert "hint: `hvbar` means: r0 is the new HVBAR, -1 reads it: Linux 3.7 to 4.11" in err


def test_a_kernel_before_hyp_stubs(fw: Command) -> None:
    assert "kernel is Linux 3.2.0-4-vexpress, which has no hyp stub" in problem(fw, zimage_of("3.2.0-4-vexpress"))


@pytest.mark.parametrize(("release", "good"), [("3.8.1", False), ("3.9.0", True), ("5.6.19", True), ("5.7.0", False)])
def test_which_kernels_can_have_kvm(fw: Command, release: str, good: bool) -> None:
    if good:
        recipe(fw, zimage_of(release), "kvm = true")
        assert "kvm-ready" in rules(fw)
    else:
        err = problem(fw, zimage_of(release), "kvm = true")
        assert f"mine.toml:7:1: error[bad-payload]: kernel is Linux {release}, which has no KVM on 32-bit ARM" in err


def test_options_that_contradict_each_other(fw: Command) -> None:
    err = problem(fw, unknown(), 'kvm = true\nhyp-stub = "soft-restart"')
    assert "mine.toml:7:1: error[bad-value]: no kernel has both KVM and the convention `soft-restart`" in err
    assert "error[bad-value]: `hyp-stub` cannot be `hvbr`" in problem(fw, unknown(), 'hyp-stub = "hvbr"')


# --- what only the console can tell ---------------------------------------------------


@pytest.mark.parametrize(
    ("options", "good", "bad"),
    [
        ('hyp-stub = "set-vectors"', "4.19.0-27-armmp-lpae", "4.9.0-13-armmp"),
        ('hyp-stub = "hvbar"', "4.1.2", "4.12.0"),
        ("", "3.10.0", "3.2.0"),
    ],
)
def test_a_kernel_that_cannot_be_unpacked(fw: Command, options: str, good: str, bad: str) -> None:
    recipe(fw, unknown(), options)
    pattern = rules(fw)["kvm-era"]
    assert re.search(pattern, f"Linux version {good} (x@y)")
    assert not re.search(pattern, f"Linux version {bad} (x@y)")


def test_the_version_of_the_package_counts_where_the_kernel_does_not_tell() -> None:
    from fwbuild.model.contribution import Material

    def version(text: str) -> tuple[int, int] | None:
        image = Material(name="k", path=Path(), digest="", size=0, version=text, type="deb")
        found = KVM._version(KVM._packaged(image))
        assert found is None or isinstance(found, tuple)
        return found

    assert version("6.1.176-1") == (6, 1)
    assert version("2:4.19.316-1+deb10u1") == (4, 19)
    assert version("") is None


TRANSCRIPT = """\
[    0.000000] Booting Linux on physical CPU 0x0
[    0.000000] Linux version 4.19.0-27-armmp-lpae (debian-kernel@lists.debian.org) #1 SMP
[    0.083018] SMP: Total of 2 processors activated (96.00 BogoMIPS).
[    0.083210] CPU: All CPU(s) started in HYP mode.
[    0.083301] CPU: Virtualization extensions available.
[    0.911204] kvm [1]: 8-bit VMID
[    0.911870] kvm [1]: Hyp mode initialized successfully
"""


def watched(fw: Command, transcript: str) -> Watch:
    params = proof(fw)
    fields = ("id", "pattern", "text")
    watch = Watch(
        [ConsoleRule(**{name: rule[name] for name in fields}) for rule in params["expected"]],
        [NeverRule(**rule) for rule in params["never"]],
        deadline=1,
    )
    watch.feed(transcript.encode())
    return watch


@pytest.mark.parametrize(
    ("line", "instead", "ended"),
    [
        ("", "", "complete"),
        ("All CPU(s) started in HYP", "All CPU(s) started in SVC", "never"),
        ("Virtualization extensions available", "", ""),
        ("Hyp mode initialized successfully", "initialized", ""),
        ("Hyp mode initialized successfully", "HYP mode not available", "never"),
        ("Hyp mode initialized successfully", "error initializing Hyp mode: -22", "never"),
        ("Linux version 4.19.0-27-armmp-lpae", "Linux version 4.19.0-26-armmp-lpae", "never"),
        ("Linux version 4.19.0-27-armmp-lpae", "Linux version 4.19.0-27-armmp-lpae2", "never"),
        ("All CPU(s) started in HYP", "All CPU(s) started in hyp", ""),
    ],
)
def test_a_kernel_with_kvm_must_say_that_it_works(fw: Command, line: str, instead: str, ended: str) -> None:
    recipe(fw, zimage_of("4.19.0-27-armmp-lpae"), 'kvm = true\nhyp-stub = "set-vectors"')
    assert line in TRANSCRIPT
    assert watched(fw, TRANSCRIPT.replace(line, instead) if line else TRANSCRIPT).ended == ended


# --- modes ----------------------------------------------------------------------------


def test_it_takes_hyp_only(fw: Command) -> None:
    recipe(fw, zimage_of("6.1.0"))
    plan = json.loads(fw("plan", "mine")[0])
    assert (plan["payload"]["modes"], plan["payload"]["uniform"]) == (["hyp"], True)
    assert [cpu["mode"] for cpu in plan["cpus"]] == ["hyp", "hyp"]


def test_nobody_can_take_hyp_from_it(fw: Command) -> None:
    err = problem(fw, zimage_of("6.1.0"), head='modes = ["svc", "hyp"]')
    assert err.startswith(
        "layer/recipes/mine.toml:3:1: error[no-common-mode]: a KVM host needs hyp mode on every CPU, but CPU 0x0 gets svc,"
        " CPU 0x1 gets svc (recipe decided)\n"
    )
    recipe(fw, zimage_of("6.1.0"))
    (fw.folder / "raw").write_bytes(zimage_of("6.1.0"))
    fw("note", "wrap", "raw", "-o", "kernel", "--modes", "svc")
    assert "CPU 0x1 gets svc (wrapper decided)" in fw("plan", "mine", status=2)[1]
    fw("note", "wrap", "raw", "-o", "kernel")
    assert [cpu["mode"] for cpu in json.loads(fw("plan", "mine")[0])["cpus"]] == ["hyp", "hyp"]
