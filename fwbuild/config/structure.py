# SPDX-License-Identifier: Apache-2.0
"""Turns a TOML table into a typed value, and says everything that is wrong with it."""

from __future__ import annotations

import dataclasses
import enum
import re
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from fwbuild.model.problem import FwbuildError, Origin, Problem, did_you_mean
from fwbuild.model.setting import Origins, Setting, Table, is_required, key_of, setting_of

T = TypeVar("T")
KeyPath = tuple[str | int, ...]

#: Stands for a value that was wrong; the problem has been noted already.
_WRONG: Any = object()
_NAMES = {str: "a string", int: "a whole number", bool: "true or false", dict: "a table", list: "a list"}


def structure(kind: type[T], table: Table) -> T:
    """Make a ``kind`` (a dataclass of settings) out of ``table``.

    Raises FwbuildError with one problem for each key that is unknown, missing, of the
    wrong type or out of its limits.
    """
    reader = _Reader(table.origins.lookup)
    value = reader.table(kind, table.values, table.origins.prefix)
    if reader.problems:
        raise FwbuildError(reader.problems)
    return cast(T, value)


def _name(key: KeyPath) -> str:
    """What a message calls the value at ``key``."""
    last = key[-1]
    return f"{key[-2]}[{last}]" if isinstance(last, int) and len(key) > 1 else str(last)


