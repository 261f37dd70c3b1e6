# SPDX-License-Identifier: Apache-2.0
"""``fwbuild image`` on a project of made-up payloads, with good input and with bad."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fwbuild.cli.main import Parser
from fwbuild.devicetree.blob import read_blob
from fwbuild.elf.notes import understand
from fwbuild.elf.read import notes_of
from fwbuild.engine.key import digest_of_file
from fwbuild.model.modes import Mode
from fwbuild.verify import qemu, unicorn
from tests.conftest import Command
from tests.project import CONSOLE, ROOT, tree, zimage

FILES = [
    "linux-a15.dtb",
    "linux-a15.dts",
    "linux-a15.elf",
    "linux-a15.map",
    "linux-a15.payload.elf",
    "linux-a15.symbols.elf",
    "manifest.json",
]


def built(fw: Command) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((fw.folder / "build" / "linux-a15").iterdir())}


def test_an_image_is_built_and_then_nothing_is_to_do(fw: Command) -> None:
    out, err = fw("image", "linux-a15", "--no-verify")
    assert out == "linux-a15: built in build/linux-a15/\n  not verified\n"
    assert "done  linux-a15: boot code" in err
    assert sorted(built(fw)) == FILES
    out, err = fw("image", "linux-a15", "--no-verify")
    assert out == "linux-a15: nothing to do, build/linux-a15/ is up to date\n  not verified\n"
    assert err == ""


def test_quiet_says_nothing(fw: Command) -> None:
    assert fw("image", "linux-a15", "--no-verify", "-q") == ("", "")


def test_options_and_names_in_any_order(fw: Command) -> None:
    out, _ = fw("image", "-j", "2", "linux-a15", "--no-verify", "xen-a15")
    assert out.count("built in") == 2
    assert fw("plan", "linux-a15", "-q", "xen-a15", "--steps")[0].count('"xen-a15: verdict"') == 1


def test_the_manifest_tells_what_is_inside(fw: Command) -> None:
    fw("image", "linux-a15", "--no-verify")
    manifest = json.loads(built(fw)["manifest.json"])
    assert manifest["cpus"][1] == {
        "cpu": "0x1",
        "core": "cortex-a15",
        "mode": "hyp",
        "secure-state": "sealed",
        "hyp-state": "own",
        "seals": {"monitor": "sealed"},
        "refused": {},
    }
    assert manifest["payload"] == {
        "type": "linux",
        "entry": "0x80400000",
        "modes": ["hyp", "svc"],
        "uniform": True,
        "secondaries": ["psci-smc", "psci-hvc", "mailbox"],
        "stated-by": "recogniser",
        "overruled": {},
    }
    assert manifest["materials"]["linux-armmp-lpae"]["sha256"] == digest_of_file(fw.folder / "zImage")
    for name, entry in manifest["files"].items():
        assert entry["sha256"] == digest_of_file(fw.folder / "build" / "linux-a15" / name)


def test_the_image_carries_the_payloads_notes(fw: Command) -> None:
    fw("image", "linux-a15", "--no-verify")
    folder = fw.folder / "build" / "linux-a15"
    for name in ("linux-a15.elf", "linux-a15.payload.elf"):
        statement = understand(notes_of(folder / name), path=name)
        assert statement.modes == (Mode.HYP, Mode.SVC)
        assert statement.entry_point == 0x80400000
        assert statement.payload_digest.hex() == digest_of_file(fw.folder / "zImage")


def test_the_tree_says_what_it_must(fw: Command) -> None:
    fw("image", "linux-a15", "--no-verify")
    found = read_blob(built(fw)["linux-a15.dtb"])
    assert found.node("/chosen").properties["stdout-path"] == f"{CONSOLE}:115200n8\0".encode()
    reserved = found.node("/reserved-memory/boot-code@bffff000")
    assert reserved.properties["reg"] == bytes.fromhex("00000000 bffff000 00000000 00001000")
    assert reserved.properties["no-map"] == b""
    assert found.node("/memory@80000000").properties["reg"] == bytes.fromhex("00000000 80000000 00000000 40000000")
    for cpu in ("/cpus/cpu@0", "/cpus/cpu@1"):
        cells = [found.node(cpu).cell(f"fwbuild,{name}") for name in ("entry-mode", "secure-state", "hyp-state")]
        assert cells == [0xFFFFFFFF] * 3, "no CPU has written its record yet"


def test_one_cpu_of_two(fw: Command) -> None:
    (fw.folder / "layer" / "recipes" / "one.toml").write_text(
        'summary = "x"\nplatform = "vexpress-a15"\ncpus = 1\n[payload]\ntype = "linux"\nimage = "linux-armmp-lpae"\n'
    )
    fw("image", "one", "--no-verify")
    found = read_blob((fw.folder / "build" / "one" / "one.dtb").read_bytes())
    assert list(found.node("/cpus").children) == ["cpu@0"]


def test_equal_inputs_give_equal_bytes_elsewhere(fw: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another path, store, umask, locale, time zone and number of jobs."""
    fw("image", "linux-a15", "--no-verify", "-j", "4")
    first = built(fw)
    other = tmp_path / "another place" / "deeper"
    shutil.copytree(fw.folder, other, ignore=shutil.ignore_patterns("build", ".fwbuild"))
    script = f"umask 077; cd '{other}' && {sys.executable} -m fwbuild image linux-a15 --no-verify -q -j 1"
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "LC_ALL": "C", "TZ": "Asia/Tokyo", "HOME": "/"}
    subprocess.run(["sh", "-c", script], check=True, env=environment)
    second = {path.name: path.read_bytes() for path in sorted((other / "build" / "linux-a15").iterdir())}
    assert first == second


