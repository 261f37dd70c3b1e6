# SPDX-License-Identifier: Apache-2.0
"""The command line: finds the verb, runs it, and turns what goes wrong into words.

Each verb is a module of its own, imported only when it is called.
"""

from __future__ import annotations

import argparse
import errno
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn, Protocol, cast

from fwbuild import __version__
from fwbuild.cli.problems import show_problems
from fwbuild.model.problem import Exit, FwbuildError, Problem, did_you_mean

#: Verb -> (module in fwbuild.cli, what it does). The order is that of the help.
VERBS: dict[str, tuple[str, str]] = {
    "image": ("image", "build images and prove them"),
    "verify": ("verify", "prove images that are built"),
    "run": ("run", "boot an image with its console in this terminal"),
    "matrix": ("matrix", "try every way in which an image may find its CPUs"),
    "rules": ("rules", "print the rules that images are proven by"),
    "list": ("list_", "list recipes, platforms and payloads"),
    "show": ("show", "show a recipe with everything that it refers to"),
    "plan": ("plan", "show what is decided about an image, without building it"),
    "map": ("map_", "draw what lies where in memory"),
    "note": ("note", "show, make and emit the notes of a payload"),
    "lock": ("lock", "pin the versions of fetched packages"),
    "inspect": ("inspect_", "read any ELF image, with another library than the one that wrote it"),
    "clean": ("clean", "remove what was built"),
}


class Verb(Protocol):
    """What the module of a verb offers."""

    def arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the verb's arguments."""
        ...

    def run(self, arguments: argparse.Namespace) -> int:
        """Do it; the exit status."""
        ...


class Parser(argparse.ArgumentParser):
    """Says what is wrong with a command line in the same form as everything else."""

    def has_commands(self) -> bool:
        """Whether the verb has commands of its own, as ``note show`` is one."""
        return self._subparsers is not None

    def error(self, message: str) -> NoReturn:
        """Raise FwbuildError ``usage``."""
        raise FwbuildError(Problem(code="usage", message=message, hint=f"see `{self.prog} --help`"))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit status. Never raises but for SystemExit of --help."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        status = _run(words)
        sys.stdout.flush()
        return status
    except FwbuildError as error:
        show_problems(error.problems, sys.stderr)
        return int(error.exit)
    except KeyboardInterrupt:
        sys.stderr.write("\ninterrupted; nothing half-written is left behind\n")
        return int(Exit.INTERRUPTED)
    except BrokenPipeError:
        # The reader of our output went away; there is nobody to tell.
        _discard_output()
        return int(Exit.GOOD)
    except Exception as error:
        import traceback

        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            # What fwbuild writes to the disk is looked after elsewhere; this is its output.
            _discard_output()
            message = f"cannot write the output: {error.strerror}"
            show_problems([Problem(code="no-space", message=message)], sys.stderr)
            return int(Exit.STEP_FAILED)
        traceback.print_exc()
        sys.stderr.write(
            "\nerror[bug]: this is a fault of fwbuild, not of your files; please report it with the lines above\n"
        )
        return int(Exit.BUG)


def _discard_output() -> None:
    """What is still to be written to standard output goes nowhere: the interpreter flushes it at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _run(words: list[str]) -> int:
    if not words or words[0] in ("-h", "--help", "help"):
        if len(words) > 1 and words[0] == "help" and words[1] in VERBS:
            return _run([words[1], "--help"])
        sys.stdout.write(_help())
        return int(Exit.GOOD if words else Exit.BAD_INPUT)
    if words[0] in ("-V", "--version"):
        sys.stdout.write(f"fwbuild {__version__}\n")
        return int(Exit.GOOD)
    name = words[0]
    if name not in VERBS:
        raise FwbuildError(
            Problem(code="usage", message=f"there is no command `{name}`", hint=did_you_mean(name, VERBS))
        )
    module, summary = VERBS[name]
    verb: Verb = cast(Verb, importlib.import_module(f"fwbuild.cli.{module}"))
    parser = Parser(prog=f"fwbuild {name}", description=f"{summary[:1].upper()}{summary[1:]}.")
    parser.add_argument("-C", metavar="FOLDER", dest="folder", help="work as if started in FOLDER")
    verb.arguments(parser)
    # `image a --no-verify b` too; a command with commands of its own cannot be mixed.
    parse = parser.parse_args if parser.has_commands() else parser.parse_intermixed_args
    parsed = parse(words[1:])
    if parsed.folder:
        try:
            os.chdir(parsed.folder)
        except OSError as error:
            message = f"cannot go to {parsed.folder}: {error.strerror}"
            raise FwbuildError(Problem(code="usage", message=message)) from error
    _check_folder()
    return verb.run(parsed)


def _check_folder() -> None:
    """Raise FwbuildError ``usage`` when the current folder is gone."""
    try:
        Path.cwd()
    except OSError as error:
        message = f"the current folder cannot be used: {error.strerror}"
        hint = "it was removed, perhaps made anew since; go there again, or to another one"
        raise FwbuildError(Problem(code="usage", message=message, hint=hint)) from error


def _help() -> str:
    width = max(map(len, VERBS))
    rows = "\n".join(f"  {name:{width}}  {summary}" for name, (_, summary) in VERBS.items())
    return (
        "usage: fwbuild COMMAND [ARGUMENT...]\n\n"
        "Builds boot images for ARM payloads that are entered in the right mode, on every\n"
        f"CPU, and proves them in an emulator.\n\ncommands:\n{rows}\n\n"
        "examples:\n"
        "  fwbuild image xen-a15        build Xen for a Cortex-A15 and prove it\n"
        "  fwbuild run xen-a15          boot it in this terminal; Ctrl-A X ends\n"
        "  fwbuild map xen-a15          see what lies where in its memory\n\n"
        "`fwbuild COMMAND --help` tells more about each.\n"
    )
