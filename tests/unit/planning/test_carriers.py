# SPDX-License-Identifier: Apache-2.0
"""Who decides how a payload is entered: each carrier alone, all of them together, and bad ones."""

from __future__ import annotations

import io
import itertools
import json
import struct
from pathlib import Path
from typing import Any

import pytest

from fwbuild.elf.notes import Note, Statement
from fwbuild.elf.read import notes_of
from fwbuild.elf.write import Segment, write_elf32
from fwbuild.engine.key import digest_of_file
from fwbuild.model.modes import Mode, StartMethod
from fwbuild.session import Session
from tests.conftest import Command
from tests.project import zimage

RAM = 0x80000000
OWN = Statement(modes=(Mode.SVC, Mode.HYP), uniform=True)


def elf(*segments: tuple[int, bytes, int], entry: int | None = None, notes: tuple[Note, ...] | None = None) -> bytes:
    """An ELF file with ``segments`` (address, bytes, size in memory) and notes, by default :data:`OWN`."""
    file = io.BytesIO()
    write_elf32(
        file,
        entry=segments[0][0] if entry is None else entry,
        segments=[
            Segment(name=f"s{index}", address=address, content=content, memory_size=size)
            for index, (address, content, size) in enumerate(segments)
        ],
        notes=OWN.notes() if notes is None else notes,
    )
    return file.getvalue()


def write(fw: Command, name: str, data: bytes) -> None:
    (fw.folder / name).write_bytes(data)


def recipe(fw: Command, payload: str, head: str = "") -> None:
    """The recipe `mine`, with the files `kernel` and `notes` as sources."""
    text = f'summary = "x"\nplatform = "vexpress-a15"\n{head}\n[payload]\n{payload}\n'
    for name in ("kernel", "notes"):
        text += f'[sources.{name}]\ntype = "file"\npath = "../../{name}"\n'
    (fw.folder / "layer" / "recipes" / "mine.toml").write_text(text)


RAW = 'type = "raw"\nimage = "kernel"'
LINUX = 'type = "linux"\nimage = "kernel"'


def plan(fw: Command, payload: str = RAW, head: str = "") -> dict[str, Any]:
    recipe(fw, payload, head)
    found = json.loads(fw("plan", "mine")[0])
    assert isinstance(found, dict)
    return found


def problem(fw: Command, payload: str = RAW, head: str = "") -> str:
    recipe(fw, payload, head)
    return fw("plan", "mine", status=2)[1]


def loaded(path: Path) -> list[tuple[int, bytes, int]]:
    """Address, bytes and size in memory of each loadable segment."""
    from elftools.elf.elffile import ELFFile

    with path.open("rb") as file:
        return [
            (each.header.p_paddr, each.data(), each.header.p_memsz)
            for each in ELFFile(file).iter_segments()
            if each.header.p_type == "PT_LOAD"
        ]


# --- each carrier alone ---------------------------------------------------------------


def test_nobody_says_anything(fw: Command) -> None:
    write(fw, "kernel", b"flat binary!")
    found = plan(fw)
    assert found["payload"]["stated-by"] == "legacy"
    assert found["payload"]["modes"] == ["svc"]
    assert [cpu["mode"] for cpu in found["cpus"]] == ["svc", "svc"]


def test_the_recipe_says_it(fw: Command) -> None:
    write(fw, "kernel", b"flat binary!")
    found = plan(fw, head='modes = ["hyp"]')["payload"]
    assert (found["stated-by"], found["modes"], found["overruled"]) == ("recipe", ["hyp"], {})