def test_a_change_rebuilds_only_what_it_changes(fw: Command) -> None:
    fw("image", "linux-a15", "--no-verify")
    recipe = (ROOT / "recipes" / "linux-a15.toml").read_text().replace("ttyAMA0", "ttyAMA1")
    (fw.folder / "layer" / "recipes" / "mine.toml").write_text(recipe)
    _, err = fw("image", "mine", "--no-verify")
    ran = {" ".join(line.split()[1:-2]) for line in err.splitlines()}
    assert ran == {"mine: device tree", "mine: map", "mine: image", "mine: manifest"}, (
        "the boot code and the wrapped payload are those of linux-a15"
    )


def test_unverified_files_take_the_old_verdict_away(fw: Command) -> None:
    fw("image", "linux-a15", "--no-verify")
    (fw.folder / "build" / "linux-a15" / "verdict.json").write_text("{}")
    fw("image", "linux-a15", "--no-verify")
    assert sorted(built(fw)) == FILES


# --- bad input ------------------------------------------------------------------------

Spoil = Callable[[Path], None]


def replace(name: str, data: bytes) -> Spoil:
    return lambda folder: void((folder / name).write_bytes(data))


def recipe(text: str) -> Spoil:
    def write(folder: Path) -> None:
        (folder / "layer" / "recipes" / "linux-b.toml").write_text(text)

    return write


def void(value: object) -> None:
    """Throws a value away: a callback returns nothing."""


HEAD = 'summary = "x"\nplatform = "vexpress-a15"\n'
LINUX = '[payload]\ntype = "linux"\nimage = "linux-armmp-lpae"\n'


