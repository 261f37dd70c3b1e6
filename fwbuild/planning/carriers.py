# SPDX-License-Identifier: Apache-2.0
"""Who says how the payload is entered, and who of them is believed.

In the order in which they win: the recipe; notes in the payload's own ELF file; notes in
a wrapper around a raw image; a sidecar, which is bound to the payload by digest; what
the plugin recognises; and if nobody says anything, supervisor mode.
docs/reference/notes.md has the rules for the reader.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fwbuild.elf.load import Loadable, read_loadable
from fwbuild.elf.notes import Statement, understand
from fwbuild.elf.read import MAGIC, notes_of
from fwbuild.model.contribution import ElfPayload, Entry, Material, Part, Target
from fwbuild.model.modes import Mode
from fwbuild.model.problem import FwbuildError, Problem, fail
from fwbuild.model.region import Region

#: What a payload gets that nobody knows anything about.
_LEGACY = (Mode.SVC,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one carrier of notes says."""

    carrier: str
    statement: Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """A target whose payload was opened, and what the notes about it say."""

    #: the target as plugins see it: wrappers replaced by what is in them
    target: Target
    #: in the order in which they win
    said: tuple[Said, ...] = ()
    #: how far into the image the entry is, where notes or the ELF header say it
    offset: int | None = None
    #: where a wrapper says that the image must lie
    address: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Opened:
    """One material, opened."""

    material: Material
    elf: ElfPayload | None = None
    #: the entry in the ELF header, a physical address
    entry: int | None = None
    said: tuple[Said, ...] = ()
    #: the material is the one segment of the ELF file, and the file was made around it
    is_image: bool = False
    is_wrapped: bool = False


def open_payload(target: Target, image: str) -> Carried:
    """Open every wrapper among the materials of ``target`` and read the payload's notes.

    ``image`` is the option that names the payload's source. Raises FwbuildError
    ``bad-elf``, ``bad-note`` or ``note-mismatch`` with everything that is wrong, each at
    the place that names the file.
    """
    payload = getattr(target.options, image, None)
    opened: dict[str, _Opened] = {}
    problems: list[Problem] = []
    for name, material in target.materials.items():
        if name == target.recipe.notes and name != payload:
            continue
        try:
            with _blamed(material):
                opened[name] = _open(material, is_payload=name == payload)
        except FwbuildError as error:
            problems.extend(error.problems)
    if problems:
        raise FwbuildError(problems)
    inside = {name: each.material for name, each in opened.items()}
    target = dataclasses.replace(target, materials={**target.materials, **inside})
    if not isinstance(payload, str) or payload not in opened:
        if target.recipe.notes:
            message = f"`notes` speaks for a payload's file, and the payload `{target.payload}` has none"
            raise fail("bad-value", message, origin=target.recipe.origins.of("notes"))
        return Carried(target=target)
    main = opened[payload]
    said = main.said
    if target.recipe.notes:
        said = (*said, _sidecar(target.materials[target.recipe.notes], main.material))
    with _blamed(main.material):
        entry = _entry(main, [each.statement.entry_point for each in said])
    if main.elf is None:
        return Carried(target=target, said=said, offset=entry)
    assert entry is not None
    elf = dataclasses.replace(main.elf, entry=entry)
    start = elf.segments[0].address
    return Carried(
        target=dataclasses.replace(target, elf=elf),
        said=said,
        offset=entry - start if main.is_image else None,
        address=start if main.is_wrapped and not elf.anywhere else None,
    )


@contextlib.contextmanager
def _blamed(material: Material) -> Iterator[None]:
    """Problems inside the block stand where the source of ``material`` is named."""
    try:
        yield
    except FwbuildError as error:
        raise FwbuildError(
            dataclasses.replace(
                problem,
                origin=material.origin,
                message=problem.message if material.name in problem.message else f"{material.name}: {problem.message}",
            )
            for problem in error.problems
        ) from error


def _open(material: Material, *, is_payload: bool) -> _Opened:
    """What is in ``material``; only the payload itself may be another ELF file than a wrapper."""
    if material.read(0, len(MAGIC)) != MAGIC:
        return _Opened(material=material)
    if not is_payload and not understand(notes_of(material.path), path=material.name).payload_digest:
        return _Opened(material=material)
    loadable = read_loadable(material.path, material.name)
    statement = understand(loadable.notes, path=material.name)
    if statement.payload_digest:
        return _unwrapped(material, loadable, statement)
    if not loadable.segments:
        raise fail(
            "bad-elf",
            f"{material.name} is an ELF file without anything to load",
            hint="an object file must be linked; a file with notes alone goes to `notes`",
        )
    elf = ElfPayload(segments=loadable.segments, entry=loadable.segments[0].address)
    if not loadable.notes:
        return _Opened(material=material, elf=elf, entry=loadable.entry)
    said = (Said(carrier="notes", statement=statement),)
    if len(loadable.segments) > 1:
        return _Opened(material=material, elf=elf, entry=loadable.entry, said=said)
    segment = loadable.segments[0]
    content = material.read(segment.offset, segment.size)
    part = _part(material, segment.offset, content)
    elf = dataclasses.replace(elf, segments=(dataclasses.replace(segment, offset=0),))
    return _Opened(material=part, elf=elf, entry=loadable.entry, said=said, is_image=True)