def test_notes_in_the_payloads_own_file(fw: Command) -> None:
    """Its segments are loaded where they want to be, and entered where the header says."""
    code, data = b"code" * 5, b"data" * 3
    write(fw, "kernel", elf((RAM + 0x10000, code, 0), (RAM + 0x20004, data, 0x5000), entry=RAM + 0x10008))
    found = plan(fw)
    assert found["payload"]["stated-by"] == "notes"
    assert found["payload"]["modes"] == ["svc", "hyp"]
    assert found["payload"]["entry"] == "0x80010008"
    assert found["layout"]["payload-1"] == {"start": "0x80020004", "size": 0x5000, "material": "kernel"}
    fw("image", "mine", "--no-verify")
    folder = fw.folder / "build" / "mine"
    wanted = [(RAM + 0x10000, code, len(code)), (RAM + 0x20004, data, 0x5000)]
    assert [segment for segment in loaded(folder / "mine.elf") if segment in wanted] == wanted
    assert loaded(folder / "mine.payload.elf") == wanted
    again = (folder / "mine.payload.elf").read_bytes()
    write(fw, "kernel", again)
    assert plan(fw)["payload"] == {**found["payload"], "stated-by": "notes"}, "what fwbuild wrote can be a payload"


def test_virtual_addresses_lead_to_physical_ones(fw: Command) -> None:
    data = bytearray(elf((RAM + 0x8000, bytes(64), 0)))
    struct.pack_into("<I", data, 52 + 32 + 8, 0xC0008000)  # p_vaddr of the second program header
    struct.pack_into("<I", data, 24, 0xC0008010)  # e_entry
    write(fw, "kernel", bytes(data))
    assert plan(fw)["payload"]["entry"] == "0x80008010"


def test_a_kernel_in_its_own_file_is_seen_as_the_image_in_it(fw: Command) -> None:
    """Such as arch/arm/boot/compressed/vmlinux, linked to 0 with notes of its own."""
    write(fw, "kernel", elf((0, zimage(), 0)))
    found = plan(fw, LINUX)
    assert found["payload"]["stated-by"] == "notes"
    assert found["payload"]["overruled"] == {"recogniser": ["hyp", "svc"]}
    assert found["layout"]["kernel"]["start"] == "0x80400000"


def test_a_wrapper(fw: Command) -> None:
    """The image has the raw image's bytes, and names its digest."""
    write(fw, "raw", zimage())
    fw("note", "wrap", "raw", "-o", "kernel", "--modes", "svc")
    found = plan(fw, LINUX)
    assert found["payload"]["stated-by"] == "wrapper"
    assert found["payload"]["modes"] == ["svc"]
    assert found["materials"]["kernel"]["sha256"] == digest_of_file(fw.folder / "kernel")
    fw("image", "mine", "--no-verify")
    folder = fw.folder / "build" / "mine"
    assert loaded(folder / "mine.payload.elf") == [(0x80400000, zimage(), 0x28000)]
    (digest,) = (note for note in notes_of(folder / "mine.elf") if note.type == 0x103)
    assert digest.descriptor.hex() == digest_of_file(fw.folder / "raw")


def test_a_wrapper_that_fwbuild_built_keeps_its_place(fw: Command) -> None:
    write(fw, "kernel", zimage())
    plan(fw, LINUX)
    fw("image", "mine", "--no-verify")
    write(fw, "kernel", (fw.folder / "build" / "mine" / "mine.payload.elf").read_bytes())
    found = plan(fw, LINUX)
    assert found["payload"]["stated-by"] == "wrapper"
    assert found["payload"]["entry"] == "0x80400000"
    assert plan(fw, LINUX, "layout = { kernel = 0x80800000 }")["payload"]["entry"] == "0x80800000", "the recipe wins"


def test_a_wrapper_from_the_network(fw: Command) -> None:
    """It lies in the store under its own digest, and its image has another one."""
    write(fw, "raw", zimage())
    fw("note", "wrap", "raw", "-o", "kernel")
    path = fw.folder / "kernel"
    recipe(fw, LINUX)
    file = fw.folder / "layer" / "recipes" / "mine.toml"
    here = 'type = "file"\npath = "../../kernel"'
    assert here in file.read_text()
    there = f'type = "url"\nurl = "file://{path}"\nsha256 = "{digest_of_file(path)}"'
    file.write_text(file.read_text().replace(here, there))
    fw("image", "mine", "--no-verify")
    assert loaded(fw.folder / "build" / "mine" / "mine.payload.elf") == [(0x80400000, zimage(), 0x28000)]


