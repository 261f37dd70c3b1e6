# SPDX-License-Identifier: Apache-2.0
"""Thousands of statements, right and wrong: our bytes are GNU as's, or there are none."""

from __future__ import annotations

from collections import Counter

import pytest

from fwbuild.asm.encoder import Encoder
from fwbuild.asm.find import find_encoder
from fwbuild.asm.keystone import KeystoneEncoder, find_keystone
from fwbuild.asm.program import assemble
from fwbuild.engine import child
from fwbuild.model.problem import FwbuildError
from tests.unit.asm import corpus, oracle
from tests.unit.asm.programs import Recorder, program

#: What capstone 5 prints wrongly: it calls a load with `[sp], #-4` a pop.
MISREAD = "which reads back as `pop {"


def split(lines: list[str], encoder: Encoder) -> tuple[list[str], dict[int, str]]:
    """The statements that are taken, and what is said of each of the others."""
    said: dict[int, str] = {}
    try:
        assemble(program("\n".join(lines)), encoder)
    except FwbuildError as error:
        for problem in error.problems:
            assert problem.origin is not None
            assert problem.code == "assembly"
            said[problem.origin.line - 1] = problem.message
    return [line for index, line in enumerate(lines) if index not in said], said


@pytest.fixture(scope="module")
def statements() -> list[tuple[str, str]]:
    return corpus.statements(seed=2011, each=40)


def test_keystone_makes_what_gnu_as_makes_or_nothing(statements: list[tuple[str, str]]) -> None:
    encoder = find_encoder("keystone", "armv7-a")
    taken, said = split([line for _, line in statements], encoder)
    assert oracle.refused(taken) == {}
    ours, theirs = assemble(program("\n".join(taken)), encoder).code, oracle.link(taken)
    for index, line in enumerate(taken):
        assert ours[4 * index : 4 * index + 4].hex() == theirs[4 * index : 4 * index + 4].hex(), line
    assert len(ours) == len(theirs)
    assert len(taken) > 3000
    # The front end lets nothing through that keystone cannot do.
    assert [text for text in said.values() if "cannot be encoded" in text and MISREAD not in text] == []


def test_keystone_has_nothing_to_warn_of(statements: list[tuple[str, str]]) -> None:
    """Its warnings are what kills it now and then, so nothing may pass that it would warn of."""
    encoder = find_keystone("armv7-a")
    assert isinstance(encoder, KeystoneEncoder)
    recorder = Recorder()
    split([line for _, line in statements], recorder)
    texts = [
        statement.text if statement.branch is None else f"{statement.text} #{statement.branch}"
        for statement in recorder.statements
    ]
    run = child.run(encoder.command, timeout=60, data="\n".join([*texts, "push {r0, pc}"]).encode())
    if run.status == 0:
        assert run.errors.decode().splitlines()[0] == "warning: use of SP or PC in the list is deprecated"
        assert run.errors.count(b"warning") == 1
    assert run.output.count(b"=") == len(texts) + (run.status == 0)


def test_gnu_as_takes_the_same_statements_one_by_one(statements: list[tuple[str, str]]) -> None:
    encoder = find_encoder("gnu", "armv7-a")
    taken, said = split([line for _, line in statements], encoder)
    assert [text for text in said.values() if "cannot be encoded" in text] == []
    assert assemble(program("\n".join(taken)), encoder).code == oracle.link(taken)


def test_every_template_is_taken_and_most_are_refused_too(statements: list[tuple[str, str]]) -> None:
    """Otherwise the tests above would say nothing of it."""
    encoder = find_encoder("keystone", "armv7-a")
    _, said = split([line for _, line in statements], encoder)
    taken = Counter(template for index, (template, _) in enumerate(statements) if index not in said)
    refused = Counter(template for index, (template, _) in enumerate(statements) if index in said)
    assert set(corpus.TEMPLATES) - set(taken) == set()
    assert len(refused) > len(corpus.TEMPLATES) // 2
