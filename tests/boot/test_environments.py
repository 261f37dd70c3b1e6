# SPDX-License-Identifier: Apache-2.0
"""Images on machines that they were not made for: a correct boot, or one line of reason.

What is expected is not planned: it is written down beside each environment, or follows from the
model of the choice in test_matrix.py. The console alone is judged.
"""

from __future__ import annotations

import contextlib
import os
import re
import selectors
import struct
import subprocess
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from fwbuild.engine import child
from fwbuild.model.plan import DEVICE_TREE, Plan
from fwbuild.planning.lower import Lowering
from fwbuild.session import Session
from tests.boot.environments import ENVIRONMENTS, Environment, Stage
from tests.boot.test_matrix import first, record
from tests.project import ROOT

SOURCES = ROOT / "tests" / "cases" / "environments"

#: Seconds that a run may take, and that a parked machine is listened to after its reason.
DEADLINE = 20.0
SILENCE = 0.4

#: Where a stage lies: in RAM, 32 MiB behind its start, where no image has anything.
STAGE_OFFSET = 0x2000000

CASES = [(name, count) for name, environment in ENVIRONMENTS.items() for count in environment.counts]


@dataclass(frozen=True, slots=True)
class Image:
    """An image as it was built."""

    plan: Plan
    elf: bytes


def key(name: str, count: int) -> str:
    """The name of a platform and a recipe."""
    return re.sub(r"\W+", "-", f"{name} {count}")


def add_image(layer: Path, name: str, environment: Environment, count: int) -> None:
    """A platform as it is described, and a recipe of the conformance payload for it."""
    original = ROOT / "platforms" / environment.base
    text = (original / "platform.toml").read_text()
    head, cpu, tail = re.fullmatch(r"(.*?)(\[\[cpus\]\].*?)((?:\[\[memory).*)", text, re.S).groups()  # type: ignore[union-attr]  # each has CPUs
    one = cpu.split("\n\n")[0] + "\n\n"
    cpus = [re.sub(r"mpidr = \w+", f"mpidr = {mpidr:#x}", one) for mpidr in environment.mpidrs[:count]]
    text = head + "".join(cpus) + tail
    if environment.reset:
        text = text.replace('state = "secure-svc"', f'state = "{environment.reset}"')
        text = text.replace('machine = "', 'reset = "secure-svc"\nmachine = "')
    for before, after in environment.changes.items():
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    folder = layer / "platforms" / name
    folder.mkdir(parents=True)
    for file in original.glob("*.dts"):
        (folder / file.name).write_bytes(file.read_bytes())
    # A source's name stands for one thing only.
    (folder / "platform.toml").write_text(text.replace(f"{environment.base}-dts", f"{name}-dts"))
    words = ", ".join(f'"{mode}"' for mode in environment.modes)
    (layer / "recipes" / f"{name}.toml").write_text(
        f'summary = "x"\nplatform = "{name}"\nminimum-seal = "reserved"\n[payload]\ntype = "conformance"\n'
        f"modes = [{words}]\nuniform = {str(environment.uniform).lower()}\n"
    )


def build(folder: Path) -> dict[tuple[str, int], Image]:
    """Every image, by environment and number of CPUs."""
    (folder / "recipes").mkdir()
    for name, count in CASES:
        add_image(folder, key(name, count), ENVIRONMENTS[name], count)
    (folder / "fwbuild.toml").write_text('layers = ["fwbuild", "."]\n')
    (folder / "fwbuild.lock").write_bytes((ROOT / "fwbuild.lock").read_bytes())
    session = Session(folder)
    plans = dict(zip(CASES, session.plans([key(*case) for case in CASES]), strict=True))
    steps, outputs = [], {}
    for case, plan in plans.items():
        making = Lowering(plan)
        steps += [*making.made_parts(), making.image(), *making.earlier_stage()]
        outputs[case] = making.output("proof image" if plan.earlier_stage else "image", "elf")
    results = session.run(steps)
    return {
        case: Image(plans[case], session.store.path(results.digest(output)).read_bytes())
        for case, output in outputs.items()
    }


