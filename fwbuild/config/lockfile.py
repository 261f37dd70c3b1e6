# SPDX-License-Identifier: Apache-2.0
"""Reads ``fwbuild.lock``. It is written by :mod:`fwbuild.sources.lock`."""

from __future__ import annotations

from pathlib import Path

from fwbuild.config.structure import structure
from fwbuild.config.toml import load
from fwbuild.model.lock import LOCK_FORMAT, Lock, Wanted
from fwbuild.model.problem import FwbuildError, Problem, fail
from fwbuild.model.setting import Origins, Table


def read(path: Path) -> Lock:
    """The lock in the file ``path``; an empty one when there is no such file.

    Raises FwbuildError ``unreadable-file``, ``toml-syntax``, ``lock-stale`` for another
    format, and what is wrong with single values, each with its place in the file.
    """
    if not path.exists():
        return Lock()
    document = load(path)
    if "format" not in document.values:
        raise fail(
            "missing-key",
            "the file needs the key `format`",
            origin=document.origin(()),
            hint="restore the file, or delete it and run `fwbuild lock`",
        )
    # Before all else: in another format the rest may mean anything.
    if document.values["format"] != LOCK_FORMAT:
        raise fail(
            "lock-stale",
            f"this lock has format {document.values['format']}, and this fwbuild reads format {LOCK_FORMAT}",
            origin=document.origin(("format",)),
            hint="use the fwbuild that wrote it, or delete it and run `fwbuild lock`",
        )
    lock = structure(Lock, Table(values=document.values, origins=Origins(document.origin)))
    _check_unique(lock)
    return lock


def _check_unique(lock: Lock) -> None:
    first: dict[Wanted, str] = {}
    problems = []
    for pin in lock.deb:
        origin = pin.origins.of("package")
        if pin.wanted in first:
            problems.append(
                Problem(
                    code="duplicate-name",
                    message=f"a second entry for {pin.wanted}",
                    origin=origin,
                    hint=f"the first is at {first[pin.wanted]}; delete one of them",
                )
            )
        first.setdefault(pin.wanted, str(origin))
    if problems:
        raise FwbuildError(problems)
