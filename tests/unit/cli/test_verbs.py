# SPDX-License-Identifier: Apache-2.0
"""The commands beside ``image``, on a project of made-up payloads."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from fwbuild import __version__
from fwbuild.cli.main import VERBS, main
from fwbuild.elf.notes import understand
from fwbuild.elf.read import notes_of
from fwbuild.model.modes import Mode, StartMethod
from tests.conftest import Command
from tests.project import ROOT, zimage


def test_help_names_every_command(fw: Command) -> None:
    out, _ = fw("--help")
    for verb in VERBS:
        assert f"\n  {verb} " in out
    assert fw("help")[0] == out
    assert fw(status=2)[0] == out


@pytest.mark.parametrize("verb", VERBS)
def test_each_command_has_help(fw: Command, verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    for words in ([verb, "--help"], ["help", verb]):
        with pytest.raises(SystemExit) as caught:
            main(words)
        assert caught.value.code == 0
        assert f"usage: fwbuild {verb}" in capsys.readouterr().out


def test_version(fw: Command) -> None:
    assert fw("--version") == (f"fwbuild {__version__}\n", "")


def test_a_command_that_is_misspelt(fw: Command) -> None:
    _, err = fw("imgae", status=2)
    assert err == "error[usage]: there is no command `imgae`\n  hint: did you mean `image`?\n"


def test_another_folder(fw: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    out, _ = fw("list", "-C", str(fw.folder), "recipes")
    assert "xen-a15" in out
    _, err = fw("list", "-C", "gone", status=2)
    assert err == "error[usage]: cannot go to gone: No such file or directory\n"


def test_list(fw: Command) -> None:
    out, _ = fw("list")
    assert out.splitlines() == [
        "recipes",
        "  conformance-a15       the conformance payload on a Cortex-A15, entered in hyp mode",
        "  conformance-a9        the conformance payload on Cortex-A9s, entered in svc mode",
        "  conformance-virt-a15  the conformance payload on QEMU's virt machine, four Cortex-A15, entered in hyp mode",
        "  kvm-a15               Debian's Linux as a KVM host would be entered, on a Cortex-A15",
        "  linux-a15             Debian's Linux on a Cortex-A15, entered in hyp mode",
        "  xen-a15               Debian's Xen 4.17 with Debian's Linux as dom0, on a Cortex-A15",
        "platforms",
        "  vexpress-a15  ARM Versatile Express with CoreTile Express A15x2 (V2P-CA15)",
        "  vexpress-a9   ARM Versatile Express with CoreTile Express A9x4 (V2P-CA9)",
        "  virt-a15      QEMU's machine `virt` with four Cortex-A15",
        "payloads",
        "  conformance  reports how it was entered and attacks what was dropped",
        "  kvm          Linux for 32-bit ARM as a KVM host, a zImage",
        "  linux        Linux for 32-bit ARM, a zImage",
        "  raw          a kernel of your own, a flat binary or an ELF file",
        "  xen          Xen for 32-bit ARM with a Linux dom0",
    ]
    assert fw("list", "payloads")[0].splitlines() == out.splitlines()[-5:]


def test_show(fw: Command) -> None:
    out, _ = fw("show", "xen-a15")
    for line in (
        "recipe xen-a15",
        '  payload.dom0.bootargs = "console=hvc0"',
        "platform vexpress-a15",
        "  cpus[1].mpidr = 1",
        "  gic.distributor = 0x2c001000",
        "  timer.frequency = 24000000",
        "source xen-armhf",
        '  path = "xen"',
    ):
        assert f"{line}\n" in out
    assert "  # modes stated by: the payload's notes, or what its plugin recognises: see `fwbuild plan`\n" in out
    out, _ = fw("show", "xen-a15", "--origin")
    assert f"  gic.version = 2  # fwbuild: {ROOT}/platforms/vexpress-a15/platform.toml:25:1\n" in out
    assert "  console.baud = 115200  # default\n" in out
    assert "  verify.deadline = 180  # default\n" in out
    assert f'  path = "xen"  # {fw.folder}/fwbuild.toml:7:1\n' in out


def test_plan(fw: Command) -> None:
    plan = json.loads(fw("plan", "xen-a15")[0])
    assert plan["payload"]["modes"] == ["hyp"]
    assert plan["layout"]["xen"] == {"start": "0x80000000", "size": 0x9000, "material": "xen-armhf"}
    steps = json.loads(fw("plan", "xen-a15", "--steps")[0])
    assert list(steps)[-1] == "xen-a15: verdict"
    assert steps["xen-a15: boot code"]["params"]["symbols"]["PAYLOAD_ENTRY"] == 0x80000000
    assert not (fw.folder / "build").exists(), "a plan builds nothing"


def test_map(fw: Command) -> None:
    out, _ = fw("map", "xen-a15")
    assert out.splitlines()[2:] == [
        "  RAM 0x80000000-0xbfffffff, 1 GiB",
        "  +------------+--------------+",
        "  | 0x80000000 | xen          | Xen: 16,384 bytes, takes 36 KiB",
        "  +------------+--------------+",
        "  | 0x80009000 | dom0-kernel  | dom0's Linux zImage: 32,768 bytes, takes 32 KiB",
        "  +------------+--------------+",
        "  | 0x80011000 | dom0-ramdisk | dom0's initial RAM disk: 4,102 bytes, takes 8 KiB",
        "  +------------+--------------+",
        "  | 0x80013000 | device-tree  | device tree: 20,480 bytes, takes 20 KiB",
        "  +------------+--------------+",
        "  | 0x80018000 |              | free, 1023.9 MiB",
        "  +------------+--------------+",
        "  | 0xbffff000 | boot-code    | boot code and pen: 4,096 bytes, takes 4 KiB",
        "  +------------+--------------+",
    ]


def test_the_command_to_run_an_image(fw: Command) -> None:
    out, _ = fw("run", "linux-a15", "--command")
    words = shlex.split(out)
    assert words[0] == "qemu-system-arm"
    assert words[words.index("-kernel") + 1] == str(fw.folder / "build" / "linux-a15" / "linux-a15.elf")
    assert words[words.index("-serial") + 1] == "mon:stdio"
    assert words[words.index("-M") + 1] == "vexpress-a15,secure=on,virtualization=on"


def test_clean(fw: Command) -> None:
    fw("image", "linux-a15", "xen-a15", "--no-verify")
    mine = fw.folder / "build" / "mine"
    mine.mkdir()
    fw("clean", "xen-a15")
    assert sorted(path.name for path in (fw.folder / "build").iterdir()) == ["linux-a15", "mine"]
    fw("clean")
    assert sorted(path.name for path in (fw.folder / "build").iterdir()) == ["mine"], "only what fwbuild made"
    mine.rmdir()
    fw("image", "linux-a15", "--no-verify")
    fw("clean", "--store")
    assert not (fw.folder / "build").exists()
    assert not (fw.folder / ".fwbuild" / "files").exists()
    _, err = fw("clean", "linux-a51", status=2)
    assert "did you mean `linux-a15`?" in err


def test_lock_without_packages(fw: Command) -> None:
    assert fw("lock")[0] == "fwbuild.lock: 0 packages, 0 changed, 0 dropped\n"
    _, err = fw("lock", "--update", "xem", status=2)
    assert err.startswith("error[unknown-name]: no deb source is called `xem`\n")


# --- note -----------------------------------------------------------------------------


def test_note_wrap_and_show(fw: Command) -> None:
    out, _ = fw("note", "wrap", "zImage", "-o", "kernel.elf", "--secondaries", "mailbox")
    assert "  modes        hyp, svc (the same on every CPU)\n  secondaries  mailbox\n  digest       sha256 " in out
    assert fw("note", "show", "kernel.elf")[0] == out
    raw = (fw.folder / "zImage").read_bytes()
    assert raw in (fw.folder / "kernel.elf").read_bytes(), "the payload's bytes are unchanged"


def test_note_wrap_of_what_does_not_tell_its_modes(fw: Command) -> None:
    _, err = fw("note", "wrap", "xen", "-o", "xen.elf", status=2)
    assert err == (
        "xen: error[usage]: xen does not tell which modes it accepts\n"
        "  hint: say it with --modes, such as --modes hyp for Xen\n"
    )
    assert not (fw.folder / "xen.elf").exists()
    fw("note", "wrap", "xen", "-o", "xen.elf", "--modes", "hyp", "--address", "0x80000000")
    assert understand(notes_of(fw.folder / "xen.elf"), path="x").modes == (Mode.HYP,)
    (fw.folder / "raw").write_bytes(b"anything at all, long enough to have a header of some sort......")
    fw("note", "wrap", "raw", "-o", "raw.elf", "--modes", "svc,hyp", "--each-its-own")
    found = understand(notes_of(fw.folder / "raw.elf"), path="x")
    assert (found.modes, found.uniform) == ((Mode.SVC, Mode.HYP), False)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("show", "gone"), "gone: error[unreadable-file]: cannot read gone: No such file or directory"),
        (("show", "zImage"), "error[bad-elf]: zImage is no ELF file, so it has no notes"),
        (("wrap", "gone", "-o", "x"), "error[unreadable-file]: cannot read gone"),
        (
            ("wrap", "zImage", "-o", "x", "--modes", "hip"),
            "error[usage]: there is no `hip`\n  hint: did you mean `hyp`?",
        ),
        (("wrap", "zImage", "-o", "x", "--modes", "hyp,hyp"), "error[usage]: `hyp,hyp` names something twice"),
        (("wrap", "zImage", "-o", "no/x"), "error[store]: cannot write"),
        (("emit", "--secondaries", "smoke"), "error[usage]: there is no `smoke`"),
        ((), "error[usage]: the following arguments are required: show|wrap|sidecar|emit"),
    ],
)
def test_note_with_bad_input(fw: Command, words: tuple[str, ...], expected: str) -> None:
    _, err = fw("note", *words, status=1 if "error[store]" in expected else 2)
    assert expected in err


def test_note_wrap_of_a_broken_zimage(fw: Command) -> None:
    (fw.folder / "bad").write_bytes(zimage(end=0x100))
    _, err = fw("note", "wrap", "bad", "-o", "bad.elf", status=2)
    assert "error[bad-payload]: bad has 32,768 bytes, but its zImage header says that it ends after 256" in err
    fw("note", "wrap", "zImage", "-o", "kernel.elf")
    _, err = fw("note", "wrap", "kernel.elf", "-o", "again.elf", status=2)
    assert "error[bad-payload]: kernel.elf is an ELF file already" in err


LINKER_SCRIPT = """\
PHDRS { text PT_LOAD; note PT_NOTE; }
SECTIONS {
  .text 0x80000000 : { *(.text) } :text
  .note.fwbuild : { KEEP(*(.note.fwbuild.*)) } :text :note
}
"""


@pytest.mark.parametrize("language", ["asm", "c"])
def test_emitted_notes_are_understood_when_a_kernel_links_them(fw: Command, language: str) -> None:
    out, _ = fw("note", "emit", "--language", language, "--modes", "svc,hyp", "--secondaries", "mailbox,psci-smc")
    source = fw.folder / ("note.S" if language == "asm" else "note.c")
    source.write_text(out)
    (fw.folder / "kernel.lds").write_text(LINKER_SCRIPT)
    make, ld = ["arm-linux-gnueabihf-as", "-o", "note.o", "note.S"], "arm-linux-gnueabihf-ld"
    if language == "c":  # nothing in the header depends on the architecture, so the host's compiler will do
        make, ld = ["cc", "-Wall", "-Wextra", "-Werror", "-ffreestanding", "-c", "note.c"], "ld"
    subprocess.run(make, cwd=fw.folder, check=True)
    link = [ld, "-T", "kernel.lds", "--gc-sections", "-e", "0x80000000", "-o", "k.elf", "note.o"]
    subprocess.run(link, cwd=fw.folder, check=True)
    found = understand(notes_of(fw.folder / "k.elf"), path="k.elf")
    assert found.modes == (Mode.SVC, Mode.HYP)
    assert found.uniform
    assert found.secondaries == (StartMethod.MAILBOX, StartMethod.PSCI_SMC)


# --- inspect --------------------------------------------------------------------------


def test_inspect(fw: Command) -> None:
    fw("image", "xen-a15", "--no-verify")
    out, _ = fw("inspect", "build/xen-a15/xen-a15.elf")
    assert "build/xen-a15/xen-a15.elf: ELF32 for ARM, entry 0xbffff" in out
    assert "  LOAD  0x80000000      16,384 bytes,     36,864 in memory  .xen\n" in out
    assert "  modes        hyp (the same on every CPU)\n" in out
    found = json.loads(fw("inspect", "--json", "build/xen-a15/xen-a15.elf")[0])
    assert [note["type"] for note in found["notes"]] == [0x100, 0x101, 0x102, 0x103]


def test_inspect_of_a_foreign_file(fw: Command) -> None:
    shutil.copy("/bin/true", fw.folder / "foreign")
    out, _ = fw("inspect", "foreign")
    assert "ELF64 for " in out
    assert "  no notes of fwbuild\n" in out


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (None, "cannot read bad: No such file or directory"),
        (b"no ELF", "bad: error[bad-elf]: bad is no ELF file"),
        (b"\x7fELF", "bad: error[bad-elf]: "),
    ],
)
def test_inspect_of_what_is_no_image(fw: Command, data: bytes | None, expected: str) -> None:
    if data is not None:
        (fw.folder / "bad").write_bytes(data)
    _, err = fw("inspect", "bad", status=2)
    assert expected in err


def test_inspect_of_truncated_images_never_crashes(fw: Command) -> None:
    fw("image", "linux-a15", "--no-verify")
    data = (fw.folder / "build" / "linux-a15" / "linux-a15.symbols.elf").read_bytes()
    for size in range(4, len(data), len(data) // 12):
        (fw.folder / "cut").write_bytes(data[:size])
        status = main(["inspect", "cut"])
        assert status in (0, 2), size


def test_rules(fw: Command) -> None:
    out, _ = fw("rules")
    assert (
        "  smc-sealed: SMC is UNDEFINED: nothing brings secure state back\n"
        "      SCR = 0x80 in the bits 0x80; hyp, svc, cores with virtualization, started in secure state\n"
        "      ARM ARM, SCR.SCD\n"
    ) in out
    out, _ = fw("rules", "xen-a15", "-q")
    assert (
        "  timer-frequency: the payload is told the counter's true frequency\n      CNTFRQ = 0x16e3600; all modes\n"
        in out
    )
    assert "      write to 0x2c001084 and 3 more = 0xffffffff; hyp, svc, boot CPU\n" in out
    assert "  xen-cpus: Xen has brought up 2 CPUs\n" in out
    assert "hvc-sealed" not in out, "it is about payloads in svc"
