# SPDX-License-Identifier: Apache-2.0
"""``fwbuild image``: builds images and proves them."""

from __future__ import annotations

import argparse
import io
import os
import sys
import time
from collections.abc import Sequence
from typing import TextIO

from fwbuild.cli.options import add_build_options, add_names, session_of
from fwbuild.cli.verdict import show_verdict
from fwbuild.model.problem import Exit
from fwbuild.session import Built
from fwbuild.uptodate import remember


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_names(parser)
    parser.add_argument("--no-verify", action="store_true", help="build only; an image without a verdict is not proven")
    add_build_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Build; 4 if an image was built but a verdict failed."""
    return build(arguments, verify=not arguments.no_verify)


def build(arguments: argparse.Namespace, *, verify: bool) -> int:
    """Bring the images up to date and say what came of it."""
    began = time.time_ns()
    session, progress = session_of(arguments)
    names = list(dict.fromkeys(arguments.names))
    try:
        built = session.build(names, verify=verify)
    finally:
        progress.close()
    failed = any(image.verdict is not None and not image.verdict["passed"] for image in built)
    nothing_to_do = progress.ran == 0 and not any(image.written for image in built)
    told = [image for image in built if not arguments.quiet or (image.verdict and not image.verdict["passed"])]
    _tell(told, sys.stdout, nothing_to_do=nothing_to_do)
    if not failed and all(image.verdict is not None for image in built):
        text = io.StringIO()
        _tell(built, text, nothing_to_do=True)
        outputs = {str(file) for image in built for file in (image.folder, *image.folder.iterdir())}
        remember(["image", *arguments.names], text.getvalue(), inputs=session.watched(), outputs=outputs, began=began)
    return int(Exit.VERDICT_FAILED if failed else Exit.GOOD)


def _tell(built: Sequence[Built], stream: TextIO, *, nothing_to_do: bool) -> None:
    for image in built:
        folder = os.path.relpath(image.folder)
        if nothing_to_do:
            stream.write(f"{image.name}: nothing to do, {folder}/ is up to date\n")
        else:
            stream.write(f"{image.name}: built in {folder}/\n")
        if image.verdict is not None:
            show_verdict(image.verdict, stream, brief=nothing_to_do)
        else:
            stream.write("  not verified\n")
