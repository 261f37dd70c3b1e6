# SPDX-License-Identifier: Apache-2.0
"""A kernel of one's own as the payload: a flat binary or an ELF file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from fwbuild.plugin import (
    ARGUMENTS,
    ConsoleRule,
    Contribution,
    ElfPayload,
    Entry,
    Material,
    Origins,
    Part,
    Payload,
    SetProperty,
    SourceName,
    StartMethod,
    Strings,
    Target,
    argument_rules,
    fail,
    hookimpl,
    no_origins,
    setting,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RawOptions:
    """What a recipe's ``[payload]`` may say."""

    type: str = setting("`raw`")
    image: SourceName = setting("the source of the kernel: a flat binary, an ELF file, or a wrapper around a binary")
    address: int | None = setting(
        "where a flat binary is loaded and entered; by default wherever there is room",
        default=None,
        minimum=0,
        maximum=0xFFFFFFFF,
    )
    memory_size: int | None = setting(
        "how much memory a flat binary takes from its first byte on; by default as much as it has bytes",
        default=None,
        unit="bytes",
        minimum=1,
        maximum=1 << 32,
    )
    bootargs: str = setting("what /chosen/bootargs of the device tree says", default="")
    origins: Origins = field(default_factory=no_origins, compare=False, repr=False)


@hookimpl
def fwbuild_payloads() -> Sequence[Payload]:
    """Whatever the user brings."""
    return [Payload(name="raw", summary="a kernel of your own, a flat binary or an ELF file", options=RawOptions)]


@hookimpl
def fwbuild_contribute(target: Target) -> Contribution | None:
    """The kernel and what it is entered with."""
    options = target.options
    if not isinstance(options, RawOptions):
        return None
    image = target.material(options.image)
    elf = target.elf
    fixed = elf is not None and not elf.anywhere
    if fixed and (options.address is not None or options.memory_size is not None):
        key = "address" if options.address is not None else "memory-size"
        raise fail(
            "bad-value",
            f"`{key}` is for flat binaries, and {image.name} is an ELF file that says it itself",
            origin=options.origins.of(key),
        )
    parts = _segments(image, elf) if elf is not None and fixed else (_flat(options, image, elf),)
    return Contribution(
        entry=_entry(parts, elf.entry if elf is not None and fixed else None),
        parts=parts,
        edits=(SetProperty("/chosen", "bootargs", Strings((options.bootargs,))),),
        registers=argument_rules("raw"),
        console=_console(target),
    )


def _flat(options: RawOptions, image: Material, wrapper: ElfPayload | None) -> Part:
    """A binary in one piece, wherever the recipe wants it."""
    needed = max(image.size, wrapper.segments[0].memory_size if wrapper else 0)
    if options.memory_size is not None and options.memory_size < needed:
        raise fail(
            "bad-value",
            f"`memory-size` is {options.memory_size:,} bytes, but {image.name} needs {needed:,}",
            origin=options.origins.of("memory-size"),
        )
    return Part(
        name="payload",
        text="your kernel",
        size=image.size,
        memory_size=options.memory_size or needed,
        material=image.name,
        alignment=0x1000 if options.address is None else 4,
        fixed=options.address,
        origin=image.origin if options.address is None else options.origins.of("address"),
    )


def _segments(image: Material, elf: ElfPayload) -> tuple[Part, ...]:
    """A part for each segment, where the file wants it."""
    return tuple(
        Part(
            name=f"payload-{index}" if index else "payload",
            text="your kernel" if len(elf.segments) == 1 else f"your kernel, segment {index}",
            size=segment.size,
            memory_size=segment.memory_size,
            material=image.name,
            offset=segment.offset,
            alignment=1,
            fixed=segment.address,
            origin=image.origin,
        )
        for index, segment in enumerate(elf.segments)
    )


def _entry(parts: Sequence[Part], address: int | None) -> Entry:
    """The entry at ``address``, or at the start of the only part; modes are for notes to say."""
    part, offset = parts[0], 0
    if address is not None:
        part, offset = next(
            (each, address - each.fixed)
            for each in parts
            if each.fixed is not None and 0 <= address - each.fixed < each.memory_size
        )
    return Entry(
        part=part.name,
        offset=offset,
        modes=(),
        uniform=True,
        secondaries=tuple(StartMethod),
        arguments=ARGUMENTS,
    )


def _console(target: Target) -> tuple[ConsoleRule, ...]:
    """A sign of life, unless the recipe knows better what the kernel prints."""
    if target.recipe.verify.expect:
        return ()
    return (ConsoleRule(id="raw-alive", pattern=r"\S", text="the kernel prints something"),)
