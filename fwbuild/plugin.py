# SPDX-License-Identifier: Apache-2.0
"""The public API: everything that a plugin may use, and nothing else.

A plugin imports from here only. What is not in ``__all__`` may change without notice.
"""

from __future__ import annotations

import pluggy

from fwbuild.config.layers import core_source
from fwbuild.engine.action import Action, Context
from fwbuild.formats.kernel import linux_release
from fwbuild.formats.zimage import ZImage, read_zimage
from fwbuild.model.board import Board
from fwbuild.model.contribution import (
    Assembly,
    Contribution,
    ElfPayload,
    ElfSegment,
    Entry,
    Material,
    Part,
    Passage,
    Payload,
    Shim,
    SourceName,
    Target,
)
from fwbuild.model.devicetree import AddressOf, Cells, DeleteNode, Edit, Flag, Number, SetProperty, Strings
from fwbuild.model.modes import DEFAULT_MODES, Mode, Ownership, ResetState, Seal, StartMethod
from fwbuild.model.plan import BOOT_CODE, DEVICE_TREE, Plan
from fwbuild.model.ports import BootPath, Emulator, Machine
from fwbuild.model.problem import FwbuildError, Origin, Problem, did_you_mean, fail
from fwbuild.model.recipe import Trampoline
from fwbuild.model.region import Region, align_down, align_up
from fwbuild.model.report import AttemptRule, Cpus, Needs, Reading, Report
from fwbuild.model.rule import ConsoleRule, CpuRecords, NeverRule, RegisterRule, WriteRule
from fwbuild.model.setting import Origins, Table, no_origins, setting
from fwbuild.payloads.arguments import ARGUMENTS, argument_rules
from fwbuild.payloads.linux32 import LinuxOptions, linux32, linux_alive, linux_init

#: Marks a function of a plugin as the implementation of the hook of its name.
hookimpl = pluggy.HookimplMarker("fwbuild")

__all__ = [
    "hookimpl",
    # payloads and what they contribute
    "Payload",
    "Target",
    "Material",
    "ElfPayload",
    "ElfSegment",
    "SourceName",
    "Contribution",
    "Entry",
    "Part",
    "Assembly",
    "Shim",
    "Passage",
    "Trampoline",
    "core_source",
    # payload images
    "ZImage",
    "read_zimage",
    "linux_release",
    # Linux as a payload or under one
    "LinuxOptions",
    "linux32",
    "linux_alive",
    "linux_init",
    # how 32-bit kernels are entered
    "ARGUMENTS",
    "argument_rules",
    # device trees
    "Edit",
    "SetProperty",
    "DeleteNode",
    "Cells",
    "Strings",
    "Flag",
    "Number",
    "AddressOf",
    # modes
    "Mode",
    "DEFAULT_MODES",
    "ResetState",
    "Ownership",
    "Seal",
    "StartMethod",
    # rules
    "RegisterRule",
    "WriteRule",
    "ConsoleRule",
    "CpuRecords",
    "NeverRule",
    # reports that payloads print
    "Report",
    "Reading",
    "AttemptRule",
    "Needs",
    "Cpus",
    # options
    "setting",
    "Table",
    "Origins",
    "no_origins",
    # memory
    "Region",
    "align_up",
    "align_down",
    # plans, actions and emulators
    "Plan",
    "BOOT_CODE",
    "DEVICE_TREE",
    "Action",
    "Context",
    "Emulator",
    "Machine",
    "BootPath",
    "Board",
    # problems
    "Problem",
    "Origin",
    "FwbuildError",
    "fail",
    "did_you_mean",
]