def test_a_plugin_whose_payload_is_no_file(fw: Command) -> None:
    plugin = fw.folder / "layer" / "plugins" / "none"
    plugin.mkdir(parents=True)
    (plugin / "__init__.py").write_text(
        "from dataclasses import dataclass\n"
        "from fwbuild.plugin import Payload, hookimpl, setting\n"
        "@dataclass(frozen=True, kw_only=True)\n"
        "class Options:\n"
        "    type: str = setting('`none`')\n"
        "    image: str = setting('not the name of a source')\n"
        "@hookimpl\n"
        "def fwbuild_payloads():\n"
        "    return [Payload(name='none', summary='x', options=Options)]\n"
    )
    write(fw, "notes", b"")
    nobody = "error[plugin-failed]: no plugin says how to enter the payload `none`"
    assert nobody in problem(fw, 'type = "none"\nimage = "x"')
    err = problem(fw, 'type = "none"\nimage = "x"', 'notes = "notes"')
    assert (
        "mine.toml:3:1: error[bad-value]: `notes` speaks for a payload's file, and the payload `none` has none" in err
    )


def test_a_wrapper_may_say_where_its_image_must_lie(fw: Command) -> None:
    write(fw, "raw", zimage())
    fw("note", "wrap", "raw", "-o", "kernel", "--address", "0x81000000")
    assert plan(fw, LINUX)["payload"]["entry"] == "0x81000000"
    fw("note", "wrap", "raw", "-o", "kernel", "--address", "0x1000")
    assert f"{PLACE}error[layout-rule]: kernel (Linux zImage) at 0x00001000" in problem(fw, LINUX)


@pytest.mark.parametrize("kind", ["xen", "raw"])
def test_wrappers_are_taken_wherever_images_are(fw: Command, kind: str) -> None:
    fw("note", "wrap", "xen", "-o", "kernel", "--modes", "hyp")
    fw("note", "wrap", "zImage", "-o", "notes")
    payload = f'type = "{kind}"\nimage = "kernel"\n'
    if kind == "xen":
        payload += '[payload.dom0]\nkernel = "notes"'
    found = plan(fw, payload)
    assert found["payload"]["stated-by"] == "wrapper"
    part = "xen" if kind == "xen" else "payload"
    assert found["layout"][part]["size"] == 0x9000, "what the zImage header says, and not the file's size"
    fw("image", "mine", "--no-verify")
    contents = [content for _, content, _ in loaded(fw.folder / "build" / "mine" / "mine.elf")]
    assert (fw.folder / "xen").read_bytes() in contents
    assert kind == "raw" or zimage() in contents, "dom0's kernel is unwrapped too"


def test_a_sidecar(fw: Command) -> None:
    write(fw, "kernel", zimage())
    out, _ = fw("note", "sidecar", "kernel", "--modes", "svc", "-o", "notes")
    assert fw("note", "show", "notes")[0] == out
    found = plan(fw, LINUX, 'notes = "notes"')
    assert found["payload"]["stated-by"] == "sidecar"
    assert found["payload"]["modes"] == ["svc"]
    assert plan(fw, LINUX)["payload"]["stated-by"] == "recogniser", "a recipe that does not name it does not get it"


def test_a_sidecar_that_changes_is_noticed(fw: Command) -> None:
    """Nothing is made of it, but the plan depends on it."""
    write(fw, "kernel", zimage())
    fw("note", "sidecar", "kernel", "-o", "notes")
    recipe(fw, LINUX, 'notes = "notes"')
    session = Session(fw.folder)
    session.plans(["mine"])
    assert {str(Path(path).resolve()) for path in session.watched()} >= {
        str(fw.folder / name) for name in ("kernel", "notes")
    }


def test_a_sidecar_has_a_name_of_its_own(fw: Command) -> None:
    fw("note", "sidecar", "zImage")
    assert (fw.folder / "zImage.notes").is_file()


def test_a_sidecar_for_a_file_that_is_elf(fw: Command) -> None:
    write(fw, "kernel", elf((RAM, bytes(64), 0), notes=()))
    _, err = fw("note", "sidecar", "kernel", "-o", "notes", status=2)
    assert "kernel does not tell which modes it accepts" in err
    fw("note", "sidecar", "kernel", "-o", "notes", "--modes", "hyp")
    assert plan(fw, RAW, 'notes = "notes"')["payload"]["stated-by"] == "sidecar"


