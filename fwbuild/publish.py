# SPDX-License-Identifier: Apache-2.0
"""Puts the files of an image where people look for them."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from fwbuild.engine.key import digest_of_file
from fwbuild.engine.store import Store, storage_error

_MODE = 0o644


def publish(folder: Path, files: Mapping[str, str], store: Store, *, beside: bool = False) -> list[str]:
    """Make ``folder`` hold exactly ``files`` (name -> digest in ``store``); names written.

    With ``beside`` what else is there stays.

    Everything is copied beside its place before the first file is replaced, each whole,
    the last of ``files`` last; so a full disk leaves all that was there. A file that is
    the same already is not touched, and one that does not belong to the image any more is
    removed first. Others who publish to the folder wait. Raises FwbuildError ``store`` or
    ``no-space``.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _alone(folder):
            return _publish(folder, files, store, beside=beside)
    except OSError as error:
        raise storage_error(error, folder) from error


def _publish(folder: Path, files: Mapping[str, str], store: Store, *, beside: bool) -> list[str]:
    copies: dict[str, Path] = {}
    known = {*files}
    try:
        for old in sorted(folder.iterdir()):
            if old.name not in known and old.name.startswith(".") and old.is_file():
                old.unlink()  # a copy of someone who was killed: it may take the room that is needed
        for name, digest in files.items():
            if not _is_same(folder / name, store.path(digest), digest):
                copies[name] = _copy(store.path(digest), folder, name)
        for old in () if beside else sorted(folder.iterdir()):
            if old.name not in known and old not in copies.values() and old.is_file():
                old.unlink()
        for name, copy in copies.items():
            os.replace(copy, folder / name)
    except BaseException:
        for copy in copies.values():
            copy.unlink(missing_ok=True)
        raise
    return list(copies)


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the folder's lock: a copy must not be taken for one that was left behind."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _is_same(target: Path, source: Path, digest: str) -> bool:
    try:
        return target.stat().st_size == source.stat().st_size and digest_of_file(target) == digest
    except FileNotFoundError:
        return False


def _copy(source: Path, folder: Path, name: str) -> Path:
    """A copy of ``source`` in ``folder``, to be renamed to ``name``."""
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=f".{name}.")
    os.close(handle)
    try:
        shutil.copyfile(source, temporary)
        os.chmod(temporary, _MODE)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    return Path(temporary)
