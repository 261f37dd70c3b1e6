# SPDX-License-Identifier: Apache-2.0
"""A plugin with a fault is named, and the others are heard."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from fwbuild.model.contribution import Target
from fwbuild.model.plan import Plan
from fwbuild.model.problem import FwbuildError, Problem
from fwbuild.model.project import Layer
from fwbuild.planning.registry import Registry
from tests.unit.planning.plugins import LINES, payload, registry, write_plugin

#: No plugin of these tests looks at what it is asked about.
TARGET = cast(Target, None)
PLAN = cast(Plan, None)


def ask_everything(asked: Registry) -> tuple[Problem, ...]:
    """The problems after every hook has been called once; the good plugin must have been heard."""
    payloads = asked.payloads()
    asked.actions()
    asked.emulators()
    contributions = [owner for owner, _ in asked.contributions(TARGET)]
    reviews = [problem.code for problem in asked.reviews(PLAN)]
    assert "good" in payloads
    assert "layer:zz_good" in contributions
    assert "good-review" in reviews
    with pytest.raises(FwbuildError) as caught:
        asked.check()
    return caught.value.problems


GOOD = (
    payload("good")
    + """
        @hookimpl
        def fwbuild_contribute(target):
            return Contribution()

        @hookimpl
        def fwbuild_review(plan):
            return (Problem(code="good-review", message="x"),)
    """
)


def test_plugins_that_are_all_good_have_no_problem(tmp_path: Path) -> None:
    asked = registry(tmp_path, good=GOOD, other=payload("other"))
    asked.check()
    assert list(asked.payloads()) == ["good", "other"], "in the order of their names"
    assert [owner for owner, _ in asked.contributions(TARGET)] == ["layer:good"]
    assert [problem.code for problem in asked.reviews(PLAN)] == ["good-review"]
    asked.check()


@pytest.mark.parametrize(
    ("text", "code", "message", "line"),
    [
        ("raise ValueError('oops')", "plugin-failed", "could not be loaded: ValueError: oops", 1),
        ("\nimport nothing_at_all", "plugin-failed", "could not be loaded: ModuleNotFoundError: No module named", 1),
        ("x = 1\ndef f(:", "plugin-failed", "could not be loaded: SyntaxError: invalid syntax", 2),
        ("import sys; sys.exit('bye')", "plugin-failed", "could not be loaded: SystemExit: bye", 1),
        (
            "@hookimpl\ndef fwbuild_payloads():\n    return 1 / 0",
            "plugin-failed",
            "failed in fwbuild_payloads: ZeroDivisionError: division by zero",
            3,
        ),
        (
            "@hookimpl\ndef fwbuild_actions():\n    raise SystemExit(3)",
            "plugin-failed",
            "failed in fwbuild_actions: SystemExit: 3",
            3,
        ),
        (
            "@hookimpl\ndef fwbuild_contribute(target):\n    return target.payload",
            "plugin-failed",
            "failed in fwbuild_contribute: AttributeError: 'NoneType' object has no attribute 'payload'",
            3,
        ),
        (
            "@hookimpl\ndef fwbuild_review(plan):\n    assert plan, 'no plan'",
            "plugin-failed",
            "failed in fwbuild_review: AssertionError: no plan",
            3,
        ),
        (
            "@hookimpl\ndef fwbuild_payload():\n    return []",
            "plugin-hook",
            "there is no hook `fwbuild_payload`",
            1,
        ),
        ("@hookimpl\ndef contribute(target): ...", "plugin-hook", "there is no hook `contribute`", 1),
        (
            "@hookimpl(specname='fwbuild_payload')\ndef mine(): ...",
            "plugin-hook",
            "there is no hook `fwbuild_payload`",
            1,
        ),
        ("def fwbuild_payloads():\n    return []", "plugin-hook", "`fwbuild_payloads` is not marked as a hook", 1),
        (
            "@hookimpl\ndef fwbuild_contribute(targt): ...",
            "plugin-hook",
            "fwbuild_contribute gets no `targt`",
            1,
        ),
        ("@hookimpl\ndef fwbuild_payloads(plan): ...", "plugin-hook", "fwbuild_payloads gets no `plan`", 1),
        (
            "@hookimpl\ndef fwbuild_payloads():\n    return 'linux'",
            "plugin-failed",
            "fwbuild_payloads returned str",
            1,
        ),
        (
            "@hookimpl\ndef fwbuild_contribute(target):\n    return [Contribution()]",
            "plugin-failed",
            "fwbuild_contribute returned list",
            1,
        ),
        (
            "@hookimpl\ndef fwbuild_review(plan):\n    return Problem(code='x', message='x')",
            "plugin-failed",
            "fwbuild_review returned Problem",
            1,
        ),
        (
            "@hookimpl\ndef fwbuild_payloads():\n    yield 1",
            "plugin-failed",
            "fwbuild_payloads returned generator",
            1,
        ),
        (
            "@hookimpl\ndef fwbuild_payloads():\n    return ['linux']",
            "plugin-failed",
            "fwbuild_payloads returned a list with str in it",
            None,
        ),
        (
            "@hookimpl\ndef fwbuild_emulators():\n    return [object()]",
            "plugin-failed",
            "fwbuild_emulators returned a list with object in it",
            None,
        ),
        (
            "@hookimpl\ndef fwbuild_review(plan):\n    return ['no']",
            "plugin-failed",
            "fwbuild_review returned a list with str in it",
            None,
        ),
        (
            "@hookimpl\ndef fwbuild_payloads():\n    return [Payload(name='x', summary='x', options=dict)]",
            "plugin-failed",
            "the options of the payload `x` are no dataclass",
            None,
        ),
    ],
)
def test_a_fault_is_put_down_to_its_plugin(
    tmp_path: Path, text: str, code: str, message: str, line: int | None
) -> None:
    asked = registry(tmp_path, aa_bad=text, zz_good=GOOD)
    (problem,) = ask_everything(asked)
    assert problem.code == code
    assert problem.message.startswith(f"plugin layer:aa_bad {message}") or problem.message.startswith(
        f"plugin layer:aa_bad: {message}"
    )
    if line is not None:
        assert problem.origin is not None
        assert problem.origin.path == str(tmp_path / "plugins" / "aa_bad" / "__init__.py")
        assert problem.origin.line == LINES + line


def test_a_misspelt_hook_gets_a_hint(tmp_path: Path) -> None:
    asked = registry(
        tmp_path,
        a="@hookimpl\ndef fwbuild_contribut(target): ...",
        b="def fwbuild_emulators(): ...",
        c="@hookimpl\ndef fwbuild_review(plam): ...",
    )
    assert [problem.hint for problem in asked.problems] == [
        "did you mean `fwbuild_contribute`?",
        "put @hookimpl before it",
        "it gets: plan",
    ]


def test_input_that_a_plugin_finds_wrong_is_reported_as_it_says(tmp_path: Path) -> None:
    asked = registry(
        tmp_path,
        aa_bad="@hookimpl\ndef fwbuild_contribute(target):\n    raise fail('bad-payload', 'it is bad', hint='mend it')",
        zz_good=GOOD,
    )
    (problem,) = ask_everything(asked)
    assert (problem.code, problem.message, problem.hint) == ("bad-payload", "it is bad", "mend it")


def test_every_faulty_plugin_is_reported_at_once(tmp_path: Path) -> None:
    asked = registry(tmp_path, a="1 / 0", b="@hookimpl\ndef fwbuild_x(): ...", c="import sys; sys.exit()", zz_good=GOOD)
    assert [problem.message.split()[1].rstrip(":") for problem in ask_everything(asked)] == [
        "layer:a",
        "layer:b",
        "layer:c",
    ]


@pytest.mark.parametrize(
    ("one", "other", "who"),
    [
        (payload("same"), payload("same"), "from two plugins: layer:a and layer:b"),
        (
            "@hookimpl\ndef fwbuild_payloads():\n    return [Payload(name='same', summary='x', options=Options)] * 2",
            "",
            "twice from layer:a",
        ),
    ],
)
def test_two_payloads_of_one_name(tmp_path: Path, one: str, other: str, who: str) -> None:
    asked = registry(tmp_path, a=one, b=other, zz_good=GOOD)
    (problem,) = ask_everything(asked)
    assert (problem.code, problem.message) == ("duplicate-name", f"payload `same` comes {who}")


NAMED = """
    class Named:
        name = "same"

    @hookimpl
    def fwbuild_{what}s():
        return (Named(),)