# --- more than one --------------------------------------------------------------------


def test_the_order_in_which_they_win(fw: Command) -> None:
    """Every set of carriers: the first of the order decides, and the others are reported."""
    order = ["recipe", "wrapper", "sidecar", "recogniser"]
    modes = {"recipe": "svc", "wrapper": "hyp", "sidecar": "monitor", "recogniser": "hyp, svc"}
    for chosen in itertools.product([True, False], repeat=3):
        speaking = [name for name, speaks in zip(order, (*chosen, True), strict=True) if speaks]
        write(fw, "kernel", zimage())
        fw("note", "sidecar", "kernel", "-o", "notes", "--modes", "monitor")
        if "wrapper" in speaking:
            write(fw, "raw", zimage())
            fw("note", "wrap", "raw", "-o", "kernel", "--modes", "hyp")
        head = 'modes = ["svc"]\n' if "recipe" in speaking else ""
        head += 'notes = "notes"\n' if "sidecar" in speaking else ""
        found = plan(fw, LINUX, head)["payload"]
        assert found["stated-by"] == speaking[0]
        assert found["modes"] == modes[speaking[0]].split(", ")
        assert {name: ", ".join(said) for name, said in found["overruled"].items()} == {
            name: modes[name] for name in speaking[1:]
        }


def test_own_notes_win_over_a_sidecar(fw: Command) -> None:
    write(fw, "kernel", elf((RAM, bytes(64), 0)))
    fw("note", "sidecar", "kernel", "-o", "notes", "--modes", "hyp")
    found = plan(fw, RAW, 'notes = "notes"')["payload"]
    assert (found["stated-by"], found["overruled"]) == ("notes", {"sidecar": ["hyp"]})


def test_what_the_first_leaves_open_the_next_one_says(fw: Command) -> None:
    statement = Statement(modes=(Mode.HYP, Mode.SVC), uniform=False, secondaries=(StartMethod.MAILBOX,), entry_point=8)
    write(fw, "kernel", elf((RAM, bytes(64), 0), notes=statement.notes()))
    found = plan(fw, RAW, 'modes = ["svc"]')["payload"]
    assert found["stated-by"] == "recipe"
    assert found["uniform"] is False, "the recipe says nothing of it"
    assert found["secondaries"] == ["mailbox"]
    assert found["entry"] == "0x80000008"


def test_secondaries_that_the_platform_does_not_have(fw: Command) -> None:
    write(fw, "raw", zimage())
    fw("note", "wrap", "raw", "-o", "kernel", "--secondaries", "psci-smc")
    expected = "error[bad-payload]: the payload starts secondary CPUs by psci-smc, but vexpress-a15 has mailbox"
    assert expected in problem(fw, LINUX)
    assert plan(fw, LINUX, "cpus = 1")["payload"]["secondaries"] == ["psci-smc"]


# --- the entry point ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("point", "entry"), [(RAM + 0x10010, RAM + 0x10010), (0x10, RAM + 0x10010), (RAM + 0x20000, RAM + 0x20000)]
)
def test_an_entry_point_is_an_address_or_an_offset(fw: Command, point: int, entry: int) -> None:
    notes = Statement(modes=(Mode.SVC,), entry_point=point).notes()
    segments = (RAM + 0x10000, bytes(64), 0x1000), (RAM + 0x20000, bytes(64), 0)
    write(fw, "kernel", elf(*segments, entry=0, notes=notes))
    assert plan(fw)["payload"]["entry"] == f"{entry:#x}"


def test_an_entry_point_in_a_wrapper_and_in_a_sidecar(fw: Command) -> None:
    write(fw, "raw", b"code" * 16)
    fw("note", "wrap", "raw", "-o", "kernel", "--modes", "svc", "--entry-point", "0x10")
    assert plan(fw)["payload"]["entry"] == "0x80000010"
    fw("note", "wrap", "raw", "-o", "kernel", "--modes", "svc", "--address", "0x80400000")
    assert plan(fw)["payload"]["entry"] == "0x80400000"
    write(fw, "kernel", b"code" * 16)
    fw("note", "sidecar", "kernel", "-o", "notes", "--modes", "svc", "--entry-point", "0x20")
    assert plan(fw, f"{RAW}\naddress = 0x80001000", 'notes = "notes"')["payload"]["entry"] == "0x80001020"