class _Reader:
    def __init__(self, lookup: Callable[[KeyPath], Origin]) -> None:
        self.lookup = lookup
        self.problems: list[Problem] = []

    def wrong(self, code: str, message: str, key: KeyPath, hint: str = "") -> Any:
        origin = self.lookup(key)
        self.problems.append(Problem(code=code, message=message, origin=origin, hint=hint))
        return _WRONG

    def table(self, kind: type[Any], values: Mapping[str, Any], key: KeyPath) -> Any:
        hints = typing.get_type_hints(kind)
        fields = {
            key_of(field.name): (field, row)
            for field in dataclasses.fields(kind)
            if (row := setting_of(field)) is not None
        }
        for name in values:
            if name not in fields:
                message = f"unknown key `{name}`"
                self.wrong("unknown-key", message, (*key, name), did_you_mean(name, fields))
        arguments: dict[str, Any] = {}
        for name, (field, row) in fields.items():
            if name in values:
                arguments[field.name] = self.value(hints[field.name], values[name], (*key, name), row)
            elif is_required(field):
                where = f"[{'.'.join(map(str, key))}]" if key else "the file"
                hint = row.doc + (f" ({row.unit})" if row.unit else "")
                arguments[field.name] = self.wrong("missing-key", f"{where} needs the key `{name}`", key, hint)
        if any(value is _WRONG for value in arguments.values()):
            return _WRONG
        if "origins" in hints:
            arguments["origins"] = Origins(self.lookup, key)
        return kind(**arguments)

    def value(self, kind: Any, value: Any, key: KeyPath, row: Setting) -> Any:
        """``value`` as a ``kind``: the types that configuration classes may use."""
        origin = typing.get_origin(kind)
        if origin in (types.UnionType, typing.Union):
            return self.union(typing.get_args(kind), value, key, row)
        if origin is tuple:
            return self.sequence(typing.get_args(kind)[0], value, key, row)
        if origin in (Mapping, dict) or getattr(origin, "__name__", "") == "Mapping":
            return self.mapping(typing.get_args(kind)[1], value, key, row)
        if origin is typing.Literal:
            return self.choice(typing.get_args(kind), value, key)
        if isinstance(kind, type) and issubclass(kind, enum.Enum):
            return self.enumeration(kind, value, key)
        if kind is Table:
            return self.raw_table(value, key)
        if dataclasses.is_dataclass(kind):
            if not isinstance(value, dict):
                return self.wrong_type(dict, value, key)
            return self.table(cast(type[Any], kind), value, key)
        return self.scalar(kind, value, key, row)

    def wrong_type(self, expected: type, value: Any, key: KeyPath) -> Any:
        found = _NAMES.get(type(value), f"a {type(value).__name__}")
        return self.wrong("wrong-type", f"`{_name(key)}` must be {_NAMES[expected]}, not {found}", key)

    def scalar(self, kind: Any, value: Any, key: KeyPath, row: Setting) -> Any:
        kind = getattr(kind, "__supertype__", kind)  # typing.NewType
        if kind not in (str, int, bool):
            raise TypeError(f"a setting cannot have the type {kind!r} ({key})")
        if type(value) is not kind:
            return self.wrong_type(kind, value, key)
        if kind is int:
            for bound, bad, word in (
                (row.minimum, row.minimum is not None and value < row.minimum, "least"),
                (row.maximum, row.maximum is not None and value > row.maximum, "most"),
            ):
                if bad:
                    unit = f" {row.unit}" if row.unit else ""
                    message = f"`{_name(key)}` must be at {word} {bound}{unit}, not {value}"
                    return self.wrong("bad-value", message, key)
        if kind is str and row.pattern and not re.fullmatch(row.pattern, value):
            return self.wrong("bad-value", f"`{_name(key)}` cannot be `{value}`", key, row.doc)
        return value

    def union(self, kinds: tuple[Any, ...], value: Any, key: KeyPath, row: Setting) -> Any:
        kinds = tuple(kind for kind in kinds if kind is not type(None))
        if len(kinds) == 1:
            return self.value(kinds[0], value, key, row)
        if all(kind in (str, int) for kind in kinds):
            return self.scalar(type(value) if type(value) in kinds else kinds[0], value, key, row)
        # Tables told apart by their `type` key.
        if not isinstance(value, dict):
            return self.wrong_type(dict, value, key)
        tagged = {typing.get_args(typing.get_type_hints(kind)["type"])[0]: kind for kind in kinds}
        tag = value.get("type")
        if tag is None:
            hint = "one of: " + ", ".join(sorted(tagged))
            return self.wrong("missing-key", f"[{'.'.join(map(str, key))}] needs the key `type`", key, hint)
        if not isinstance(tag, str) or tag not in tagged:
            message = f"there is no type `{tag}`"
            return self.wrong("bad-value", message, (*key, "type"), did_you_mean(str(tag), tagged))
        return self.table(tagged[tag], value, key)

    def sequence(self, kind: Any, value: Any, key: KeyPath, row: Setting) -> Any:
        if not isinstance(value, list):
            return self.wrong_type(list, value, key)
        if row.nonempty and not value:
            return self.wrong("bad-value", f"`{_name(key)}` must not be empty", key, row.doc)
        twice = next((item for index, item in enumerate(value) if row.unique and item in value[:index]), None)
        if twice is not None:
            return self.wrong("bad-value", f"`{_name(key)}` names {twice} twice", key)
        items = tuple(self.value(kind, item, (*key, index), row) for index, item in enumerate(value))
        return _WRONG if any(item is _WRONG for item in items) else items

    def mapping(self, kind: Any, value: Any, key: KeyPath, row: Setting) -> Any:
        if not isinstance(value, dict):
            return self.wrong_type(dict, value, key)
        items = {name: self.value(kind, item, (*key, name), row) for name, item in value.items()}
        return _WRONG if any(item is _WRONG for item in items.values()) else items

    def choice(self, choices: tuple[Any, ...], value: Any, key: KeyPath) -> Any:
        if value in choices and type(value) in {type(choice) for choice in choices}:
            return value
        hint = did_you_mean(str(value), [str(choice) for choice in choices])
        return self.wrong("bad-value", f"`{_name(key)}` cannot be `{value}`", key, hint)

    def enumeration(self, kind: type[enum.Enum], value: Any, key: KeyPath) -> Any:
        words = {str(getattr(member, "word", member.value)): member for member in kind}
        if isinstance(value, str) and value in words:
            return words[value]
        return self.wrong("bad-value", f"`{_name(key)}` cannot be `{value}`", key, did_you_mean(str(value), words))

    def raw_table(self, value: Any, key: KeyPath) -> Any:
        if not isinstance(value, dict):
            return self.wrong_type(dict, value, key)
        return Table(values=value, origins=Origins(self.lookup, key))
