# SPDX-License-Identifier: Apache-2.0
"""Loads the plugins of a project's layers and calls their hooks, one at a time.

pluggy calls implementations in reverse order of registration and lets one exception
end them all; here each is called alone, in the order of layers and names, so that a
plugin that fails is named and the others are heard.
"""

from __future__ import annotations

import dataclasses
import importlib.util
import inspect
import sys
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, TypeVar

import pluggy

from fwbuild import hookspecs
from fwbuild.engine.action import Action
from fwbuild.model.contribution import Contribution, Payload, Target
from fwbuild.model.plan import Plan
from fwbuild.model.ports import Emulator
from fwbuild.model.problem import FwbuildError, Origin, Problem, closest
from fwbuild.model.project import Layer

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Owned:
    """Something a plugin gave, with the plugin's name."""

    owner: str
    value: Any


class Registry:
    """The plugins of ``layers`` and the core's own, ready to be asked."""

    def __init__(self, layers: Sequence[Layer], core: Sequence[ModuleType]) -> None:
        self.problems: list[Problem] = []
        self.order: list[str] = []
        self._manager = pluggy.PluginManager("fwbuild")
        self._manager.add_hookspecs(hookspecs)
        for module in core:
            self._register(module, module.__name__)
        for layer in layers:
            for path in sorted((layer.folder / "plugins").glob("*/__init__.py")):
                self._load(layer, path)

    def _load(self, layer: Layer, path: Path) -> None:
        name = f"{layer.name}:{path.parent.name}"
        # One for each: a plugin imports its own submodules by this name.
        module_name = "fwbuild_plugins_" + "".join(c if c.isalnum() else f"_{ord(c):x}_" for c in name)
        spec = importlib.util.spec_from_file_location(module_name, path, submodule_search_locations=[str(path.parent)])
        if spec is None or spec.loader is None:
            raise ImportError(f"cannot load {path}")
        module = importlib.util.module_from_spec(spec)
        sys.modules[module_name] = module
        try:
            spec.loader.exec_module(module)
        except (Exception, SystemExit) as error:
            del sys.modules[module_name]
            self.problems.append(_failed(name, "could not be loaded", error))
            return
        self._register(module, name)

    def _register(self, module: ModuleType, name: str) -> None:
        problems = [
            Problem(
                code="plugin-hook",
                message=f"plugin {name}: {what}",
                origin=_place(value) or Origin(path=str(module.__file__)),
                hint=hint,
            )
            for attribute, value in vars(module).items()
            for what, hint in self._faults(module, attribute)
        ]
        self.problems.extend(problems)
        try:
            self._manager.register(module, name)
        except pluggy.PluginValidationError as error:
            if not problems:
                self.problems.append(_failed(name, "could not be loaded", error))
            return
        self.order.append(name)

    def _faults(self, module: ModuleType, attribute: str) -> Iterable[tuple[str, str]]:
        """What is wrong with a module's attribute if it is, or looks like, a hook; with a hint."""
        marked = self._manager.parse_hookimpl_opts(module, attribute)
        hook = (marked and marked.get("specname")) or attribute
        known = {name for name in vars(hookspecs) if name.startswith("fwbuild_")}
        if hook not in known:
            if marked or hook.startswith("fwbuild_"):
                meant = closest(hook, known)
                yield f"there is no hook `{hook}`", f"did you mean `{meant}`?" if meant else ""
        elif marked is None:
            yield f"`{hook}` is not marked as a hook", "put @hookimpl before it"
        else:
            gets = _arguments(getattr(hookspecs, hook))
            for argument in _arguments(getattr(module, attribute)):
                if argument not in gets:
                    yield f"{hook} gets no `{argument}`", f"it gets: {', '.join(gets) or 'nothing'}"

    def _ask(self, hook: str, kind: type[T] | tuple[type[T], ...], **arguments: Any) -> Iterable[Owned]:
        """What each plugin's implementation of ``hook`` returns, in order."""
        caller = getattr(self._manager.hook, hook)
        implementations = {impl.plugin_name: impl for impl in caller.get_hookimpls()}
        for name in self.order:
            impl = implementations.get(name)
            if impl is None:
                continue
            try:
                value = impl.function(*(arguments[argument] for argument in impl.argnames))
            except FwbuildError as error:
                self.problems.extend(error.problems)
                continue
            except (Exception, SystemExit) as error:
                self.problems.append(_failed(name, f"failed in {hook}", error))
                continue
            if value is None:
                continue
            if not isinstance(value, kind):
                self.problems.append(
                    Problem(
                        code="plugin-failed",
                        message=f"plugin {name}: {hook} returned {type(value).__name__}",
                        origin=_place(impl.function),
                    )
                )
                continue
            yield Owned(name, value)

    def _each(self, hook: str, kind: type[T] | None = None, **arguments: Any) -> Iterable[Owned]:
        """The elements of the sequences that ``hook`` returns, each of type ``kind`` or with a name."""
        for owned in self._ask(hook, (list, tuple), **arguments):
            for value in owned.value:
                if isinstance(value, kind) if kind else isinstance(getattr(value, "name", None), str):
                    yield Owned(owned.owner, value)
                else:
                    message = f"plugin {owned.owner}: {hook} returned a list with {type(value).__name__} in it"
                    self.problems.append(Problem(code="plugin-failed", message=message))

    def _by_name(self, hook: str, what: str, kind: type[T] | None = None) -> list[Owned]:
        found: dict[str, Owned] = {}
        for owned in self._each(hook, kind):
            name = owned.value.name
            if name in found:
                first = found[name].owner
                who = f"twice from {first}" if first == owned.owner else f"from two plugins: {first} and {owned.owner}"
                self.problems.append(Problem(code="duplicate-name", message=f"{what} `{name}` comes {who}"))
            found.setdefault(name, owned)
        return list(found.values())

    def payloads(self) -> dict[str, Payload]:
        """Kinds of payload by name."""
        found: dict[str, Payload] = {}
        for owned in self._by_name("fwbuild_payloads", "payload", Payload):
            payload: Payload = owned.value
            if dataclasses.is_dataclass(payload.options):
                found[payload.name] = payload
            else:
                message = f"plugin {owned.owner}: the options of the payload `{payload.name}` are no dataclass"
                self.problems.append(Problem(code="plugin-failed", message=message))
        return found

    def actions(self) -> dict[str, Action]:
        """Actions by name."""
        return {owned.value.name: owned.value for owned in self._by_name("fwbuild_actions", "action")}

    def emulators(self) -> dict[str, Emulator]:
        """Emulators by name."""
        return {owned.value.name: owned.value for owned in self._by_name("fwbuild_emulators", "emulator")}

    def contributions(self, target: Target) -> list[tuple[str, Contribution]]:
        """What each plugin gives to ``target``, with the plugin's name."""
        return [(owned.owner, owned.value) for owned in self._ask("fwbuild_contribute", Contribution, target=target)]

    def reviews(self, plan: Plan) -> list[Problem]:
        """What plugins object to in ``plan``."""
        return [owned.value for owned in self._each("fwbuild_review", Problem, plan=plan)]

    def check(self) -> None:
        """Raise FwbuildError if any plugin has had a problem so far."""
        if self.problems:
            raise FwbuildError(self.problems)


def _failed(name: str, what: str, error: BaseException) -> Problem:
    frames = traceback.extract_tb(error.__traceback__)
    origin = Origin(path=frames[-1].filename, line=frames[-1].lineno or 0, column=1) if frames else None
    if isinstance(error, SyntaxError) and error.filename:
        origin = Origin(path=error.filename, line=error.lineno or 0, column=error.offset or 1)
    return Problem(
        code="plugin-failed",
        message=f"plugin {name} {what}: {type(error).__name__}: {error}",
        origin=origin,
        hint="this is a fault of the plugin, not of your files",
    )


def _place(value: object) -> Origin | None:
    """Where a function begins; None for anything else."""
    if not isinstance(value, FunctionType):
        return None
    code = value.__code__
    return Origin(path=code.co_filename, line=code.co_firstlineno, column=1)


def _arguments(function: Callable[..., Any]) -> list[str]:
    return list(inspect.signature(function).parameters)