def with_tree(elf: bytes, address: int, tree: bytes) -> bytes:
    """``elf`` with ``tree`` over the beginning of what it loads at ``address``; without that if it is empty."""
    changed = bytearray(elf)
    (table,) = struct.unpack_from("<I", elf, 0x1C)
    size, count = struct.unpack_from("<HH", elf, 0x2A)
    for place in range(table, table + size * count, size):
        kind, offset, _, loaded = struct.unpack_from("<IIII", elf, place)
        if kind == 1 and loaded == address:
            if tree:
                changed[offset : offset + len(tree)] = tree
            else:
                struct.pack_into("<I", changed, place, 0)  # PT_NULL
            return bytes(changed)
    raise AssertionError(f"nothing is loaded at {address:#x}")


def assemble(stage: Stage, entry: int, folder: Path) -> Path:
    """The stage's machine code, which goes on at ``entry``."""
    symbols = {"WHO": stage.who, "ENTRY": entry, **stage.symbols}
    words = [word for name, value in symbols.items() for word in ("--defsym", f"{name}={value:#x}")]
    made = folder / "stage.o"
    source = SOURCES / f"{stage.source}.S"
    subprocess.run(["arm-linux-gnueabihf-as", "-I", SOURCES, *words, "-o", made, source], check=True)
    code = folder / "stage.bin"
    subprocess.run(["arm-linux-gnueabihf-objcopy", "-O", "binary", made, code], check=True)
    return code


def command(environment: Environment, count: int, image: Image, folder: Path) -> list[str]:
    """QEMU with the image on the machine as it really is."""
    machine = image.plan.machine
    assert machine is not None
    elf = image.elf
    if environment.tree is not None:
        elf = with_tree(elf, image.plan.layout.place(DEVICE_TREE).region.start, environment.tree)
    more = []
    if environment.stage is not None:
        (entry,) = struct.unpack_from("<I", elf, 0x18)
        place = image.plan.target.platform.memory[0].start + STAGE_OFFSET
        code = assemble(environment.stage, entry, folder)
        more = ["-device", f"loader,file={code},addr={place:#x},force-raw=on"]
        elf = elf[:0x18] + struct.pack("<I", place) + elf[0x1C:]
    path = folder / "image.elf"
    path.write_bytes(elf)
    properties = {**machine.properties, **environment.has, **environment.properties}
    words = "".join(f",{name}={value}" for name, value in properties.items())
    return [
        *("qemu-system-arm", "-M", machine.machine + words, "-cpu", environment.cpu or machine.cpu),
        *("-smp", str(environment.machine_cpus(count)), "-m", f"{environment.memory}M", "-kernel", str(path)),
        *("-no-reboot", "-nodefaults", "-display", "none", "-serial", "stdio", *more),
    ]


