# SPDX-License-Identifier: Apache-2.0
"""Puts the files of an image where people look for them."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from fwbuild.engine.key import digest_of_file
from fwbuild.engine.store import Store, storage_error

_MODE = 0o644


def publish(folder: Path, files: Mapping[str, str], store: Store) -> list[str]:
    """Make ``folder`` hold exactly ``files`` (name -> digest in ``store``); names written.

    Each file is replaced whole, the last of ``files`` last; a file that is the same
    already is not touched, and one that does not belong to the image any more is
    removed first. Raises FwbuildError ``store`` or ``no-space``.
    """
    written: list[str] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for old in sorted(folder.iterdir()):
            if old.name not in files and old.is_file():
                old.unlink()
        for name, digest in files.items():
            target = folder / name
            if not _is_same(target, store.path(digest), digest):
                _replace(store.path(digest), target)
                written.append(name)
    except OSError as error:
        raise storage_error(error, folder) from error
    return written


def _is_same(target: Path, source: Path, digest: str) -> bool:
    try:
        return target.stat().st_size == source.stat().st_size and digest_of_file(target) == digest
    except FileNotFoundError:
        return False


def _replace(source: Path, target: Path) -> None:
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    os.close(handle)
    try:
        shutil.copyfile(source, temporary)
        os.chmod(temporary, _MODE)
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
