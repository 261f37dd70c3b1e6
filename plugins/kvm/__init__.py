# SPDX-License-Identifier: Apache-2.0
"""Linux as a KVM host: a 32-bit zImage that must get hyp mode on every CPU.

A kernel that is entered in hyp mode leaves a stub of vectors there, through which KVM (or
whoever relies on it) takes hyp mode over later, by HVC. How the stub is called has
changed twice (Linux arch/arm/kernel/hyp-stub.S; Documentation/virtual/kvm/arm/hyp-abi.txt
of 4.12). Somebody who relies on one convention must not get a kernel of another era.
"""

from __future__ import annotations

import dataclasses
import enum
import re
from collections.abc import Sequence
from dataclasses import dataclass

from fwbuild.plugin import (
    ConsoleRule,
    Contribution,
    LinuxOptions,
    Material,
    Mode,
    NeverRule,
    Payload,
    Plan,
    Problem,
    Target,
    fail,
    hookimpl,
    linux32,
    linux_release,
    setting,
)

Version = tuple[int, int]


class HypStub(enum.Enum):
    """How a kernel's hyp stub is called."""

    HVBAR = "hvbar"
    SET_VECTORS = "set-vectors"
    SOFT_RESTART = "soft-restart"


@dataclass(frozen=True, slots=True, kw_only=True)
class Era:
    """The kernels whose stub has one convention."""

    first: Version
    #: their versions as a regular expression
    pattern: str
    meaning: str


#: In ascending order: an era ends where the next one begins.
ERAS = {
    HypStub.HVBAR: Era(
        first=(3, 7),
        pattern=r"(3\.([7-9]|[1-9]\d)|4\.(\d|1[01]))(?!\d)",
        meaning="r0 is the new HVBAR, -1 reads it: Linux 3.7 to 4.11",
    ),
    HypStub.SET_VECTORS: Era(
        first=(4, 12),
        pattern=r"(4\.(1[2-9]|[2-9]\d)|5\.[0-6])(?!\d)",
        meaning="r0 is 0 to set vectors, 1 to restart, 2 to reset vectors, else 0xbadca11: Linux 4.12 to 5.6",
    ),
    HypStub.SOFT_RESTART: Era(
        first=(5, 7),
        pattern=r"(5\.([7-9]|[1-9]\d)|([6-9]|[1-9]\d)\.\d+)(?!\d)",
        meaning="r0 is 1 to restart, and there is no other call: Linux 5.7 and later",
    ),
}

#: The first version with KVM for 32-bit ARM; the last is before HypStub.SOFT_RESTART.
_FIRST_KVM: Version = (3, 9)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options(LinuxOptions):
    """What a recipe's ``[payload]`` may say."""

    type: str = setting("`kvm`")
    hyp_stub: HypStub | None = setting(
        "the convention of the kernel's hyp stub that somebody relies on: `hvbar` (Linux 3.7 to 4.11), `set-vectors`"
        " (4.12 to 5.6) or `soft-restart` (5.7 and later); by default whichever the kernel has",
        default=None,
    )
    kvm: bool = setting(
        "whether the kernel has KVM itself (Linux 3.9 to 5.6), so that KVM must have taken hyp mode over", default=False
    )


@hookimpl
def fwbuild_payloads() -> Sequence[Payload]:
    """A KVM host."""
    return [Payload(name="kvm", summary="Linux for 32-bit ARM as a KVM host, a zImage", options=Options)]


@hookimpl
def fwbuild_contribute(target: Target) -> Contribution | None:
    """Linux, with hyp mode and a hyp stub as the recipe wants it."""
    options = target.options
    if not isinstance(options, Options):
        return None
    image = target.material(options.image)
    release = linux_release(image)
    version = _version(release or _packaged(image))
    if version is not None:
        _check(options, image, release or "{}.{}".format(*version), version)
    elif options.kvm and options.hyp_stub is HypStub.SOFT_RESTART:
        raise fail(
            "bad-value",
            "no kernel has both KVM and the convention `soft-restart`: KVM for 32-bit ARM was in Linux 3.9 to 5.6",
            origin=options.origins.of("kvm"),
        )
    kernel, text = _kernel(options, release, version)
    gift = linux32(
        target,
        options,
        modes=(Mode.HYP,),
        banner=ConsoleRule(id="kvm-era", pattern=f"Linux version {kernel}", text=text),
        started=_started(options),
    )
    return dataclasses.replace(gift, never=(*gift.never, *_never(options, kernel)))


