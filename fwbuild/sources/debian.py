# SPDX-License-Identifier: Apache-2.0
"""What Debian package indexes say: records, versions and dependencies.

The formats are those of deb-version(7), deb-control(5) and the Debian repository format.
"""

from __future__ import annotations

import contextlib
import mmap
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fwbuild.model.problem import fail

_PART = re.compile(r"([^0-9]*)([0-9]*)")
_RELATION = re.compile(
    r"(?P<name>[a-z0-9][a-z0-9+.-]*)"
    r"(?::[a-z0-9-]+)?"  # an architecture, such as `:any`
    r"\s*(?:\(\s*(?P<operator><<|<=|=|>=|>>)\s*(?P<version>[^\s)]+)\s*\))?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """One package that another depends on. ``exact`` is the version of ``(= ...)``, or empty."""

    name: str
    exact: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A package as an index describes it. ``size`` is that of its file, in bytes."""

    package: str
    version: str
    architecture: str
    sha256: str
    size: int
    depends: tuple[Relation, ...] = ()


VersionKey = tuple[object, ...]


def version_key(version: str) -> VersionKey:
    """Orders versions as dpkg does: ``1.0~rc1`` comes before ``1.0``, ``1:0`` after ``9``."""
    epoch, colon, rest = version.partition(":")
    if not colon:
        epoch, rest = "0", version
    upstream, _, revision = rest.rpartition("-") if "-" in rest else (rest, "", "")
    return (int(epoch) if epoch.isdecimal() else 0, _parts(upstream), _parts(revision))


def _parts(text: str) -> tuple[tuple[tuple[int, ...], int], ...]:
    """Turns of non-digits and numbers, ended so that a tilde sorts before the end."""
    end = ((0,), 0)
    parts = [((*map(_rank, other), 0), int(number or 0)) for other, number in _PART.findall(text)]
    # An absent number is a zero: `1.` equals `1.0`. The first part stays: `0~` comes before nothing.
    while len(parts) > 1 and parts[-1] == end:
        parts.pop()
    return (*parts, end)


def _rank(character: str) -> int:
    """A tilde is less than the end of the part (0), and letters are less than the rest."""
    if character == "~":
        return -1
    return ord(character) + (0 if character.isalpha() else 256)


def relations(text: str) -> tuple[Relation, ...]:
    """The packages that a ``Depends`` field names, alternatives (``a | b``) included."""
    found: list[Relation] = []
    for item in re.split(r"[,|]", text):
        match = _RELATION.match(item.strip())
        if match is not None:
            exact = match["version"] if match["operator"] == "=" else ""
            found.append(Relation(name=match["name"], exact=exact))
    return tuple(found)


def _fields(record: str) -> dict[str, str]:
    """The fields of a record by lower-case name; a field may go on in indented lines."""
    values: dict[str, str] = {}
    name = ""
    for line in record.splitlines():
        if line[:1] in (" ", "\t"):
            values[name] = f"{values.get(name, '')}\n{line.strip()}"
        else:
            name, _, value = line.partition(":")
            name = name.lower()
            values[name] = value.strip()
    return values


def _described(record: str) -> Found:
    fields = _fields(record)
    try:
        return Found(
            package=fields["package"],
            version=fields["version"],
            architecture=fields["architecture"],
            sha256=fields["sha256"].lower(),
            size=int(fields["size"]),
            depends=relations(f"{fields.get('pre-depends', '')},{fields.get('depends', '')}"),
        )
    except (KeyError, ValueError) as error:
        raise fail(
            "bad-archive",
            f"the archive's list describes {fields.get('package', 'a package')} incompletely: {error}",
            hint="fwbuild needs Package, Version, Architecture, Size and SHA256 of each package",
        ) from error


@contextlib.contextmanager
def _mapped(path: Path) -> Iterator[mmap.mmap | bytes]:
    """The bytes of an index, which may be 50 MB long, without reading them all."""
    with path.open("rb") as file:
        if not path.stat().st_size:
            yield b""  # an empty file cannot be mapped
            return
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            yield data


def records(index: Path, package: str) -> list[Found]:
    """Every version of ``package`` in the ``Packages`` file ``index``.

    Raises OSError, and FwbuildError ``bad-archive`` for a record that lacks something.
    """
    # Without an anchor, which would make the search of 50 MB six times as long.
    line = re.compile(rb"Package:[ \t]*" + re.escape(package.encode()) + rb"[ \t]*\n")
    with _mapped(index) as data:
        found = []
        for match in line.finditer(data):
            if match.start() and data[match.start() - 1 : match.start()] != b"\n":
                continue  # in the middle of a line
            start = data.rfind(b"\n\n", 0, match.start()) + 1
            end = data.find(b"\n\n", match.end())
            record = data[start : end if end >= 0 else len(data)]
            found.append(_described(record.decode(errors="replace").strip("\n")))
        return found


def package_names(index: Path) -> set[str]:
    """The names of all packages in ``index``. Raises OSError."""
    with _mapped(index) as data:
        names = re.findall(rb"^Package:[ \t]*(\S+)", data, re.MULTILINE)
    return {name.decode(errors="replace") for name in names}