@contextlib.contextmanager
def started(words: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    environment = {**os.environ, "QEMU_AUDIO_DRV": "none"}
    with child.started(words, environment=environment, stdout=subprocess.PIPE) as process:
        yield process


def listen(process: subprocess.Popen[bytes], deadline: float = DEADLINE) -> str:
    """What the console says until the payload has done, or for a while after a reason, or until the deadline."""
    assert process.stdout is not None
    text, until = b"", time.monotonic() + deadline
    with selectors.DefaultSelector() as ready:
        ready.register(process.stdout, selectors.EVENT_READ)
        while (left := until - time.monotonic()) > 0:
            if not ready.select(left):
                break
            data = os.read(process.stdout.fileno(), 1 << 16)
            if not data:
                break
            text += data
            if b"conformance: end\r\n" in text or b"conformance: end\n" in text:
                break
            if b"fwbuild: " in text:
                until = min(until, time.monotonic() + SILENCE)
    return text.decode(errors="replace")


@pytest.fixture(scope="module")
def consoles(tmp_path_factory: pytest.TempPathFactory) -> Mapping[tuple[str, int], tuple[str, Image]]:
    """What each console says, by environment and number of CPUs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FWBUILD_STORE", str(ROOT / ".fwbuild"))
        images = build(tmp_path_factory.mktemp("project"))
    folder = tmp_path_factory.mktemp("runs")

    def run(case: tuple[str, int]) -> tuple[str, Image]:
        name, count = case
        own = folder / key(name, count)
        own.mkdir()
        with started(command(ENVIRONMENTS[name], count, images[case], own)) as process:
            return listen(process), images[case]

    with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        return dict(zip(CASES, pool.map(run, CASES), strict=True))


def expected(environment: Environment, count: int) -> dict[int, tuple[str, tuple[int, int, int]] | None]:
    """Mode and record of each CPU of the image; None for one that must be missing."""
    secure = environment.has.get("secure") == "on" or bool(environment.cpu and not environment.has)
    hyp = environment.has.get("virtualization") == "on"
    there = range(environment.machine_cpus(count))
    found: dict[int, tuple[str, tuple[int, int, int]] | None] = {}
    stage = environment.stage
    starts: dict[int, str] = {}
    for mpidr in environment.mpidrs[:count]:
        starts[mpidr] = environment.reset or environment.starts
        if stage is not None and mpidr in there and stage.who >> mpidr & 1:
            starts[mpidr] = stage.leaves
    boot = environment.mpidrs[0]
    chosen = first([*environment.modes], starts[boot], secure=secure, hyp=hyp)
    for mpidr, start in starts.items():
        mode = chosen if environment.uniform else first([*environment.modes], start, secure=secure, hyp=hyp)
        absent = mpidr not in there or mpidr in environment.parked
        assert mode is not None
        found[mpidr] = None if absent else (mode, record(mode, start, secure=secure, hyp=hyp))
    return found


def seen(text: str) -> dict[int, tuple[str, tuple[int, int, int]] | None]:
    """The same as the CPUs themselves say it."""
    cells = {
        (cpu, name): int(value, 16) for cpu, name, value in re.findall(r"cpu (\w+) cell fwbuild,(\S+) (\w+)", text)
    }
    found: dict[int, tuple[str, tuple[int, int, int]] | None] = {}
    for cpu, mode in re.findall(r"^conformance: cpu (\w+) mode (\S+)", text, re.M):
        assert int(cpu, 16) not in found, f"{cpu} came twice"
        entry, secure, hyp = (cells.get((cpu, name), -1) for name in ("entry-mode", "secure-state", "hyp-state"))
        found[int(cpu, 16)] = (mode, (entry, secure, hyp))
    for cpu in re.findall(r"^conformance: cpu (\w+) missing", text, re.M):
        assert int(cpu, 16) not in found, f"{cpu} came and is missing"
        found[int(cpu, 16)] = None
    return found


def test_there_are_many() -> None:
    assert len(ENVIRONMENTS) >= 40
    whole = [name for name, environment in ENVIRONMENTS.items() if tuple(environment.counts) == (1, 2, 4)]
    assert len(whole) >= 40


@pytest.mark.parametrize(("name", "count"), CASES)
def test_it_boots_or_says_why_not(consoles: Mapping[tuple[str, int], tuple[str, Image]], name: str, count: int) -> None:
    text, image = consoles[name, count]
    environment = ENVIRONMENTS[name]
    if environment.reason:
        assert text == f"fwbuild: no {environment.reason}\r\n"
        return
    lines = text.splitlines()
    assert lines[-1:] == ["conformance: end"], text[-400:]
    assert [line for line in lines if not line.startswith("conformance: ")] == []
    assert seen(text) == expected(environment, count)
    boot = environment.mpidrs[0]
    tree = image.plan.layout.place(DEVICE_TREE).region.start
    assert f"conformance: cpu {boot:x} reg r2 {tree:08x}" in lines
    assert " lost" not in text
