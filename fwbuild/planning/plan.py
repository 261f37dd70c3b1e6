# SPDX-License-Identifier: Apache-2.0
"""Makes the plan of an image: asks the plugins, chooses modes, lays memory out."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from fwbuild.config.layers import BOOT_FOLDER, architecture_folder
from fwbuild.config.rules import load_rules
from fwbuild.devicetree.overlay import read_base
from fwbuild.devicetree.tree import Tree
from fwbuild.model.contribution import Assembly, Contribution, Entry, Material, Part, Target
from fwbuild.model.modes import MODES_BY_WORD, Mode
from fwbuild.model.plan import BOOT_CODE, BootCode, Code, Layout, Plan
from fwbuild.model.platform import DeviceTree, EmulatorMachine
from fwbuild.model.problem import FwbuildError, Origin, Problem, did_you_mean, fail
from fwbuild.model.recipe import Recipe
from fwbuild.model.rule import ConsoleRule, NeverRule
from fwbuild.planning.bootcode import boot_code, earlier_stage
from fwbuild.planning.carriers import decide, fixed_by, open_payload
from fwbuild.planning.choose import choose, too_weak
from fwbuild.planning.core import core_edits, core_parts, cpu_nodes, tree_reserve
from fwbuild.planning.layout import lay_out, overlaps
from fwbuild.planning.lint import mismatches
from fwbuild.planning.records import with_records
from fwbuild.planning.registry import Registry
from fwbuild.planning.rules import rules_for
from fwbuild.planning.shim import behind, find_shim, passed_on, way_through


def make_plan(target: Target, registry: Registry) -> Plan:
    """Decide everything about the image for ``target``.

    Raises FwbuildError with what the plugins, the layout and the reviews object to.
    """
    carried = open_payload(target, registry.payloads()[target.payload].image)
    target = carried.target
    contributions = registry.contributions(target)
    registry.check()
    gifts = [gift for _, gift in contributions]
    shim = find_shim(target, contributions)
    way = way_through(decide(_entry(target, contributions), carried), shim)
    entry = way.entry
    _check_start(target, entry)
    choices = passed_on(choose(entry, target.platform, target.cpus, target.cores), way)
    weak = too_weak(choices, target.recipe.minimum_seal, _seal_origin(target))
    if weak:
        raise FwbuildError(weak)
    base = target.material(target.platform.device_tree.base)
    tree = _base_tree(target, base)
    fragments = _fragments(target, gifts, choices[0].payload_mode)
    reserve = tree_reserve(base.size, sum(path.stat().st_size for path in fragments))
    nodes = cpu_nodes(target, tree)
    console, wrong = with_records([rule for gift in gifts for rule in gift.console], choices, nodes)
    machine = _machine(target)
    parts = fixed_by(carried, entry, [part for gift in gifts for part in gift.parts])
    layout = _layout(target, parts, gifts, reserve, staged=_needs_stage(target, machine))
    payload = layout.place(entry.part).region.start + entry.offset
    arguments = [layout.resolve(value) for value in entry.arguments]
    first = layout.place(shim.part).region.start if shim else payload
    boot = boot_code(target, entry, BOOT_FOLDER, layout.place(BOOT_CODE).region, first, arguments, through=shim)
    rules = load_rules(BOOT_FOLDER / architecture_folder(target.platform.architecture) / "rules.toml")
    registers, writes = rules_for(target, rules, boot.symbols)
    plan = Plan(
        target=target,
        entry=entry,
        choices=choices,
        layout=layout,
        entry_address=payload,
        boot=boot,
        earlier_stage=earlier_stage(target, boot) if _needs_stage(target, machine) else None,
        code=tuple(code_of(assembly, boot, layout, payload) for gift in gifts for assembly in gift.assemblies),
        edits=(*core_edits(target, tree, parts), *(edit for gift in gifts for edit in gift.edits)),
        fragments=fragments,
        cpu_nodes=nodes,
        registers=(*behind(shim, choices, registers, rules), *(rule for gift in gifts for rule in gift.registers)),
        writes=writes,
        console=(*console, *_expected(target)),
        never=(*(rule for gift in gifts for rule in gift.never), *wrong, *_never(target)),
        machine=machine,
        report=next((gift.report for gift in gifts if gift.report is not None), None),
        shim=shim.part if shim else "",
        accepts=way.accepts,
    )
    problems = registry.reviews(plan)
    registry.check()
    if problems:
        raise FwbuildError(problems)
    return plan


def _needs_stage(target: Target, machine: EmulatorMachine | None) -> bool:
    """Whether the machine starts its CPUs in another state than the platform does."""
    return machine is not None and machine.reset not in (None, target.platform.reset.state)


def _seal_origin(target: Target) -> Origin:
    """Where the demand for a seal stands: in the recipe, if only as what it does not say."""
    return target.recipe.origins.of("minimum-seal")


def code_of(assembly: Assembly, boot: BootCode, layout: Layout, payload: int) -> Code:
    """``assembly`` with its sources and numbers: those of the boot code, where the payload begins, and its own."""
    symbols = {name: layout.resolve(value) for name, value in assembly.symbols.items()}
    return Code(
        assembly=assembly,
        sources=tuple((f"{path.parent.name}/{path.name}", path) for path in assembly.sources),
        symbols={**boot.symbols, "PAYLOAD_ENTRY": payload, **symbols},
    )


def _base_tree(target: Target, base: Material) -> Tree:
    """The tree to start from; a problem with it stands where its source is named.

    Raises FwbuildError also for a tree that contradicts the platform.
    """
    try:
        tree = read_base(base.read(), base.name)
    except FwbuildError as error:
        raise FwbuildError(
            dataclasses.replace(problem, origin=base.origin, message=f"{base.name}: {problem.message}")
            for problem in error.problems
        ) from error
    if not target.platform.device_tree.fragments:  # those may correct it
        contradictions = mismatches(target, tree)
        if contradictions:
            raise FwbuildError(contradictions)
    return tree


def _entry(target: Target, contributions: Sequence[tuple[str, Contribution]]) -> Entry:
    """The one entry that a plugin gave."""
    entries = [(owner, gift.entry) for owner, gift in contributions if gift.entry is not None]
    if not entries:
        raise fail(
            "plugin-failed",
            f"no plugin says how to enter the payload `{target.payload}`",
            origin=target.recipe.payload.origins.of("type"),
        )
    if len(entries) > 1:
        owners = " and ".join(owner for owner, _ in entries)
        raise fail("plugin-failed", f"the plugins {owners} both say how to enter the payload")
    return entries[0][1]


def _check_start(target: Target, entry: Entry) -> None:
    """Raise FwbuildError unless the payload can start the secondaries as the platform has it."""
    method = target.platform.secondaries.method
    if len(target.cpus) > 1 and method not in entry.secondaries:
        accepted = ", ".join(each.word for each in entry.secondaries)
        raise fail(
            "bad-payload",
            f"the payload starts secondary CPUs by {accepted}, but {target.platform.name} has {method.word}",
            origin=target.platform.secondaries.origins.of("method"),
        )


def _layout(target: Target, parts: list[Part], gifts: Sequence[Contribution], reserve: int, *, staged: bool) -> Layout:
    windows = [gift.tree_window for gift in gifts if gift.tree_window is not None]
    parts.extend(core_parts(reserve, windows[0] if windows else None, staged=staged))
    problems = [
        Problem(code="duplicate-name", message=f"two parts of the image are called `{name}`")
        for name in sorted(_twice(part.name for part in parts))
    ]
    if problems:
        raise FwbuildError(problems)
    layout = lay_out(parts, target.platform.memory, target.recipe.layout, target.recipe.origins)
    shared = overlaps(layout.placed)
    if shared:  # lay_out never does this; the proof is cheap and independent of it
        raise fail("bug", "the layout overlaps: " + ", ".join(f"{a.part.name}, {b.part.name}" for a, b in shared))
    return layout


def _twice(names: Iterable[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]


def _fragments(target: Target, gifts: Sequence[Contribution], mode: Mode) -> tuple[Path, ...]:
    """Overlays in the order of application: platform, plugins, recipe.

    Behind those of each file come its fragments for ``mode``, that of the boot CPU.
    """
    platform, recipe = target.platform, target.recipe
    fragments = [
        *_named(platform.folder, platform.device_tree, mode),
        *((path, None) for gift in gifts for path in gift.fragments),
        *_named(recipe.folder, recipe, mode),
    ]
    problems = [_no_fragment(path, origin) for path, origin in fragments if not path.is_file()]
    if problems:
        raise FwbuildError(problems)
    return tuple(path for path, _ in fragments)


def _named(folder: Path, table: DeviceTree | Recipe, mode: Mode) -> Iterator[tuple[Path, Origin]]:
    """The fragments that a file names, with where it does."""
    for index, name in enumerate(table.fragments):
        yield folder / name, table.origins.of("fragments", index)
    for index, name in enumerate(table.mode_fragments.get(mode.word, ())):
        yield folder / name, table.origins.of("mode-fragments", mode.word, index)
    unknown = [word for word in table.mode_fragments if word not in MODES_BY_WORD]
    if unknown:
        raise fail(
            "unknown-name",
            f"there is no mode `{unknown[0]}`",
            origin=table.origins.of("mode-fragments", unknown[0]),
            hint=did_you_mean(unknown[0], MODES_BY_WORD),
        )


def _no_fragment(path: Path, origin: Origin | None) -> Problem:
    near = [file.name for file in path.parent.glob("*.dtso")]
    return Problem(
        code="unreadable-file",
        message=f"there is no fragment {path}",
        origin=origin,
        hint=did_you_mean(path.name, near),
    )


def _expected(target: Target) -> Iterator[ConsoleRule]:
    """What the recipe itself expects on the console."""
    for index, pattern in enumerate(target.recipe.verify.expect):
        _check_pattern(pattern, target.recipe.verify.origins.of("expect", index))
        yield ConsoleRule(id=f"expect-{index + 1}", pattern=pattern, text=f"the console shows `{pattern}`")


def _never(target: Target) -> Iterator[NeverRule]:
    for index, pattern in enumerate(target.recipe.verify.never):
        _check_pattern(pattern, target.recipe.verify.origins.of("never", index))
        yield NeverRule(id=f"never-{index + 1}", pattern=pattern, text=f"the console shows `{pattern}`")


def _check_pattern(pattern: str, origin: Origin) -> None:
    try:
        re.compile(pattern)
    except re.error as error:
        raise fail("bad-value", f"`{pattern}` is no regular expression: {error}", origin=origin) from error


def _machine(target: Target) -> EmulatorMachine | None:
    """The machine model to prove the image on: the recipe's choice or the platform's first."""
    machines = target.platform.emulators
    wanted = target.recipe.verify.emulator
    if not wanted:
        return machines[0] if machines else None
    for machine in machines:
        if machine.type == wanted:
            return machine
    raise fail(
        "unknown-name",
        f"{target.platform.name} has no machine for the emulator `{wanted}`",
        origin=target.recipe.origins.of("verify", "emulator"),
        hint=did_you_mean(wanted, [machine.type for machine in machines]),
    )
