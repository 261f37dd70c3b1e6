# SPDX-License-Identifier: Apache-2.0
"""Makes and writes a lock: answers once what ``deb`` sources leave open.

:mod:`fwbuild.config.lockfile` reads the file back.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Collection, Iterable
from dataclasses import fields, replace
from pathlib import Path

from fwbuild.engine.store import storage_error, write_whole
from fwbuild.model.lock import LOCK_FORMAT, Lock, Pin, Wanted, wanted_by
from fwbuild.model.problem import FwbuildError, Origin, Problem, did_you_mean, fail
from fwbuild.model.setting import key_of, setting_of
from fwbuild.model.source import DebSource, SourceSpec
from fwbuild.sources.apt import Archives
from fwbuild.sources.debian import Found

_HEAD = """\
# Written by `fwbuild lock`; keep it in version control. It says which package files the
# `deb` sources stand for. `fwbuild lock` adds what is missing and drops what nobody needs;
# `fwbuild lock --update [NAME...]` takes the versions that the archives have now.
"""


def lock(
    sources: Iterable[tuple[str, SourceSpec]],
    old: Lock,
    archives: Archives,
    update: Collection[str] | None = None,
) -> Lock:
    """The lock for ``sources`` (pairs of name and definition; a name may come twice).

    Without ``update`` a pin that is there stays as it is. With it, the pins for these
    names are taken anew, or all of them when it is empty. A name is that of a source or
    of a package. Pins that no source asks for are left out.

    Raises FwbuildError with one problem for each source that cannot be pinned, and
    ``unknown-name`` for names in ``update`` that nothing has.
    """
    names: dict[Wanted, set[str]] = {}
    origins: dict[Wanted, Origin] = {}
    for name, spec in sources:
        if isinstance(spec, DebSource):
            wanted = wanted_by(spec)
            names.setdefault(wanted, {wanted.package}).add(name)
            origins.setdefault(wanted, spec.origins.of("package"))
    for wanted, known in names.items():
        pin = old.find(wanted)
        if pin is not None:
            known.add(pin.resolved)
    _check_names(update or (), set().union(*names.values()))

    pins: list[Pin] = []
    problems: list[Problem] = []
    for wanted in sorted(names):
        pin = old.find(wanted)
        anew = update is not None and (not update or not names[wanted].isdisjoint(update))
        try:
            pins.append(_resolve(wanted, archives) if pin is None or anew else pin)
        except FwbuildError as error:
            problems += [replace(problem, origin=problem.origin or origins[wanted]) for problem in error.problems]
    if problems:
        raise FwbuildError(problems)
    return Lock(deb=tuple(pins))


def _check_names(update: Collection[str], known: set[str]) -> None:
    problems = [
        Problem(code="unknown-name", message=f"no deb source is called `{name}`", hint=did_you_mean(name, known))
        for name in sorted(set(update) - known)
    ]
    if problems:
        raise FwbuildError(problems)


def _resolve(wanted: Wanted, archives: Archives) -> Pin:
    found = archives.candidate(wanted.package, wanted.architecture, wanted.suite)
    if wanted.depends:
        found = _dependency(wanted, found, archives)
    return Pin(
        package=wanted.package,
        architecture=wanted.architecture,
        suite=wanted.suite,
        depends=wanted.depends,
        resolved=found.package,
        version=found.version,
        sha256=found.sha256,
        size=found.size,
    )


def _dependency(wanted: Wanted, pointer: Found, archives: Archives) -> Found:
    """The package that ``pointer`` points to: the one dependency that matches."""
    matching = [relation for relation in pointer.depends if fnmatch.fnmatchcase(relation.name, wanted.depends)]
    names = sorted({relation.name for relation in matching})
    if len(names) != 1:
        found = "no dependency" if not names else "more than one dependency"
        there_are = names or sorted({relation.name for relation in pointer.depends})
        raise fail(
            "no-such-package",
            f"{found} of {pointer.package} {pointer.version} matches `{wanted.depends}`",
            hint="it depends on: " + (", ".join(there_are) or "nothing"),
        )
    exact = next((relation.exact for relation in matching if relation.exact), "")
    return archives.candidate(names[0], wanted.architecture, wanted.suite, version=exact)


def render(lock: Lock) -> bytes:
    """The text of a lock file: equal locks give equal bytes."""
    import tomli_w

    entries = [_table(pin) for pin in sorted(lock.deb, key=lambda pin: pin.wanted)]
    values: dict[str, object] = {"format": LOCK_FORMAT}
    if entries:
        values["deb"] = entries
    return (_HEAD + "\n" + tomli_w.dumps(values)).encode()


def _table(pin: Pin) -> dict[str, object]:
    """A pin as its table; a key with its default value is left out."""
    rows = [field for field in fields(Pin) if setting_of(field) is not None]
    return {key_of(row.name): value for row in rows if (value := getattr(pin, row.name)) != row.default}


def write(path: Path, lock: Lock) -> None:
    """Write ``lock`` to ``path``, whole or not at all; nothing when it says so already.

    Raises FwbuildError ``store`` or ``no-space``.
    """
    data = render(lock)
    try:
        if path.exists() and path.read_bytes() == data:
            return
        write_whole(path, data)
    except OSError as error:
        raise storage_error(error, path.parent) from error
