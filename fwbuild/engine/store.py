# SPDX-License-Identifier: Apache-2.0
"""Files kept by their digest, and what each step made.

Layout of the store's folder::

    files/ab/abcd...    a file, named by its SHA-256
    steps/ab/abcd...    JSON: a step's key -> the digests of its outputs
    work/               folders of running steps, each locked by its process

A file appears under its name only when it is whole: it is written elsewhere in the
store and renamed.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from fwbuild.engine.key import digest_of, digest_of_file
from fwbuild.model.problem import FwbuildError, fail

_READ_ONLY = 0o444


class Store:
    """A store in ``folder``, which is made when it is first written to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._files = folder / "files"
        self._steps = folder / "steps"
        self._work = folder / "work"

    def path(self, digest: str) -> Path:
        """Where the file with ``digest`` is, or would be."""
        return self._files / digest[:2] / digest

    def has(self, digest: str) -> bool:
        return self.path(digest).exists()

    def add(self, path: Path) -> str:
        """Move ``path`` (in a folder from :meth:`workspace`) in; its digest.

        Raises FwbuildError ``no-space`` or ``store``.
        """
        digest = digest_of_file(path)
        with _store_errors(self.folder):
            os.chmod(path, _READ_ONLY)
            target = self.path(digest)
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(path, target)
        return digest

    def add_bytes(self, data: bytes) -> str:
        """Keep ``data``; its digest."""
        digest = digest_of(data)
        if not self.has(digest):
            with _store_errors(self.folder):
                write_whole(self.path(digest), data, mode=_READ_ONLY)
        return digest

    def results(self, key: str) -> dict[str, str] | None:
        """The outputs of the step with ``key``, if it was done and all are there."""
        try:
            outputs = dict(json.loads(self._step(key).read_bytes())["outputs"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return outputs if all(self.has(digest) for digest in outputs.values()) else None

    def remember(self, key: str, outputs: Mapping[str, str]) -> None:
        """Note what the step with ``key`` made."""
        with _store_errors(self.folder):
            record = json.dumps({"outputs": dict(outputs)}, sort_keys=True).encode()
            write_whole(self._step(key), record)

    def _step(self, key: str) -> Path:
        return self._steps / key[:2] / key

    @contextlib.contextmanager
    def workspace(self) -> Iterator[Path]:
        """An empty folder in the store, removed at the end, even that of a killed process."""
        with _store_errors(self.folder):
            self._work.mkdir(parents=True, exist_ok=True)
            self._sweep()
            folder = Path(tempfile.mkdtemp(dir=self._work))
            lock = os.open(folder, os.O_RDONLY)
            fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(lock)

    def _sweep(self) -> None:
        """Remove folders whose process is gone: nobody holds their lock."""
        for entry in os.scandir(self._work):
            try:
                handle = os.open(entry.path, os.O_RDONLY)
            except OSError:
                continue
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if _is_old(handle):
                    shutil.rmtree(entry.path, ignore_errors=True)
            except OSError:
                pass
            finally:
                os.close(handle)


def _is_old(handle: int) -> bool:
    """Whether a folder is older than the moment between making and locking it."""
    import time

    return time.time() - os.fstat(handle).st_mtime > 60


def write_whole(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Write a file so that it is there whole or not at all. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(temporary, mode)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


@contextlib.contextmanager
def _store_errors(folder: Path) -> Iterator[None]:
    """Say what is wrong with the store in words."""
    try:
        yield
    except FwbuildError:
        raise
    except OSError as error:
        raise storage_error(error, folder) from error


def is_full(error: OSError) -> bool:
    """Whether ``error`` says that there is no more space."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)


def storage_error(error: OSError, folder: Path) -> FwbuildError:
    """The error for a folder that cannot be written."""
    if is_full(error):
        return fail(
            "no-space",
            f"no space left for {folder}",
            hint="free some space and run the command again; nothing is lost",
        )
    return fail(
        "store",
        f"cannot write {error.filename or folder}: {error.strerror or error}",
        hint=f"check that {folder} is a folder that you may write to",
    )