@pytest.mark.parametrize(
    ("spoil", "name", "expected"),
    [
        (
            replace("zImage", zimage()[:20]),
            "linux-a15",
            "recipes/linux-a15.toml:7:1: error[bad-payload]: linux-armmp-lpae has 20 bytes, too few for a zImage header",
        ),
        (
            replace("zImage", zimage()[:0x4000]),
            "linux-a15",
            "error[bad-payload]: linux-armmp-lpae has 16,384 bytes, but its zImage header says 32,768",
        ),
        (
            replace("zImage", zimage(end=0x1000)),
            "linux-a15",
            "error[bad-payload]: linux-armmp-lpae has 32,768 bytes, but its zImage header says that it ends after 4,096",
        ),
        (
            replace("zImage", zimage(end=0x10)),
            "linux-a15",
            "error[bad-payload]: linux-armmp-lpae has a zImage header that says it ends at 0x10, inside the header",
        ),
        (
            replace("zImage", b"\x7fELF" + bytes(100)),
            "linux-a15",
            "recipes/linux-a15.toml:7:1: error[bad-elf]: linux-armmp-lpae: not a readable ELF file",
        ),
        (replace("zImage", b"\x1f\x8b" + bytes(100)), "linux-a15", "  hint: it looks like a gzip file"),
        (replace("xen", zimage()), "xen-a15", "error[bad-payload]: xen-armhf is a Linux zImage, not Xen"),
        (
            replace("xen", zimage(0x1000, end=0x1000000, linux=False)),
            "xen-a15",
            "error[bad-payload]: xen-armhf has 4,096 bytes, but its zImage header says 16,777,216",
        ),
        (
            replace("board.dtb", b"no tree"),
            "linux-a15",
            "platform.toml:49:1: error[bad-device-tree]: vexpress-a15-dtb: not a flattened device tree: starts with 6e 6f",
        ),
        (
            lambda folder: tree(folder / "board.dtb", "/dts-v1/; / { };"),
            "linux-a15",
            "platform.toml:39:1: error[bad-device-tree]: the base tree has no console node /bus@8000000/",
        ),
        (
            replace("ramdisk.cpio", bytes(0x20000001)),
            "linux-a15",
            "error[layout-no-room]: no room for ramdisk (initial RAM disk): 536,870,913 bytes within",
        ),
        (
            recipe(f"{HEAD}layout = {{ kernel = 0x80000000 }}\n{LINUX}"),
            "linux-b",
            "linux-b.toml:3:12: error[layout-overlap]: kernel (Linux zImage) at 0x80000000-0x80027fff overlaps"
            " unpacked-kernel",
        ),
        (
            recipe(f"{HEAD}layout = {{ kernel = 0x88000000 }}\n{LINUX}"),
            "linux-b",
            "linux-b.toml:3:12: error[layout-rule]: kernel (Linux zImage) at 0x88000000-0x88027fff must lie in 0x80000000",
        ),
        (
            recipe(f"{HEAD}layout = {{ kernal = 0x82000000 }}\n{LINUX}"),
            "linux-b",
            "linux-b.toml:3:12: error[unknown-name]: the image has no part `kernal` to lay out",
        ),
        (
            recipe(f"{HEAD}modes = ['monitor', 'monitor']\n{LINUX}"),
            "linux-b",
            "linux-b.toml:3:1: error[bad-value]: `modes` names monitor twice",
        ),
        (
            recipe(f"{HEAD.replace('a15', 'a51')}{LINUX}"),
            "linux-b",
            "linux-b.toml:2:1: error[unknown-name]: there is no platform `vexpress-a51`",
        ),
        (
            recipe(f"{HEAD}{LINUX.replace('linux', 'linus', 1)}"),
            "linux-b",
            "linux-b.toml:4:1: error[unknown-name]: there is no payload `linus`",
        ),
        (
            recipe(f"{HEAD}{LINUX}bootarg = 'x'\n"),
            "linux-b",
            "linux-b.toml:6:1: error[unknown-key]: unknown key `bootarg`",
        ),
        (
            recipe(f"{HEAD}{LINUX.replace('armmp', 'armp')}"),
            "linux-b",
            "linux-b.toml:5:1: error[unknown-name]: there is no source `linux-armp-lpae`",
        ),
        (
            recipe(f"{HEAD}cpus = 3\n{LINUX}"),
            "linux-b",
            "linux-b.toml:3:1: error[bad-value]: `cpus` is 3, but vexpress-a15 has 2",
        ),
        (
            recipe(f"{HEAD}fragments = ['gone.dtso']\n{LINUX}"),
            "linux-b",
            "linux-b.toml:3:14: error[unreadable-file]: there is no fragment",
        ),
        (
            recipe(f"{HEAD}{LINUX}[verify]\nexpect = ['[']\n"),
            "linux-b",
            "linux-b.toml:7:11: error[bad-value]: `[` is no regular expression: unterminated character set at position 0",
        ),
        (
            recipe(f"{HEAD}{LINUX}[verify]\nemulator = 'qemo'\n"),
            "linux-b",
            "linux-b.toml:7:1: error[unknown-name]: vexpress-a15 has no machine for the emulator `qemo`",
        ),
        (
            lambda folder: (folder / "zImage").unlink(),
            "linux-a15",
            "fwbuild.toml:4:1: error[unreadable-file]: ",
        ),
        (lambda folder: None, "linux-a51", "error[unknown-name]: there is no recipe `linux-a51`"),
        (
            recipe("summary = 'x'\nplatform = \n"),
            "linux-b",
            "linux-b.toml:2:12: error[toml-syntax]: invalid value",
        ),
    ],
)
def test_bad_input_is_named_and_leaves_the_old_image_alone(fw: Command, spoil: Spoil, name: str, expected: str) -> None:
    fw("image", "linux-a15", "--no-verify")
    before = built(fw)
    spoil(fw.folder)
    out, err = fw("image", name, "--no-verify", status=2)
    assert expected in err
    assert out == ""
    assert built(fw) == before
    assert not list((fw.folder / ".fwbuild" / "work").iterdir())
    assert [path.name for path in (fw.folder / "build").iterdir()] == ["linux-a15"]


