# SPDX-License-Identifier: Apache-2.0
"""The zImage header, which 32-bit Linux and Xen share.

Offsets and magic numbers: Linux Documentation/arm/booting.rst and
arch/arm/boot/compressed/head.S; Xen docs/misc/arm/booting.txt.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from fwbuild.model.contribution import Material
from fwbuild.model.problem import FwbuildError, fail

_HEADER_SIZE = 0x30
_MAGIC_OFFSET = 0x24
_MAGIC = 0x016F2818
#: Byte order mark, magic number of the tag table and the table's offset, since Linux 4.15.
_BYTE_ORDER_OFFSET = 0x30
_LITTLE_ENDIAN, _BIG_ENDIAN = 0x04030201, 0x01020304
_TABLE_MAGIC = 0x45454545
#: Tag of the entry that says how large the unpacked kernel is ("KLSZ").
_KERNEL_SIZE_TAG = 0x5A534C4B


@dataclass(frozen=True, slots=True, kw_only=True)
class ZImage:
    """What a zImage header says. Sizes in bytes."""

    #: bytes from the first instruction to the end of what the image needs in memory,
    #: as the header gives it; may exceed the file
    memory_size: int
    #: bytes of the file
    file_size: int
    #: whether the header is of a kind that only Linux writes
    is_linux: bool
    #: bytes of the unpacked kernel with its BSS, where the header tells them (Linux 4.15 on)
    unpacked_size: int | None


def read_zimage(material: Material) -> ZImage:
    """Read and check the header of ``material``.

    Raises FwbuildError ``bad-payload`` when it is no zImage, is big-endian, is linked
    to a fixed address, or contradicts itself.
    """
    data = material.read(0, 0x40)
    if len(data) < _HEADER_SIZE:
        raise _bad(material, f"has {len(data)} bytes, too few for a zImage header")
    magic, start, end = struct.unpack_from("<III", data, _MAGIC_OFFSET)
    if magic == int.from_bytes(_MAGIC.to_bytes(4, "little"), "big"):
        raise _bad(material, "is a big-endian zImage", "fwbuild boots little-endian payloads")
    if magic != _MAGIC:
        raise _bad(
            material, f"is no zImage: no magic number at {_MAGIC_OFFSET:#x}, but {magic:#010x}", _looks_like(data)
        )
    if start:
        raise _bad(material, f"is linked to run at {start:#x} only", "fwbuild places payloads; build it relocatable")
    if end < _HEADER_SIZE:
        raise _bad(material, f"has a zImage header that says it ends at {end:#x}, inside the header")
    if end < material.size:
        raise _bad(
            material,
            f"has {material.size:,} bytes, but its zImage header says that it ends after {end:,}",
            "is something appended to it? A device tree comes from the platform, not from the payload",
        )
    order, table_magic, table = struct.unpack_from("<III", data.ljust(0x40, b"\0"), _BYTE_ORDER_OFFSET)
    if order == _BIG_ENDIAN:
        raise _bad(material, "is a zImage of a big-endian kernel", "fwbuild boots little-endian payloads")
    has_table = table_magic == _TABLE_MAGIC
    return ZImage(
        memory_size=end,
        file_size=material.size,
        is_linux=order == _LITTLE_ENDIAN or has_table,
        unpacked_size=_unpacked_size(material, table) if has_table else None,
    )


def _unpacked_size(material: Material, offset: int) -> int | None:
    """The size of the unpacked kernel from the tag table at ``offset``, checked against the file."""
    for _ in range(16):  # the table has one tag today; a damaged one must not loop
        entry = material.read(offset, 16)
        if len(entry) < 8:
            break
        words, tag = struct.unpack_from("<II", entry)
        if tag == _KERNEL_SIZE_TAG and len(entry) == 16:
            bss: int
            size_offset, bss = struct.unpack_from("<II", entry, 8)
            size = material.read(size_offset, 4)
            if len(size) == 4:
                return int.from_bytes(size, "little") + bss
            break
        if words < 2:  # the end of the table
            return None
        offset += 4 * words
    raise _bad(material, f"is a damaged zImage: its tag table leads to {offset:#x}, outside the file")


def _looks_like(data: bytes) -> str:
    """What a file is that is no zImage, as a hint."""
    known = {
        b"\x7fELF": "an ELF file",
        b"\x1f\x8b": "a gzip file",
        b"\x27\x05\x19\x56": "a uImage",
        b"\xd0\x0d\xfe\xed": "a device tree or FIT",
        b"!<arch>": "a package or archive",
    }
    for start, what in known.items():
        if data.startswith(start):
            return f"it looks like {what}"
    if data[0x38:0x3C] == b"ARM\x64":
        return "it looks like an arm64 Image"
    return "a zImage is what the Linux build leaves in arch/arm/boot/zImage"


def _bad(material: Material, what: str, hint: str = "") -> FwbuildError:
    return fail("bad-payload", f"{material.name} {what}", origin=material.origin, hint=hint)
