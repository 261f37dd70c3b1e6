# SPDX-License-Identifier: Apache-2.0
"""Packs a small initial RAM disk of BusyBox and an /init script."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fwbuild.engine.action import Context
from fwbuild.engine.graph import Json
from fwbuild.model.problem import FwbuildError, Origin, fail
from fwbuild.sources import newc

_MACHINES = ("EM_ARM", "EM_AARCH64")
_BUSYBOX = "bin/busybox"
_SHELL = "bin/sh"


@dataclass(frozen=True, slots=True)
class RamdiskAction:
    """Step `ramdisk`: an uncompressed cpio archive from which a kernel can run /init.

    Inputs ``busybox`` and ``init``. Params: if wanted, ``epoch``, the time of all files in
    seconds since 1970 (0 without it). Output ``cpio``.
    """

    name: str = "ramdisk"
    version: int = 1

    def tools(self, params: Mapping[str, Json]) -> Mapping[str, str]:
        """No tool: the writer is fwbuild's own."""
        return {}

    def run(self, context: Context) -> None:
        """Pack. Raises FwbuildError ``bad-payload`` for a BusyBox or a script that cannot start."""
        _check_busybox(context.inputs["busybox"])
        init = context.inputs["init"]
        script = init.read_bytes()
        _check_script(script, init)
        entries = [
            newc.folder("bin"),
            newc.file(_BUSYBOX, context.inputs["busybox"].read_bytes(), 0o755),
            newc.link(_SHELL, "busybox"),
            newc.folder("dev"),
            # The kernel opens this before /init can mount anything on /dev.
            newc.character_device("dev/console", 5, 1),
            newc.file("init", script, 0o755),
            newc.folder("proc"),
            newc.folder("sys"),
            newc.folder("tmp", 0o1777),
        ]
        context.outputs["cpio"].write_bytes(newc.archive(entries, mtime=context.params.get("epoch", 0)))


def _check_busybox(path: Path) -> None:
    from elftools.common.exceptions import ELFError
    from elftools.construct import ConstructError
    from elftools.elf.elffile import ELFFile

    def wrong(what: str, hint: str) -> FwbuildError:
        return fail("bad-payload", f"the BusyBox for a RAM disk {what}", hint=hint)

    source = "the package busybox-static has one for armhf and one for arm64, at bin/busybox"
    try:
        with path.open("rb") as file:
            elf = ELFFile(file)
            machine, kind = elf["e_machine"], elf["e_type"]
            loaded_by = [segment for segment in elf.iter_segments() if segment["p_type"] == "PT_INTERP"]
    except (ELFError, ConstructError) as error:
        raise wrong(f"is not an ELF file: {error}", source) from error
    if machine not in _MACHINES:
        raise wrong(f"is for another machine ({machine}), not for ARM", source)
    if kind not in ("ET_EXEC", "ET_DYN"):
        raise wrong(f"is not a program ({kind})", source)
    if loaded_by:
        raise wrong("is linked dynamically, and the RAM disk has no libraries", source)


def _check_script(script: bytes, path: Path) -> None:
    """The kernel runs a script by the program that its first line names, or panics."""
    first = script.partition(b"\n")[0]
    interpreter = re.split(rb"[ \t]+", first[2:].strip(b" \t"))[0] if first.startswith(b"#!") else b""
    if interpreter in (f"/{_SHELL}".encode(), f"/{_BUSYBOX}".encode()):
        return
    endings = first.endswith(b"\r")
    raise fail(
        "bad-payload",
        "the first line of the /init script must name the RAM disk's shell"
        + (", and the file has DOS line ends" if endings else ""),
        origin=Origin(path=str(path), line=1, column=1),
        hint="make it `#!/bin/sh`" + (" and the line ends those of Unix" if endings else ""),
    )
