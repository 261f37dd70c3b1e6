# SPDX-License-Identifier: Apache-2.0
"""The documentation says what the code says, and every link in it leads somewhere."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

import fwbuild.plugin
from fwbuild import hookspecs
from fwbuild.cli.main import VERBS
from fwbuild.model.modes import Mode, Ownership
from fwbuild.model.problem import CODES
from fwbuild.planning.core import RECORD
from fwbuild.planning.lower import lower
from fwbuild.session import Session
from tests.conftest import Command
from tests.contracts.test_shape import TRACKED
from tests.project import ROOT, tree

DOCS = ROOT / "docs"
HOOKS = DOCS / "reference" / "hooks.md"
PAGES = sorted(path for path in TRACKED if path.suffix == ".md" and path.is_file())

#: Problem codes that no test raises yet. This set only ever gets smaller.
PENDING: frozenset[str] = frozenset()

#: Folders of the machines that people write documentation on, and hosts that serve packages.
MACHINE = re.compile(r"(?<![\w.~<-])/(?:home|mnt|opt|private|root|srv|tmp|Users|work)/[\w.-]")
HOSTS = re.compile(r"pypi\.org|pythonhosted|deb\.debian\.org|archive\.ubuntu\.com|npmjs|crates\.io")

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
LINK = re.compile(r"\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^()\s]+)\)")


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def prose(path: Path) -> str:
    """The text of a page without its examples."""
    return FENCE.sub("", path.read_text("utf-8"))


def anchors(path: Path) -> set[str]:
    """What the headings of a page can be linked as: lower case, no punctuation, hyphens for spaces."""
    seen: Counter[str] = Counter()
    found = set()
    for heading in re.findall(r"^#+ +(.+?) *#*$", prose(path), re.M):
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
        found.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
        seen[slug] += 1
    return found


def links(path: Path) -> Iterator[tuple[str, Path, str]]:
    """Every relative link of a page: as written, the file that it means, the anchor."""
    for link in LINK.findall(re.sub(r"`[^`\n]*`", "`", prose(path))):
        if not re.match(r"[a-z]+:", link):
            file, _, anchor = link.partition("#")
            yield link, (path.parent / file).resolve() if file else path, anchor


def headings(path: Path, level: str) -> set[str]:
    return set(re.findall(rf"^{level} (.+)$", prose(path), re.M))


# --- links ----------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    broken = [
        link
        for link, file, anchor in links(page)
        if not file.exists() or (anchor and file.suffix == ".md" and anchor not in anchors(file))
    ]
    assert not broken


def test_the_index_lists_every_page() -> None:
    index = DOCS / "README.md"
    linked = {file for _, file, _ in links(index)}
    pages = {path for path in TRACKED if path.is_file() and DOCS in path.parents and path.suffix != ".py"}
    assert pages - linked == {index}


def test_the_readme_leads_to_the_index() -> None:
    assert DOCS / "README.md" in {file for _, file, _ in links(ROOT / "README.md")}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_no_page_shows_the_machine_it_was_written_on(page: Path) -> None:
    text = page.read_text("utf-8")
    assert not MACHINE.findall(text)
    assert not HOSTS.findall(text)


# --- what must be described -----------------------------------------------------------


def test_generated_pages_are_up_to_date() -> None:
    spec = importlib.util.spec_from_file_location("docs_generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    stale = [name for name, write in generate.PAGES.items() if (DOCS / name).read_text("utf-8") != write()]
    assert not stale, "run `python docs/generate.py`"


def test_every_problem_code_is_described() -> None:
    assert headings(DOCS / "reference" / "errors.md", "###") == set(CODES)


def test_every_problem_code_is_tested() -> None:
    here = Path(__file__)
    text = "\n".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("*.py") if path != here)
    untested = {code for code in CODES if not re.search(rf"""(["'\[]){re.escape(code)}["'\]]""", text)}
    assert untested - PENDING == set(), "no test mentions these codes"
    assert PENDING - untested == set(), "these codes have a test now: take them out of PENDING"


def test_every_hook_is_described_with_its_arguments() -> None:
    hooks = {name: hook for name, hook in vars(hookspecs).items() if name.startswith("fwbuild_")}
    described = {heading.strip("`") for heading in headings(HOOKS, "###") if heading.startswith("`fwbuild_")}
    assert described == {
        f"{name}({', '.join(inspect.signature(hook).parameters)}) -> {hook.__annotations__['return']}"
        for name, hook in hooks.items()
    }


def test_every_public_name_is_described() -> None:
    rows = re.findall(r"^\| (`[^|]*`) \|", prose(HOOKS).partition("## Names")[2], re.M)
    described = Counter(name for row in rows for name in re.findall(r"`(\w+)`", row))
    assert set(described) == set(fwbuild.plugin.__all__)
    assert not [name for name, times in described.items() if times > 1]


def test_every_command_is_described() -> None:
    assert headings(DOCS / "reference" / "command-line.md", "##") == {f"`fwbuild {verb}`" for verb in VERBS}
    readme = (ROOT / "README.md").read_text("utf-8")
    assert not [verb for verb in VERBS if f"`./fw {verb}" not in readme]


def test_plugins_and_platforms_describe_themselves() -> None:
    folders = [
        path.parent for pattern in ("plugins/*/__init__.py", "platforms/*/platform.toml") for path in ROOT.glob(pattern)
    ]
    assert folders
    assert not [name_of(folder) for folder in folders if not (folder / "README.md").is_file()]


def test_the_readme_names_every_recipe() -> None:
    recipes = {path.stem for path in (ROOT / "recipes").glob("*.toml")} - {"sources"}
    table = set(re.findall(r"^\| `([\w-]+)` \|", (ROOT / "README.md").read_text("utf-8"), re.M))
    assert table == recipes


def test_the_architecture_names_every_folder_and_import_rule() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    folders = {path.parent.name for path in (ROOT / "fwbuild").glob("*/__init__.py")} | {"boot"}
    assert set(re.findall(r"^\| `(\w+)/` \|", text, re.M)) == folders
    rules = text.partition("## Who imports whom")[2].partition("\n## ")[0]
    named = {name for row in re.findall(r"^\| (`[^|]*`) \|", rules, re.M) for name in re.findall(r"`(\w+)`", row)}
    assert folders - {"boot"} <= named


# --- examples and formats -------------------------------------------------------------


def blocks(page: str, language: str) -> dict[str, str]:
    """The examples of a page that begin with a comment naming their file; the last of each name."""
    found = {}
    for kind, text in FENCE.findall((DOCS / page).read_text("utf-8")):
        first, _, rest = text.partition("\n")
        if kind == language and (match := re.fullmatch(r"(?:#|//) (\S+\.\w+)", first)):
            found[match[1]] = rest
    return found


def write_files(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


@pytest.fixture
def hello(fw: Command) -> Command:
    """The project of the how-to for plugins, with the plugin of the hook reference."""
    write_files(fw.folder / "mine", blocks("reference/hooks.md", "python"))
    files = blocks("how-to/write-a-payload-plugin.md", "toml")
    # The project's own sources stay: they stand in for packages.
    settings = (fw.folder / "fwbuild.toml").read_text().partition("\n")[2]
    write_files(fw.folder, {**files, "fwbuild.toml": files["fwbuild.toml"] + settings})
    (fw.folder / "hello.bin").write_bytes(bytes(64))
    return fw


def test_the_example_plugin_builds_an_image(hello: Command) -> None:
    out, _ = hello("list", "payloads")
    assert "bare         a program in raw ARM code" in out
    hello("image", "hello", "--no-verify")
    manifest = json.loads((hello.folder / "build/hello/manifest.json").read_text())
    assert manifest["payload"]["modes"] == ["hyp", "svc"]
    assert manifest["layout"]["program"]["size"] == 0x1000


def test_the_example_plugin_refuses_what_it_must(hello: Command) -> None:
    platform = (ROOT / "platforms/vexpress-a15/platform.toml").read_text()
    write_files(hello.folder / "mine", {"platforms/other/platform.toml": platform.replace("0x1c090000", "0x1c0a0000")})
    recipe = hello.folder / "mine/recipes/hello.toml"
    recipe.write_text(recipe.read_text().replace('"vexpress-a15"', '"other"'))
    _, err = hello("plan", "hello", status=2)
    assert "error[bad-value]: a bare program prints at 0x1c090000, but the console is at 0x1c0a0000" in err
    (hello.folder / "hello.bin").write_bytes(bytes(63))
    _, err = hello("plan", "hello", status=2)
    assert "error[bad-payload]: hello is no whole number of instructions" in err


def test_every_output_is_described(hello: Command) -> None:
    page = prose(DOCS / "reference" / "outputs.md")
    (plan,) = Session(hello.folder).plans(["hello"])
    files = lower(plan, verify=True, version="0").files
    described = re.findall(r"^\| `([\w.]+)` \|", page.partition("## The image")[0], re.M)
    assert {name.replace("NAME", "hello") for name in described} == set(files)
    hello("image", "hello", "--no-verify")
    manifest = json.loads((hello.folder / "build/hello/manifest.json").read_text())
    section = page.partition("## manifest.json")[2].partition("## verdict.json")[0]
    words = {re.split(r"[.\[]", key)[0] for key in re.findall(r"`([\w.\[\]-]+)`", section)}
    assert not set(manifest) - words
    for inner in (manifest["payload"], manifest["cpus"][0]):
        assert not [key for key in inner if not re.search(rf"`(?:\w+\.)?{key}`", section)]


def test_the_proofs_are_described() -> None:
    """Every key that verdict.json and entry.json are given stands in the reference."""
    page = prose(DOCS / "reference" / "outputs.md")
    code = ast.parse((ROOT / "fwbuild/actions/prove.py").read_text())
    shown = next(node for node in code.body if isinstance(node, ast.FunctionDef) and node.name == "_shown")
    keys = {
        str(key.value)
        for node in ast.walk(shown)
        if isinstance(node, ast.Dict)
        for key in node.keys
        if isinstance(key, ast.Constant)
    }
    assert keys
    missing = [key for key in sorted(keys) if not re.search(rf"`(?:[\w\[\]]+\.)*{key}(?:\[\])?`", page)]
    assert not missing


def test_the_board_of_the_how_to_can_be_planned(fw: Command) -> None:
    page = "how-to/add-a-board.md"
    files = {**blocks(page, "toml"), **blocks(page, "dts")}
    sources = (fw.folder / "fwbuild.toml").read_text().partition("\n")[2]
    sources += '[sources.midway-dtb]\ntype = "file"\npath = "midway.dtb"\n'
    write_files(fw.folder, {**files, "fwbuild.toml": files["fwbuild.toml"] + sources})
    tree(
        fw.folder / "midway.dtb",
        "/dts-v1/; / { #address-cells = <2>; #size-cells = <2>; psci { }; soc { serial@fff36000 { }; };"
        " cpus { #address-cells = <1>; #size-cells = <0>; cpu@0 { reg = <0>; }; cpu@1 { reg = <1>; }; }; };",
    )
    out, _ = fw("plan", "linux-midway")
    assert json.loads(out)["cpus"][0]["mode"] == "hyp"
    fw("image", "linux-midway", "--no-verify")
    source = (fw.folder / "build/linux-midway/linux-midway.dts").read_text()
    assert "psci" not in source
    assert "cpu@1" not in source


def test_the_first_step_of_the_how_to_shows_what_is_missing(fw: Command) -> None:
    page = (DOCS / "how-to" / "add-a-board.md").read_text("utf-8")
    shown = re.findall(r"error\[missing-key\]: the file needs the key `([\w-]+)`", page)
    files = blocks("how-to/add-a-board.md", "toml")
    files["boards/platforms/midway/platform.toml"] = 'summary = "x"\narchitecture = "armv7-a"\n'
    write_files(fw.folder, files)
    _, err = fw("plan", "linux-midway", status=2)
    assert re.findall(r"the file needs the key `([\w-]+)`", err) == shown


def test_the_schema_and_the_page_agree_with_the_code() -> None:
    schema = (DOCS / "reference/bindings/fwbuild,cpu.yaml").read_text("utf-8")
    properties = dict(re.findall(r"^  (fwbuild,[\w-]+):\n.*\n    enum: \[([\d, ]+), 0xffffffff\]$", schema, re.M))
    assert list(properties) == list(RECORD)
    kinds = (Mode, Ownership, Ownership)
    for numbers, kind in zip(properties.values(), kinds, strict=True):
        assert [int(number) for number in numbers.split(",")] == [each.value for each in kind]
    required = schema.partition("\nrequired:\n")[2]
    assert not [name for name in RECORD if f"  - {name}\n" not in required]
    page = prose(DOCS / "reference" / "bindings.md")
    assert not [mode for mode in Mode if f"{mode.value} {mode.word}" not in page]
    assert not [state for state in Ownership if f"| {state.value} | {state.name.lower()} |" not in page]