# --- bad input ------------------------------------------------------------------------

PLACE = "layer/recipes/mine.toml:6:1: "


def patched(data: bytes, offset: int, value: bytes) -> bytes:
    return data[:offset] + value + data[offset + len(value) :]


GOOD = elf((RAM, b"code" * 16, 0))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (patched(GOOD, 4, b"\2"), "error[bad-elf]: kernel"),
        (patched(GOOD, 5, b"\2"), "error[bad-elf]: kernel"),
        (patched(GOOD, 18, b"\x3e\0"), "error[bad-elf]: kernel is an ELF file for X86_64, not for ARM"),
        (GOOD[:0x1010], "error[bad-elf]: kernel"),
        (b"\x7fELF" + bytes(60), "error[bad-elf]: kernel: not a readable ELF file"),
        (
            elf((RAM, bytes(64), 0x100), (RAM + 0x80, bytes(64), 0)),
            "error[bad-elf]: kernel: the segments for 0x80000000-0x800000ff and 0x80000080-0x800000bf overlap",
        ),
        (
            elf((0xFFFFF000, bytes(64), 0x2000)),
            "error[bad-elf]: kernel: the segment for 0xfffff000 ends at 0x100001000, beyond 32 bits",
        ),
        (
            patched(GOOD, 52 + 32 + 16, struct.pack("<II", 64, 32)),
            "error[bad-elf]: kernel: the segment for 0x80000000 has 64 bytes in the file and 32 in memory",
        ),
        (
            elf((RAM, bytes(64), 0), entry=0x1000),
            "error[bad-elf]: kernel has an entry outside its segments\n",
        ),
        (
            elf((RAM, bytes(64), 0), entry=RAM + 1),
            "error[bad-payload]: kernel is entered at 0x80000001, in Thumb state",
        ),
        (
            elf((RAM, bytes(64), 0), notes=Statement(modes=(Mode.SVC,), entry_point=0x1000).notes()),
            "error[bad-note]: kernel: the ENTRY_POINT note says 0x1000, which is neither an address nor an offset",
        ),
        (
            elf((RAM, bytes(64), 0), notes=(Note(0x100, struct.pack("<3I", 1, 0, 9)),)),
            "error[bad-note]: kernel: the ENTRY_MODES note names the unknown mode 9",
        ),
        (
            elf((0x1000, bytes(64), 0)),
            "error[layout-no-room]: payload (your kernel) at 0x00001000-0x0000103f is not in RAM",
        ),
        (
            elf((RAM, bytes(64), 0), notes=Statement(modes=(Mode.SVC,), payload_digest=bytes(32)).notes()),
            "error[note-mismatch]: kernel holds an image with the SHA-256 f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8"
            "ea9831a92759fb4b, but its PAYLOAD_DIGEST note says 0000",
        ),
        (
            elf(
                (RAM, bytes(64), 0),
                (RAM + 64, bytes(64), 0),
                notes=Statement(modes=(Mode.SVC,), payload_digest=bytes(32)).notes(),
            ),
            "error[bad-elf]: kernel has a PAYLOAD_DIGEST note, so it must hold one image, but it has 2 segments",
        ),
    ],
)
def test_a_bad_elf_payload(fw: Command, data: bytes, expected: str) -> None:
    write(fw, "kernel", data)
    err = problem(fw)
    assert f"{PLACE}{expected}" in err
    assert err.count("error[") == 1
    assert err.count("  hint: ") == 1


def test_kinds_of_elf_that_are_not_for_this_cpu(fw: Command) -> None:
    write(fw, "kernel", Path("/bin/true").read_bytes())
    assert f"{PLACE}error[bad-elf]: kernel is ELF64, but the payload runs on 32-bit CPUs" in problem(fw)
    header = struct.pack(">4s5B7xHHIIIIIHHHHHH", b"\x7fELF", 1, 2, 1, 0, 0, 2, 40, 1, 0, 0, 0, 0, 52, 32, 0, 40, 0, 0)
    write(fw, "kernel", header)
    assert f"{PLACE}error[bad-elf]: kernel is a big-endian ELF file" in problem(fw)


