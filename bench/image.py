# SPDX-License-Identifier: Apache-2.0
"""How long fwbuild takes to make an image, beside others making one of the same parts.

``python bench/image.py [ROUNDS]``. Everything is timed as whole processes, in turn, in one
run; medians are compared, for machines are shared and noisy. Needs mkimage (package
u-boot-tools) and, the first time, the network.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

IMAGE = "linux-a15"
FWBUILD = [sys.executable, "-m", "fwbuild"]
ROOT = Path(__file__).resolve().parent.parent


def run(command: list[str], folder: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    quiet = subprocess.DEVNULL
    subprocess.run(command, cwd=folder, env=environment, check=True, stdout=quiet, stderr=quiet)


class Bench:
    """A project of its own, with the fetched materials in its store and nothing else."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "fwbuild.toml").write_text('layers = ["fwbuild"]\n')
        shutil.copy(ROOT / "fwbuild.lock", folder)
        shared = os.environ.get("FWBUILD_STORE")
        if shared:
            sys.exit("unset FWBUILD_STORE: the bench needs a store of its own")
        run([*FWBUILD, "plan", IMAGE, "-q"], folder)
        shutil.copytree(folder / ".fwbuild", folder / "materials", copy_function=os.link)
        self.image = folder / "build" / IMAGE
        self.touched = folder / "recipes"

    def forget(self) -> None:
        """Back to fetched materials and nothing built."""
        shutil.rmtree(self.folder / ".fwbuild")
        shutil.copytree(self.folder / "materials", self.folder / ".fwbuild", copy_function=os.link)
        shutil.rmtree(self.folder / "build", ignore_errors=True)

    def parts(self) -> list[Path]:
        """The payload's files, as the others get them."""
        manifest = json.loads((self.image / "manifest.json").read_text())
        files = []
        for name, material in manifest["materials"].items():
            target = self.folder / name
            digest = material["sha256"]
            shutil.copy(self.folder / ".fwbuild" / "files" / digest[:2] / digest, target)
            files.append(target)
        return files


def fit_source(kernel: Path, tree: Path, ramdisk: Path) -> str:
    """A FIT of the same parts, each with its SHA-256, as mkimage takes it."""

    def part(name: str, path: Path, kind: str) -> str:
        return (
            f'{name} {{ data = /incbin/("{path}"); type = "{kind}"; arch = "arm"; os = "linux"; compression = "none";'
            ' load = <0x80000000>; entry = <0x80000000>; hash { algo = "sha256"; }; };'
        )

    images = part("kernel", kernel, "kernel") + part("fdt", tree, "flat_dt") + part("ramdisk", ramdisk, "ramdisk")
    return (
        f'/dts-v1/; / {{ description = "bench"; images {{ {images} }}; configurations {{ default = "c";'
        ' c { kernel = "kernel"; fdt = "fdt"; ramdisk = "ramdisk"; }; }; };'
    )


def timed(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 9
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bench = Bench(folder)
        build = [*FWBUILD, "image", IMAGE]
        run([*build, "-q"], folder)  # proven once, so that nothing is left to do afterwards
        run(build, folder)
        kernel, ramdisk, tree = sorted(bench.parts(), key=lambda path: path.name)
        (folder / "image.its").write_text(fit_source(kernel, tree, ramdisk))
        paths = " ".join(map(str, (kernel, ramdisk, tree)))
        work: dict[str, Callable[[], None]] = {
            "python -c pass": lambda: run([sys.executable, "-c", "pass"], folder),
            "fwbuild, nothing to do": lambda: run(build, folder),
            "cp + sha256sum": lambda: run(["sh", "-c", f"mkdir -p o && cp {paths} o && sha256sum o/*"], folder),
            "mkimage -f FIT": lambda: run(["mkimage", "-f", "image.its", "image.fit"], folder),
        }
        times: dict[str, list[float]] = {name: [] for name in work}
        for _ in range(rounds):
            for name_, act in work.items():
                times[name_].append(timed(act))
        cold = times["fwbuild, cold, without proof"] = []
        for _ in range(rounds):
            bench.forget()
            cold.append(timed(lambda: run([*build, "--no-verify"], folder)))
            times["mkimage -f FIT"].append(timed(work["mkimage -f FIT"]))
    report(times)


def report(times: dict[str, list[float]]) -> None:
    medians = {name: statistics.median(each) for name, each in times.items()}
    peers = ("python -c pass", "cp + sha256sum", "mkimage -f FIT")
    print(f"{'':32}{'median':>9}" + "".join(f"{'to ' + peer:>22}" for peer in peers))
    for name, median in medians.items():
        print(f"{name:32}{median:6.0f} ms" + "".join(f"{median / medians[peer]:21.2f}x" for peer in peers))
    print()
    for name, limit in (("fwbuild, nothing to do", 100), ("fwbuild, cold, without proof", 500)):
        print(
            f"{name}: {medians[name]:.0f} ms, {'within' if medians[name] < limit else 'ABOVE'} the {limit} ms aimed at"
        )


if __name__ == "__main__":
    main()
