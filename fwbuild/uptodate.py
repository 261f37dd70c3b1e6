# SPDX-License-Identifier: Apache-2.0
"""Knows without importing anything else that there is nothing to do.

After a build, the state of every file that it depended on or made is written down. When
the same command comes again and none of them has changed, its answer is given at once.
Anything that is not certain is a reason to look properly.

The state of a file is its change time, modification time, size and inode. The change
time is the kernel's own: no program can set it back. Folders are watched too, so that a
file that was added is noticed.
"""

import json
import os
import sys
import time

#: Counts up when stamps change their meaning.
_FORMAT = 1

#: Nanoseconds in which a file system may not tell two changes apart: a tick of the
#: kernel's clock is at most 10 ms.
_TICK = 10_000_000

_FOLDER = ".fwbuild"
_PROJECT_FILE = "fwbuild.toml"

#: Environment variables that a build depends on.
_VARIABLES = ("FWBUILD_STORE", "PATH", "SOURCE_DATE_EPOCH", "QEMU_AUDIO_DRV", "LD_LIBRARY_PATH", "LD_PRELOAD")

State = list[int]


def recall(words: list[str]) -> str | None:
    """What to print if the command ``words`` has nothing to do; None if that is not certain."""
    try:
        path = _stamp_path(words, _project_folder())
        if path is None:
            return None
        with open(path, encoding="utf-8") as file:
            stamp = json.load(file)
        if stamp["format"] != _FORMAT or stamp["around"] != _around():
            return None
        if any(_state(name) != state for name, state in stamp["files"].items()):
            return None
        text = stamp["text"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return text if isinstance(text, str) else None


def remember(words: list[str], text: str, *, inputs: set[str], outputs: set[str], began: int) -> None:
    """Write down that the command ``words`` has nothing to do and would print ``text``.

    ``inputs`` are files and folders that the result depends on, also such as must not
    exist; ``outputs`` are those that were made. ``began`` is when the command began
    (``time.time_ns``): an input that changed since may have been read before or after,
    so then nothing is written down. Never raises OSError: without a stamp the next run
    just takes longer.
    """
    path = _stamp_path(words, _project_folder())
    if path is None:
        return
    files = {name: _state(name) for name in sorted(inputs)}
    if any(state is not None and max(state[:2]) > began - _TICK for state in files.values()):
        return
    made = {name: _state(name) for name in sorted(outputs)}
    # A change within the same tick as ours would not show: let the tick pass.
    time.sleep(2 * _TICK / 1e9)
    stamp = {"format": _FORMAT, "around": _around(), "files": {**files, **made}, "text": text}
    partial = f"{path}.{os.getpid()}"
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(partial, "w", encoding="utf-8") as file:
            json.dump(stamp, file)
        os.replace(partial, path)
    except OSError:
        if os.path.exists(partial):
            os.unlink(partial)


def everything_in(folder: str) -> set[str]:
    """``folder``, and every file and folder below it, without what Python compiles."""
    found = {folder}
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name != "__pycache__"]
        found.update(os.path.join(parent, name) for name in (*folders, *files) if not name.endswith(".pyc"))
    return found


def projects_above() -> set[str]:
    """The project files between here and the project: another one would change everything."""
    folder, found = os.getcwd(), set()
    while True:
        found.add(os.path.join(folder, _PROJECT_FILE))
        if folder in (_project_folder(), os.path.dirname(folder)):
            return found
        folder = os.path.dirname(folder)


def _state(path: str) -> State | None:
    """The state of a file; of a folder without its size; None if there is none."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return [status.st_ctime_ns, status.st_mtime_ns, status.st_size, status.st_ino, status.st_mode]


def _around() -> list[object]:
    """What is not a file: the interpreter, where it looks for modules, and the environment."""
    return [sys.version, sys.path, os.getcwd(), [os.environ.get(name) for name in _VARIABLES]]


def _project_folder() -> str:
    """The folder of the project around the current folder, or the current folder."""
    start = folder = os.getcwd()
    while not os.path.exists(os.path.join(folder, _PROJECT_FILE)):
        parent = os.path.dirname(folder)
        if parent == folder:
            return start
        folder = parent
    return folder


def _stamp_path(words: list[str], folder: str) -> str | None:
    """Where the stamp for a command lies; None for commands that have none."""
    if not words or words[0] != "image" or len(words) < 2:
        return None
    names = words[1:]
    plain = all(name.isascii() and name.replace("-", "").replace(".", "").isalnum() for name in names)
    if not plain or any(name.startswith("-") for name in names):
        return None
    name = "+".join(names)
    return os.path.join(folder, _FOLDER, "stamps", name) if len(name) < 200 else None
