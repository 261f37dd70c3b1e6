# SPDX-License-Identifier: Apache-2.0
"""Writes the generated part of the reference: ``python docs/generate.py``.

A test refuses pages that differ from what this writes.
"""

from __future__ import annotations

import argparse
import dataclasses
import enum
import importlib
import sys
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from fwbuild import builtin
from fwbuild.cli.main import VERBS, Parser
from fwbuild.cli.rules import described
from fwbuild.config.layers import BOOT_FOLDER
from fwbuild.config.project import built_in_layer
from fwbuild.config.rules import RegisterRow, WriteRow, load_rules
from fwbuild.model.platform import Core, Platform
from fwbuild.model.project import Settings
from fwbuild.model.recipe import Recipe
from fwbuild.model.setting import Table, is_required, key_of, setting_of
from fwbuild.planning.registry import Registry

_HEAD = "<!-- Written by docs/generate.py from the code; change it there. -->\n\n"


def configuration() -> str:
    """Every key of every TOML file that a person writes."""
    lines = [
        "# Configuration",
        "",
        "Every file is TOML. Unknown keys are errors. Numbers may be written in hexadecimal and with underscores. A key",
        "without a default is required. A list of tables is written with a double header, such as `[[cpus]]`. The four kinds of",
        "`[sources.NAME]` are the same in every file.",
        "",
    ]
    shown: dict[type[Any], str] = {}
    for title, place, kind in (
        ("The project", "`fwbuild.toml`", Settings),
        ("A recipe", "`recipes/NAME.toml`", Recipe),
        ("A platform", "`platforms/NAME/platform.toml`", Platform),
        ("A core", "`fwbuild/boot/ARCHITECTURE/cores/NAME.toml`", Core),
    ):
        lines += [f"## {title}: {place}", "", *_tables(kind, "", shown), ""]
    lines += ["## Payload options: `[payload]` of a recipe", ""]
    registry = Registry([built_in_layer()], [builtin])
    for name, payload in sorted(registry.payloads().items()):
        lines += [f'### `type = "{name}"`: {payload.summary}', "", *_tables(payload.options, "payload", shown), ""]
    return _HEAD + "\n".join(lines).rstrip() + "\n"


def _tables(kind: type[Any], prefix: str, shown: dict[type[Any], str]) -> Iterator[str]:
    """A table of the keys of ``kind``, then one for each table inside it that was not ``shown``."""
    hints = typing.get_type_hints(kind)
    inner: list[tuple[str, type[Any]]] = []
    yield "| key | value | default | meaning |"
    yield "|---|---|---|---|"
    for field in dataclasses.fields(kind):
        row = setting_of(field)
        if row is None:
            continue
        key = key_of(field.name)
        name, tables = _type(hints[field.name])
        inner += [(f"{prefix}.{key}".lstrip(".") + suffix, table) for suffix, table in tables]
        limits = _limits(row)
        yield f"| `{key}` | {name}{limits} | {_default(field)} | {row.doc} |"
    for path, table in inner:
        if table is Table or table in shown:
            continue
        shown[table] = path
        yield ""
        tag = typing.get_type_hints(table).get("type")
        choice = f' with `type = "{typing.get_args(tag)[0]}"`' if typing.get_origin(tag) is typing.Literal else ""
        yield f"### `[{path}]`{choice}"
        yield ""
        yield from _tables(table, path, shown)


def _type(kind: Any) -> tuple[str, list[tuple[str, type[Any]]]]:
    """What a type is called, and the tables that it leads to with their suffixes."""
    kind = getattr(kind, "__supertype__", kind)
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        kinds = [each for each in arguments if each is not type(None)]
        if all(dataclasses.is_dataclass(each) for each in kinds) and len(kinds) > 1:
            return "table", [("", each) for each in kinds]
        return " or ".join(_type(each)[0] for each in kinds), [t for each in kinds for t in _type(each)[1]]
    if origin is tuple:
        name, tables = _type(arguments[0])
        return f"list of {name}s" if tables else f"list: {name}", tables
    if origin is typing.Literal:
        return " or ".join(f"`{each}`" for each in arguments), []
    if origin is not None and issubclass(origin, Mapping):
        name, tables = _type(arguments[1])
        return f"table of {name}s", [(f".NAME{suffix}", table) for suffix, table in tables]
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return " or ".join(f"`{getattr(each, 'word', each.value)}`" for each in kind), []
    if dataclasses.is_dataclass(kind):
        return "table", [("", typing.cast(type[Any], kind))]
    return {str: "string", int: "number", bool: "`true` or `false`", Table: "table"}[kind], []