def _unwrapped(material: Material, loadable: Loadable, statement: Statement) -> _Opened:
    """The image in a wrapper, which must be the one that its digest speaks of."""
    if len(loadable.segments) != 1:
        raise fail(
            "bad-elf",
            f"{material.name} has a PAYLOAD_DIGEST note, so it must hold one image, but it has"
            f" {len(loadable.segments)} segments",
            hint="is it a whole image that fwbuild built? Name the payload itself, or NAME.payload.elf beside it",
        )
    segment = loadable.segments[0]
    content = material.read(segment.offset, segment.size)
    found = hashlib.sha256(content).digest()
    if found != statement.payload_digest:
        raise fail(
            "note-mismatch",
            f"{material.name} holds an image with the SHA-256 {found.hex()}, but its PAYLOAD_DIGEST note says"
            f" {statement.payload_digest.hex()}",
            hint="the wrapper was changed, or made around another image: make it again with `fwbuild note wrap`",
        )
    elf = ElfPayload(
        segments=(dataclasses.replace(segment, offset=0),),
        entry=segment.address,
        anywhere=segment.address == 0,
    )
    return _Opened(
        material=_part(material, segment.offset, content),
        elf=elf,
        entry=loadable.entry,
        said=(Said(carrier="wrapper", statement=statement),),
        is_image=True,
        is_wrapped=True,
    )


def _part(material: Material, offset: int, content: bytes) -> Material:
    """``content``, which is in ``material`` from ``offset`` on, as a material."""
    digest = hashlib.sha256(content).hexdigest()
    return dataclasses.replace(
        material, digest=digest, size=len(content), offset=offset, container=material.container or material.digest
    )


def _sidecar(notes: Material, payload: Material) -> Said:
    """What the sidecar ``notes`` says about ``payload``, and about nothing else."""
    with _blamed(notes):
        if notes.read(0, len(MAGIC)) != MAGIC:
            raise fail(
                "bad-note", f"{notes.name} is no ELF file with notes", hint="`fwbuild note sidecar FILE` makes one"
            )
        statement = understand(notes_of(notes.path), path=notes.name)
        if not statement.payload_digest:
            raise fail(
                "bad-note",
                f"{notes.name} has no PAYLOAD_DIGEST note, so it may speak of any payload",
                hint="`fwbuild note sidecar FILE` makes one that is bound to its payload",
            )
        if statement.payload_digest.hex() not in (payload.digest, payload.container):
            raise fail(
                "note-mismatch",
                f"{notes.name} speaks of a payload with the SHA-256 {statement.payload_digest.hex()}, but that of"
                f" {payload.name} is {payload.container or payload.digest}",
                hint="the payload is another version: look at it, and make the note anew with `fwbuild note sidecar`",
            )
    return Said(carrier="sidecar", statement=statement)


def _entry(opened: _Opened, points: Sequence[int | None]) -> int | None:
    """Where the payload is entered: an address in an ELF file, an offset in a raw image."""
    name, elf = opened.material.name, opened.elf
    point = next((point for point in points if point is not None), None)
    if point is None:
        if elf is not None and opened.entry is None:
            hint = "an ENTRY_POINT note can say it: `fwbuild note emit --entry-point`"
            raise fail("bad-elf", f"{name} has an entry outside its segments", hint=hint)
        found = opened.entry
    elif elf is None:
        found = point if point < opened.material.size else None
    else:
        regions = [Region(segment.address, segment.memory_size) for segment in elf.segments]
        inside = any(region.start <= point < region.end for region in regions)
        found = point if inside else point + regions[0].start if point < regions[0].size else None
    if point is not None and found is None:
        raise fail(
            "bad-note",
            f"{name}: the ENTRY_POINT note says {point:#x}, which is neither an address nor an offset in the payload",
            hint="a physical address in a segment, or an offset from the first byte: docs/reference/notes.md",
        )
    if found is not None and found % 4:
        raise fail(
            "bad-payload", f"{name} is entered at {found:#x}, in Thumb state", hint="fwbuild enters in ARM state"
        )
    return found


def decide(entry: Entry, carried: Carried) -> Entry:
    """What a plugin recognised, with what the recipe and the notes say over it.

    Modes come from the first that names any; whether they must be uniform, the start
    methods and the entry point from the first that says so.
    """
    recipe = carried.target.recipe
    spoken = [("recipe", recipe.modes or ())]
    spoken += [(said.carrier, said.statement.modes) for said in carried.said]
    spoken += [("recogniser", entry.modes)]
    spoken = [(carrier, modes) for carrier, modes in spoken if modes] or [("legacy", _LEGACY)]
    (carrier, modes), *overruled = spoken
    statements = [said.statement for said in carried.said]
    return dataclasses.replace(
        entry,
        modes=modes,
        uniform=next((each.uniform for each in statements if each.modes), entry.uniform),
        secondaries=next((each.secondaries for each in statements if each.secondaries), entry.secondaries),
        offset=entry.offset if carried.offset is None else carried.offset,
        carrier=carrier,
        overruled=tuple(overruled),
    )


def fixed_by(carried: Carried, entry: Entry, parts: Sequence[Part]) -> list[Part]:
    """``parts``, with that of the payload where its wrapper wants it."""
    return [
        dataclasses.replace(part, fixed=carried.address, origin=carried.target.material(part.material).origin)
        if part.name == entry.part and part.fixed is None and carried.address is not None
        else part
        for part in parts
    ]