@hookimpl
def fwbuild_review(plan: Plan) -> Sequence[Problem]:
    """Whatever notes or the recipe say: without hyp mode there is no KVM host."""
    target = plan.target
    without = [choice for choice in plan.choices if choice.payload_mode is not Mode.HYP]
    if not isinstance(target.options, Options) or not without:
        return []
    cpus = ", ".join(f"CPU {choice.cpu.mpidr:#x} gets {choice.payload_mode.word}" for choice in without)
    return [
        Problem(
            code="no-common-mode",
            message=f"a KVM host needs hyp mode on every CPU, but {cpus} ({plan.entry.carrier} decided)",
            origin=target.recipe.origins.of("modes")
            if target.recipe.modes
            else target.recipe.payload.origins.of("type"),
            hint="let it have hyp, or boot it as type `linux`",
        )
    ]


def _packaged(image: Material) -> str:
    """The version of the package that ``image`` is from, without epoch and Debian's revision."""
    return image.version.rpartition(":")[2].partition("-")[0]


def _version(release: str) -> Version | None:
    """Major and minor version; None if ``release`` has none."""
    found = re.match(r"(\d+)\.(\d+)", release)
    return (int(found[1]), int(found[2])) if found else None


def _stub_of(version: Version) -> HypStub | None:
    """The convention of a kernel's era; None before there was any."""
    return next((stub for stub, era in reversed(ERAS.items()) if version >= era.first), None)


def _check(options: Options, image: Material, release: str, version: Version) -> None:
    """Raise FwbuildError if the kernel is of another era than the recipe relies on."""
    what = f"{image.name} is Linux {release}"
    stub = _stub_of(version)
    if stub is None:
        raise fail("bad-payload", f"{what}, which has no hyp stub: 3.7 was the first", origin=image.origin)
    if options.hyp_stub is not None and options.hyp_stub is not stub:
        raise fail(
            "bad-payload",
            f"{what}, whose hyp stub has the convention `{stub.value}` ({ERAS[stub].meaning})",
            origin=options.origins.of("hyp-stub"),
            hint=f"`{options.hyp_stub.value}` means: {ERAS[options.hyp_stub].meaning}",
        )
    if options.kvm and not _FIRST_KVM <= version < ERAS[HypStub.SOFT_RESTART].first:
        raise fail(
            "bad-payload",
            f"{what}, which has no KVM on 32-bit ARM: that was in 3.9 to 5.6",
            origin=options.origins.of("kvm"),
            hint="without `kvm` only the hand-over in hyp mode is proven",
        )


def _kernel(options: Options, release: str, version: Version | None) -> tuple[str, str]:
    """The releases that may run, as a regular expression, and what that means.

    The kernel that was looked at; where it did not tell, any of the right era.
    """
    stub = options.hyp_stub
    if version is not None:
        # A package's version says less than the kernel's own: 6.1.176 is 6.1.0-50-armmp.
        shown = release or "{}.{}".format(*version)
        pattern = re.escape(shown) + (r"(?!\S)" if release else r"(?!\d)")
        known = _stub_of(version)
        text = f"it is Linux {shown}, whose hyp stub has the convention `{known.value if known else None}`"
    elif stub is not None:
        pattern = ERAS[stub].pattern
        text = f"its hyp stub has the convention `{stub.value}` ({ERAS[stub].meaning})"
    else:
        pattern = f"({'|'.join(era.pattern for era in ERAS.values())})"
        text = "it is a Linux with a hyp stub: 3.7 or later"
    return pattern, text


def _started(options: Options) -> tuple[ConsoleRule, ...]:
    """Linux has found the virtualization extensions, and KVM has taken hyp mode over."""
    rules = [
        ConsoleRule(
            id="kvm-extensions",
            pattern=r"CPU: Virtualization extensions available",
            text="Linux can use the virtualization extensions",
        )
    ]
    if options.kvm:
        rules.append(
            ConsoleRule(
                id="kvm-ready",
                pattern=r"kvm \[\d+\]: Hyp mode initialized successfully",
                text="KVM has taken hyp mode over through the stub",
            )
        )
    return tuple(rules)


def _never(options: Options, kernel: str) -> tuple[NeverRule, ...]:
    """What shows at once that no KVM host comes of this."""
    rules = [
        NeverRule(id="kvm-other-era", pattern=rf"Linux version (?!{kernel})\d", text="another kernel runs"),
        NeverRule(id="kvm-no-hyp", pattern=r"CPU\(s\) started in SVC mode", text="Linux did not get hyp mode"),
    ]
    if options.kvm:
        lost = r"kvm \[\d+\]: (HYP mode not available|error)"
        rules.append(NeverRule(id="kvm-lost", pattern=lost, text="KVM gives up"))
    return tuple(rules)