def _limits(row: Any) -> str:
    unit = f" in {row.unit}" if row.unit else ""
    if row.minimum is not None and row.maximum is not None and row.maximum > 1024:
        return f"{unit}, at most {row.maximum:#x}"
    if row.minimum is not None and row.maximum is not None:
        return f"{unit}, {row.minimum} to {row.maximum}"
    return f"{unit}, at least {row.minimum}" if row.minimum else unit


def _default(field: dataclasses.Field[Any]) -> str:
    if is_required(field):
        return ""
    value = field.default if field.default is not dataclasses.MISSING else None
    if value is None or value == () or dataclasses.is_dataclass(value):
        return "none"
    if isinstance(value, tuple):
        if isinstance(value[0], enum.Enum) and value == tuple(type(value[0])):
            return "all"
        return ", ".join(f"`{getattr(each, 'word', each)}`" for each in value)
    return f"`{str(value).lower() if isinstance(value, bool) else value}`" if value != "" else "none"


def rules() -> str:
    """The table of rules of the boot code."""
    table = load_rules(BOOT_FOLDER / "armv7" / "rules.toml")
    lines = [
        "# Rules",
        "",
        "What must be true of every CPU at the payload's first instruction, and what the boot code must have written on the",
        "way. `fwbuild verify` checks each on the emulator. The table itself is `fwbuild/boot/armv7/rules.toml`; payload plugins",
        "add rules of their own.",
        "",
        "| rule | what is looked at | must be | in the bits | for | means | source |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [_rule(row) for row in (*table.register, *table.write)]
    return _HEAD + "\n".join(lines) + "\n"


def _rule(row: RegisterRow | WriteRow) -> str:
    rule, target, value, bits, *rest = described(row)
    code = "{}" if value.startswith(("0x", "anything", "=")) else "`{}`"
    return "| " + " | ".join((f"`{rule}`", target, code.format(value), bits, *rest)) + " |"


def command_line() -> str:
    """What each command does and takes, from the parsers themselves."""
    lines = [
        "# Command line",
        "",
        "`fwbuild COMMAND [ARGUMENT...]`, or `python -m fwbuild`. What people should read goes to standard error while it",
        "works and to standard output when it is the answer. Colour is left out when the output is no terminal or `NO_COLOR` is",
        "set; `CLICOLOR_FORCE=1` asks for it in any case.",
        "",
        "| exit status | meaning |",
        "|---|---|",
        "| 0 | good; a verdict that lacks a proof says so, and has `complete` false in `verdict.json` |",
        "| 1 | a step failed |",
        "| 2 | the input is wrong: a file, a name, a payload, the command line |",
        "| 3 | a fault of fwbuild |",
        "| 4 | built, but a verdict failed |",
        "| 5 | a tool that is needed is missing |",
        "| 130 | interrupted |",
        "",
        "`SOURCE_DATE_EPOCH` sets the time of files inside a RAM disk. `FWBUILD_STORE` names another folder for the store.",
        "",
    ]
    for name, (module, summary) in VERBS.items():
        parser = Parser(prog=f"fwbuild {name}")
        importlib.import_module(f"fwbuild.cli.{module}").arguments(parser)
        lines += [f"## `fwbuild {name}`", "", f"{summary[:1].upper()}{summary[1:]}.", "", *_arguments(parser, name), ""]
    return _HEAD + "\n".join(lines).rstrip() + "\n"


def _arguments(parser: argparse.ArgumentParser, name: str) -> Iterator[str]:
    rows: list[str] = []
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for word, inner in action.choices.items():
                help_text = next(each.help for each in action._choices_actions if each.dest == word)
                yield f"**`fwbuild {name} {word}`**: {help_text}"
                yield ""
                yield from _arguments(inner, f"{name} {word}")
                yield ""
        elif action.dest != "help":
            metavar = action.metavar or (action.dest if not action.option_strings else action.dest.upper())
            takes = "" if action.nargs == 0 else f" {metavar}"
            shown = ", ".join(f"{each}{takes}" for each in action.option_strings) or str(metavar)
            choices = f" ({', '.join(action.choices)})" if action.choices else ""
            rows.append(f"| `{shown}` | {action.help or ''}{choices} |")
    if rows:
        yield "| argument | meaning |"
        yield "|---|---|"
        yield from rows


PAGES: dict[str, Callable[[], str]] = {
    "reference/configuration.md": configuration,
    "reference/rules.md": rules,
    "reference/command-line.md": command_line,
}


def main() -> None:
    """Write every page."""
    for name, write in PAGES.items():
        (ROOT / "docs" / name).write_text(write(), "utf-8")


if __name__ == "__main__":
    main()
