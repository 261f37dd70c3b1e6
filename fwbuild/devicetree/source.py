# SPDX-License-Identifier: Apache-2.0
"""Shows a device tree as source text: Devicetree Specification v0.4, chapter 6.

A blob does not say what its bytes mean, so the form of each value is guessed, in the
way that dtc guesses. Whatever the guess, dtc makes the same bytes of it again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from fwbuild.devicetree.tree import Node, Tree, below

# One or more strings of printable ASCII, each ended by a NUL; empty ones only behind others.
_STRINGS = re.compile(rb"[ -~]+\0([ -~]*\0)*")
_LABEL = re.compile(r"[A-Za-z_][0-9A-Za-z_]*")


def to_source(tree: Tree) -> str:
    """``tree`` as text that dtc compiles back into an equal tree.

    ``boot_cpu`` has no form in source text (it is dtc's option ``-b``): it is in a comment.
    """
    labels: dict[str, list[str]] = {}
    for label, path in tree.labels.items():
        if _LABEL.fullmatch(label):
            labels.setdefault(path, []).append(label)
    lines = ["/dts-v1/;"]
    lines.extend(f"/memreserve/ {entry.address:#018x} {entry.size:#018x};" for entry in tree.reservations)
    if tree.boot_cpu:
        lines.append(f"// boot_cpuid_phys: {tree.boot_cpu:#x}")
    lines.append("")
    lines.extend(_node(tree.root, "/", "", labels))
    return "\n".join(lines) + "\n"


def _node(node: Node, path: str, indent: str, labels: dict[str, list[str]]) -> Iterator[str]:
    prefix = "".join(f"{label}: " for label in labels.get(path, ()))
    yield f"{indent}{prefix}{node.name or '/'} {{"
    inner = indent + "\t"
    for name, value in node.properties.items():
        yield f"{inner}{name}{_value(value)};"
    for index, (name, child) in enumerate(node.children.items()):
        if index or node.properties:
            yield ""
        yield from _node(child, below(path, name), inner, labels)
    yield f"{indent}}};"


def _value(data: bytes) -> str:
    """How ``data`` is assigned to a property."""
    if not data:
        return ""
    if _STRINGS.fullmatch(data):
        return " = " + ", ".join(f'"{_escaped(text)}"' for text in data[:-1].split(b"\0"))
    if len(data) % 4 == 0:
        cells = (int.from_bytes(data[start : start + 4], "big") for start in range(0, len(data), 4))
        return f" = <{' '.join(map(hex, cells))}>"
    return f" = [{data.hex(' ')}]"


def _escaped(text: bytes) -> str:
    return text.decode("ascii").replace("\\", "\\\\").replace('"', '\\"')