def test_the_line_is_shown_with_a_caret_and_a_hint(fw: Command) -> None:
    recipe(f"{HEAD}\tcpus = 'two'\n{LINUX}bootarg = 'x'\n")(fw.folder)
    _, err = fw("image", "linux-b", status=2)
    assert err == (
        "layer/recipes/linux-b.toml:3:2: error[wrong-type]: `cpus` must be a whole number, not a string\n"
        "    3 | \tcpus = 'two'\n"
        "      | \t^\n"
    ), "what the payload's table has wrong is found only in a recipe that can be read"


def test_no_common_mode_shows_the_table(fw: Command) -> None:
    recipe(f"{HEAD}modes = ['hyp']\n{LINUX}")(fw.folder)
    platform = fw.folder / "layer" / "platforms" / "vexpress-b"
    shutil.copytree(ROOT / "platforms" / "vexpress-a15", platform)
    text = (platform / "platform.toml").read_text().replace('state = "secure-svc"', 'state = "svc"')
    (platform / "platform.toml").write_text(text)
    recipe(f"{HEAD.replace('a15', 'b')}modes = ['hyp']\n{LINUX}")(fw.folder)
    _, err = fw("image", "linux-b", status=2)
    assert "error[no-common-mode]: the payload accepts no mode that all CPUs share (recipe says so):\n" in err
    assert "  cpu 0x001 cortex-a15   hyp        it starts in svc, which cannot reach hyp\n" in err


def test_an_error_in_a_fragment_has_its_place(fw: Command) -> None:
    (fw.folder / "layer" / "recipes" / "bad.dtso").write_text("/dts-v1/; /plugin/;\n&{/gone} { x; };\n")
    recipe(f"{HEAD}fragments = ['bad.dtso']\n{LINUX}")(fw.folder)
    _, err = fw("image", "linux-b", "--no-verify", status=2)
    assert "recipes/bad.dtso:2:1: error[bad-device-tree]" in err


@pytest.mark.parametrize("mode", ["hyp", "svc"])
def test_fragments_are_chosen_by_the_mode(fw: Command, mode: str) -> None:
    folder = fw.folder / "layer" / "recipes"
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("hyp", "svc"):
        (folder / f"{name}.dtso").write_text(f'/dts-v1/; /plugin/;\n&{{/chosen}} {{ chosen-for = "{name}"; }};\n')
    by_mode = "mode-fragments = { hyp = ['hyp.dtso'], svc = ['svc.dtso'] }\n"
    recipe(f"{HEAD}modes = ['{mode}']\n{by_mode}{LINUX}")(fw.folder)
    fw("image", "linux-b", "--no-verify")
    found = read_blob((fw.folder / "build" / "linux-b" / "linux-b.dtb").read_bytes())
    assert found.node("/chosen").properties["chosen-for"] == f"{mode}\0".encode()


def test_fragments_for_a_mode_that_is_none(fw: Command) -> None:
    recipe(f"{HEAD}mode-fragments = {{ hip = ['hyp.dtso'] }}\n{LINUX}")(fw.folder)
    _, err = fw("image", "linux-b", "--no-verify", status=2)
    assert "linux-b.toml:3:20: error[unknown-name]: there is no mode `hip`" in err
    assert "hint: did you mean `hyp`?" in err