def test_notes_alone_are_no_payload(fw: Command) -> None:
    write(fw, "raw", zimage())
    fw("note", "sidecar", "raw", "-o", "kernel")
    assert "must hold one image, but it has 0 segments" in problem(fw)
    write(fw, "kernel", elf((RAM, b"", 0)))
    assert f"{PLACE}error[bad-elf]: kernel is an ELF file without anything to load" in problem(fw)


def test_an_elf_file_where_an_image_belongs(fw: Command) -> None:
    write(fw, "kernel", elf((RAM, bytes(64), 0), (RAM + 64, bytes(64), 0)))
    assert f"{PLACE}error[bad-payload]: kernel is no zImage" in problem(fw, LINUX)


def test_only_wrappers_are_opened_beside_the_payload(fw: Command) -> None:
    """Another file may be any ELF file: what it means is for the plugin to say."""
    write(fw, "kernel", (fw.folder / "xen").read_bytes())
    payload = 'type = "xen"\nimage = "kernel"\n[payload.dom0]\nkernel = "notes"'
    for data in (elf((RAM, zimage(), 0)), Path("/bin/true").read_bytes()):
        write(fw, "notes", data)
        assert "mine.toml:8:1: error[bad-payload]: notes is no zImage" in problem(fw, payload)


def test_a_sidecar_for_another_payload(fw: Command) -> None:
    write(fw, "kernel", zimage())
    fw("note", "sidecar", "kernel", "-o", "notes")
    write(fw, "kernel", zimage(unpacked=0x30000))
    err = problem(fw, LINUX, 'notes = "notes"')
    assert "mine.toml:3:1: error[note-mismatch]: notes speaks of a payload with the SHA-256 " in err
    assert digest_of_file(fw.folder / "kernel") in err
    assert "hint: the payload is another version" in err


def test_a_sidecar_that_is_none(fw: Command) -> None:
    write(fw, "kernel", zimage())
    write(fw, "notes", b"svc")
    assert "mine.toml:3:1: error[bad-note]: notes is no ELF file with notes" in problem(fw, LINUX, 'notes = "notes"')
    write(fw, "notes", elf((RAM, bytes(64), 0)))
    err = problem(fw, LINUX, 'notes = "notes"')
    assert "mine.toml:3:1: error[bad-note]: notes has no PAYLOAD_DIGEST note, so it may speak of any payload" in err
    assert "mine.toml:3:1: error[unknown-name]: there is no source `gone`" in problem(fw, LINUX, 'notes = "gone"')


@pytest.mark.parametrize("key", ["address", "memory-size"])
def test_what_an_elf_file_says_itself(fw: Command, key: str) -> None:
    write(fw, "kernel", GOOD)
    err = problem(fw, f"{RAW}\n{key} = 0x80001000")
    assert f"mine.toml:7:1: error[bad-value]: `{key}` is for flat binaries, and kernel is an ELF file" in err


def test_a_flat_binary_where_it_cannot_be(fw: Command) -> None:
    write(fw, "kernel", b"code" * 16)
    assert "mine.toml:7:1: error[layout-no-room]: payload (your kernel)" in problem(fw, f"{RAW}\naddress = 0x1000")
    assert "mine.toml:7:1: error[bad-value]: `memory-size` is 4 bytes, but kernel needs 64" in problem(
        fw, f"{RAW}\nmemory-size = 4"
    )


def test_truncated_payloads_never_crash(fw: Command) -> None:
    whole = elf((RAM, bytes(range(64)), 0), (RAM + 0x1000, bytes(64), 0))
    recipe(fw, RAW)
    for size in range(4, len(whole), len(whole) // 25):
        write(fw, "kernel", whole[:size])
        _, err = fw("plan", "mine", status=2)
        assert f"{PLACE}error[bad-elf]: kernel" in err, size
