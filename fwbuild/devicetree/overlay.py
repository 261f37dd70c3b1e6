# SPDX-License-Identifier: Apache-2.0
"""Applies the source of an overlay (.dtso) to a tree.

The outcome is that of ``dtc -@`` and ``fdtoverlay``, but deletions work, new nodes and
properties come last instead of first, and a path must name its nodes in full (libfdt
takes `/sound` for `/sound@1000` if it meets that first).
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterable, Iterator

from fwbuild.devicetree.blob import read_blob
from fwbuild.devicetree.fragment import (
    Assign,
    Body,
    Child,
    Drop,
    DropChild,
    DropProperty,
    Extend,
    Overlay,
    Reference,
    Statement,
    parse_fragment,
    parse_source,
)
from fwbuild.devicetree.tree import Node, Tree, below
from fwbuild.model.problem import FwbuildError, Origin, Problem, closest, did_you_mean, fail

_OVERLAY = "__overlay__"


def apply_fragment(tree: Tree, text: str, name: str) -> None:
    """Apply the overlay source ``text`` to ``tree``; ``name`` is what messages call it.

    Raises FwbuildError ``bad-device-tree`` with every problem found; the tree is of no
    use then.
    """
    _Application(tree).apply(parse_fragment(text, name))


def read_source(text: str, name: str) -> Tree:
    """The tree that the source ``text`` describes. Raises FwbuildError ``bad-device-tree``."""
    tree = Tree()
    _Application(tree).apply(parse_source(text, name))
    return tree


def read_base(data: bytes, name: str) -> Tree:
    """The tree that ``data`` is: a blob, or the source of one.

    Raises FwbuildError ``bad-device-tree``.
    """
    if not data.lstrip().startswith((b"/dts-v1/", b"//", b"/*")):
        return read_blob(data, name)
    try:
        return read_source(data.decode(), name)
    except UnicodeDecodeError as error:
        raise fail("bad-device-tree", "not UTF-8 text", origin=Origin(path=name)) from error


class _Application:
    """One fragment on its way into a tree."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._problems: list[Problem] = []
        self._labelled: dict[str, tuple[Node, Origin]] = {}
        # Values with references, by node and name. A reference may lead to a node that
        # comes later, so they are all filled in at the end.
        self._open: dict[tuple[int, str], tuple[Node, Assign]] = {}

    def apply(self, statements: Iterable[Statement]) -> None:
        for statement in statements:
            match statement:
                case Extend():
                    self._extend(statement.target, statement.labels, statement.body)
                case Drop():
                    path = self._path(statement.target)
                    if path is not None:
                        with self._at(statement.target.origin):
                            self._tree.delete(path)
                case Overlay():
                    self._overlays(statement.body)
        self._fill_in()
        self._publish_labels()
        if self._problems:
            raise FwbuildError(self._problems)

    def _complain(self, message: str, origin: Origin, hint: str = "") -> None:
        self._problems.append(Problem(code="bad-device-tree", message=message, origin=origin, hint=hint))

    @contextlib.contextmanager
    def _at(self, origin: Origin) -> Iterator[None]:
        """Note what goes wrong in the block as a problem at ``origin``, and go on behind it."""
        try:
            yield
        except FwbuildError as error:
            self._problems.extend(dataclasses.replace(problem, origin=origin) for problem in error.problems)

    def _path(self, reference: Reference) -> str | None:
        """Where ``reference`` leads; None, and a problem, if nowhere."""
        name = reference.name
        if not name.startswith("/"):
            path = self._tree.labels.get(name)
            if path is None:
                self._complain(f"no node has the label `{name}`", reference.origin, self._label_hint(name))
            return path
        with self._at(reference.origin):
            self._tree.node(name)
            return name
        return None

    def _label_hint(self, label: str) -> str:
        known = self._tree.labels
        if not known:
            return "the tree has no labels, for it was not compiled with `dtc -@`: give the path, as in `&{/cpus}`"
        return f"did you mean `{match}`?" if (match := closest(label, known)) else "give the path, as in `&{/cpus}`"

    def _extend(self, target: Reference, labels: Iterable[str], body: Body) -> None:
        path = self._path(target)
        if path is not None:
            self._merge(path, labels, body, target.origin)

    def _merge(self, path: str, labels: Iterable[str], body: Body, origin: Origin) -> None:
        """Put ``body`` into the node at ``path``, which is made if need be."""
        node = self._tree.make(path)
        for label in labels:
            self._label(label, path, node, origin)
        for statement in body:
            match statement:
                case Assign(name):
                    node.properties[name] = statement.value
                    self._open.pop((id(node), name), None)
                    if statement.inserted:
                        self._open[id(node), name] = node, statement
                case Child(name):
                    with self._at(statement.origin):  # it may lie too deep
                        self._merge(below(path, name), statement.labels, statement.body, statement.origin)
                case DropProperty(name):
                    if node.properties.pop(name, None) is None:
                        hint = did_you_mean(name, node.properties)
                        self._complain(f"`{path}` has no property `{name}` to delete", statement.origin, hint)
                case DropChild(name):
                    if not self._tree.delete(below(path, name)):
                        hint = did_you_mean(name, node.children)
                        self._complain(f"`{path}` has no node `{name}` to delete", statement.origin, hint)

    def _label(self, label: str, path: str, node: Node, origin: Origin) -> None:
        other = self._tree.labels.setdefault(label, path)
        if other != path:
            self._complain(f"the label `{label}` is taken: it is on `{other}`", origin)
        self._labelled[label] = node, origin

    def _overlays(self, body: Body) -> None:
        """Apply the fragments that are written out, as dtc writes them into a blob."""
        for statement in body:
            inside = statement.body if isinstance(statement, Child) else ()
            overlay = next((each for each in inside if isinstance(each, Child) and each.name == _OVERLAY), None)
            if overlay is None:
                message = f"`/ {{ ... }};` takes fragments with `{_OVERLAY}`, and `{statement.name}` is none"
                self._complain(message, statement.origin, "to change the root of the tree write `&{/} { ... };`")
                continue
            targets = [each for each in inside if isinstance(each, Assign) and each.name in ("target", "target-path")]
            if len(inside) != 2 or len(targets) != 1:
                message = f"`{statement.name}` must have `target` or `target-path`, `{_OVERLAY}` and nothing else"
                self._complain(message, statement.origin)
                continue
            target = self._target(targets[0])
            if target is not None:
                self._extend(target, overlay.labels, overlay.body)

    def _target(self, assign: Assign) -> Reference | None:
        """The node that ``target`` or ``target-path`` of a written-out fragment means."""
        by_phandle = assign.name == "target"
        if [each.phandle for each in assign.inserted] == [by_phandle] and len(assign.value) == 4 * by_phandle:
            return assign.inserted[0].reference
        if not assign.inserted and by_phandle and len(assign.value) == 4:
            phandle = int.from_bytes(assign.value, "big")
            path = self._tree.find_phandle(phandle)
            if path is None:
                self._complain(f"no node has the phandle {phandle:#x}", assign.origin)
                return None
            return Reference(path, assign.origin)
        if not assign.inserted and not by_phandle and assign.value.startswith(b"/"):
            return Reference(assign.value.removesuffix(b"\0").decode(errors="replace"), assign.origin)
        form = "<&label>" if by_phandle else '"/path"'
        self._complain(f"`{assign.name}` must be written `{assign.name} = {form};`", assign.origin)
        return None

    def _fill_in(self) -> None:
        """Put paths and phandles in the place of references."""
        alive = {id(node) for _, node in self._tree.walk()}
        for node, assign in self._open.values():
            if id(node) in alive and assign.name in node.properties:
                with self._at(assign.origin):  # there may be no phandle left
                    node.properties[assign.name] = b"".join(self._pieces(assign))

    def _pieces(self, assign: Assign) -> Iterator[bytes]:
        done = 0
        for each in assign.inserted:
            yield assign.value[done : each.offset]
            done = each.offset
            path = self._path(each.reference)
            if path is None:
                continue
            if each.phandle:
                node = self._tree.make(path)
                yield self._tree.phandle_of(node).to_bytes(4, "big")
                done += 4
            else:
                yield path.encode() + b"\0"
        yield assign.value[done:]

    def _publish_labels(self) -> None:
        """Add the fragment's labels to /__symbols__, if the tree was made to be extended."""
        symbols = self._tree.symbols
        if symbols is None:
            return
        for label, (node, origin) in self._labelled.items():
            if label in self._tree.labels:  # it may have been deleted again
                symbols.properties[label] = self._tree.labels[label].encode() + b"\0"
                with self._at(origin):
                    self._tree.phandle_of(node)