@pytest.fixture
def without_qemu(fw: Command, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The project of ``fw``, made while dtc was still there."""
    monkeypatch.setenv("PATH", "/nowhere")
    qemu.asked.cache_clear()
    yield
    qemu.asked.cache_clear()


@pytest.mark.usefixtures("without_qemu")
def test_without_any_emulator_the_image_is_built_and_the_missing_one_named(
    fw: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unicorn, "_folder", lambda: None)
    _, err = fw("image", "linux-a15", status=5)
    assert err.count("error[tool-missing]: there is no qemu-system-arm, so the image cannot be run") == 1
    assert "hint: as root: apt install qemu-system-arm; or build only, with --no-verify" in err


@pytest.mark.usefixtures("without_qemu")
def test_without_qemu_the_entry_is_proven_all_the_same_and_the_rest_named(fw: Command) -> None:
    out, err = fw("image", "linux-a15")
    assert "done  linux-a15: entry proof" in err
    assert (
        "  not proven  console proof: there is no qemu-system-arm, so the image cannot be run (as root: apt install"
        in out
    )
    last = out.splitlines()[-1]
    assert last.startswith("verdict: PASSED WITHOUT console proof, ")
    assert last.endswith(", 3 were not checked, on vexpress-a15 with 2 CPUs by unicorn")
    files = built(fw)
    assert sorted(files) == sorted([*FILES, "entry.json", "verdict.json"]), "no console.log"
    verdict = json.loads(files["verdict.json"])
    assert (verdict["passed"], verdict["complete"], verdict["emulators"]) == (True, False, ["unicorn"])
    assert [proof.partition(":")[0] for proof in verdict["missing"]] == ["console proof"]
    assert last in fw("image", "linux-a15")[0], "the gap is named again when there is nothing to do"
    assert last in fw("verify", "linux-a15")[0]
    assert not list((fw.folder / ".fwbuild").glob("stamps/*")), "QEMU may be there next time"


@pytest.mark.usefixtures("without_qemu")
def test_a_recipe_that_insists_on_qemu_gets_no_other_emulator(fw: Command) -> None:
    recipe(f"{HEAD}{LINUX}\n[verify]\nemulator = 'qemu'\n")(fw.folder)
    _, err = fw("image", "linux-b", status=5)
    assert "error[tool-missing]: there is no qemu-system-arm, so the image cannot be run" in err


def test_a_build_that_is_killed_leaves_nothing_half_written(fw: Command) -> None:
    """Killed at many moments; whatever stands in the output folder then is whole."""
    fw("image", "linux-a15", "--no-verify")
    whole = built(fw)
    command = [sys.executable, "-m", "fwbuild", "image", "linux-a15", "--no-verify", "-q"]
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)}
    ends = []
    for moment in range(12):
        shutil.rmtree(fw.folder / "build", ignore_errors=True)
        shutil.rmtree(fw.folder / ".fwbuild", ignore_errors=True)
        with subprocess.Popen(command, cwd=fw.folder, env=environment) as process:
            time.sleep(0.06 * moment)
            process.send_signal(signal.SIGKILL)
            ends.append(process.wait())
        folder = fw.folder / "build" / "linux-a15"
        for path in folder.iterdir() if folder.is_dir() else ():
            if not path.name.startswith("."):
                assert path.read_bytes() == whole[path.name]
    assert -signal.SIGKILL in ends
    fw("image", "linux-a15", "--no-verify")
    assert built(fw) == whole


@pytest.mark.parametrize("words", [("--jobs", "0"), ("--jobs", "x"), ("--job",), ("--what",), ()])
def test_a_wrong_command_line(fw: Command, words: tuple[str, ...]) -> None:
    names = ("linux-a15",) if words else ()
    _, err = fw("image", *names, *words, status=2)
    assert err.startswith("error[usage]: ")
    assert "hint: see `fwbuild image --help`" in err


def test_the_parser_never_exits_by_itself() -> None:
    assert Parser.error is not Parser.__mro__[1].error  # type: ignore[attr-defined]  # argparse's own
