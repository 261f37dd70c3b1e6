# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from fwbuild.asm import gnu
from fwbuild.asm.encoder import Statement
from fwbuild.asm.gnu import GnuEncoder, find_gnu
from fwbuild.model.problem import FwbuildError


def encoder() -> GnuEncoder:
    found = find_gnu("armv7-a")
    assert found is not None, "GNU as for ARM is missing"
    return found


def statements(*texts: str) -> list[Statement]:
    return [Statement(text=text) for text in texts]


def test_each_statement_has_its_bytes() -> None:
    branch = Statement(text="bne", branch=-8)
    answers = encoder().encode([*statements("nop", "mov r0, #1"), branch])
    assert answers == [bytes.fromhex("00f020e3"), bytes.fromhex("0100a0e3"), bytes.fromhex("fcffff1a")]


def test_nothing_needs_no_assembler() -> None:
    assert GnuEncoder("armv7-a", "/nonexistent", "").encode([]) == []


def test_each_bad_statement_has_gnu_as_own_words_and_the_others_their_bytes() -> None:
    answers = encoder().encode(statements("frobnicate r0", "nop", "orr r0, r0, #257", "wfi"))
    assert answers[1::2] == [bytes.fromhex("00f020e3"), bytes.fromhex("03f020e3")]
    assert [str(answer)[:27] for answer in answers[::2]] == [
        "bad instruction `frobnicate",
        "invalid constant (101) afte",
    ]


def test_what_needs_a_linker_is_no_answer() -> None:
    with pytest.raises(FwbuildError) as caught:
        encoder().encode(statements("ldr r0, somewhere", "bl elsewhere"))
    assert caught.value.problems[0].code == "bug"


def test_an_assembler_that_fails_without_a_word_is_reported() -> None:
    with pytest.raises(FwbuildError) as caught:
        GnuEncoder("armv7-a", "/bin/false", "").encode(statements("nop"))
    assert caught.value.problems[0].code == "step-failed"


def test_an_assembler_that_is_missing_is_reported() -> None:
    with pytest.raises(FwbuildError, match="cannot run /nonexistent"):
        GnuEncoder("armv7-a", "/nonexistent", "").encode(statements("nop"))


def test_an_assembler_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    slow = tmp_path / "as"
    slow.write_text("#!/bin/sh\nexec sleep 100\n")
    slow.chmod(0o755)
    monkeypatch.setattr(gnu, "_TIME_LIMIT", 0.3)
    with pytest.raises(FwbuildError) as caught:
        GnuEncoder("armv7-a", str(slow), "").encode(statements("nop"))
    assert caught.value.problems[0].code == "step-timeout"


def test_no_file_is_left(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    encoder().encode(statements("nop", "frobnicate"))
    assert list(tmp_path.iterdir()) == []