"""


@pytest.mark.parametrize("what", ["action", "emulator"])
def test_two_of_anything_else_of_one_name(tmp_path: Path, what: str) -> None:
    asked = registry(tmp_path, a=NAMED.format(what=what), b=NAMED.format(what=what), zz_good=GOOD)
    (problem,) = ask_everything(asked)
    assert problem.message == f"{what} `same` comes from two plugins: layer:a and layer:b"


def test_plugins_of_one_name_in_two_layers_are_two_plugins(tmp_path: Path) -> None:
    """Each has submodules of its own, also when the layers' names differ in a sign only."""
    layers = []
    for layer in ("acme-bsp", "acme_bsp"):
        text = "from . import numbers\n@hookimpl\ndef fwbuild_payloads():\n    return numbers.payloads(Options)"
        path = write_plugin(tmp_path / layer, "mine", text)
        (path.parent / "numbers.py").write_text(
            "from fwbuild.plugin import Payload\n\n"
            f"def payloads(options):\n    return [Payload(name='{layer}', summary='x', options=options)]\n"
        )
        layers.append(Layer(name=layer, folder=tmp_path / layer))
    asked = Registry(layers, ())
    assert asked.order == ["acme-bsp:mine", "acme_bsp:mine"]
    assert list(asked.payloads()) == ["acme-bsp", "acme_bsp"]
    asked.check()


def test_plugins_are_asked_in_the_order_of_layers_and_names(tmp_path: Path) -> None:
    layers = []
    for layer in ("later", "earlier"):
        for name in ("b", "a"):
            write_plugin(tmp_path / layer, name, payload(f"{layer}-{name}"))
        layers.append(Layer(name=layer, folder=tmp_path / layer))
    assert list(Registry(layers, ()).payloads()) == ["later-a", "later-b", "earlier-a", "earlier-b"]


def test_a_folder_without_a_module_is_no_plugin(tmp_path: Path) -> None:
    (tmp_path / "plugins" / "notes").mkdir(parents=True)
    (tmp_path / "plugins" / "README.md").write_text("x")
    asked = registry(tmp_path, good=GOOD)
    assert asked.order == ["layer:good"]


def test_a_plugin_that_could_not_be_loaded_leaves_no_module_behind(tmp_path: Path) -> None:
    import sys

    before: dict[str, Any] = dict(sys.modules)
    registry(tmp_path, bad="1 / 0")
    assert not {name for name in sys.modules.keys() - before.keys() if "plugins" in name}
