# SPDX-License-Identifier: Apache-2.0
"""Every action of fwbuild's own, made for one project."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

from fwbuild.actions.assemble import AssembleAction
from fwbuild.actions.compare_entries import CompareEntriesAction
from fwbuild.actions.deb_member import DebMemberAction
from fwbuild.actions.devicetree import DeviceTreeAction
from fwbuild.actions.fetch_deb import FetchDebAction
from fwbuild.actions.fetch_url import FetchUrlAction
from fwbuild.actions.image import ImageAction
from fwbuild.actions.judge_report import JudgeReportAction
from fwbuild.actions.manifest import ManifestAction
from fwbuild.actions.memory_map import MapAction
from fwbuild.actions.prove import ProveConsoleAction, ProveEntryAction, VerdictAction
from fwbuild.actions.ramdisk import RamdiskAction
from fwbuild.asm.find import find_encoder
from fwbuild.engine.action import Action
from fwbuild.engine.store import Store
from fwbuild.model.ports import Emulator
from fwbuild.model.project import Project
from fwbuild.sources.apt import Apt


def own_actions(project: Project, store: Store, find_emulator: Callable[[str], Emulator]) -> Sequence[Action]:
    """The actions that every project has."""
    preference = project.settings.assembler
    return (
        FetchDebAction(apt_of(project, store)),
        FetchUrlAction(),
        DebMemberAction(),
        RamdiskAction(),
        DeviceTreeAction(),
        AssembleAction(cache(lambda architecture: find_encoder(preference, architecture))),
        ImageAction(),
        MapAction(),
        ManifestAction(),
        ProveEntryAction(find_emulator),
        CompareEntriesAction(),
        ProveConsoleAction(find_emulator),
        JudgeReportAction(),
        VerdictAction(),
    )


def apt_of(project: Project, store: Store) -> Apt:
    """The host's apt, its state in the store's folder."""
    sources = project.settings.apt.sources
    return Apt(store.folder / "apt", sources=project.folder / sources if sources else None)
