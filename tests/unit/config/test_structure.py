# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import pytest

from fwbuild.config.structure import structure
from fwbuild.config.toml import parse
from fwbuild.model.modes import Mode
from fwbuild.model.problem import FwbuildError
from fwbuild.model.setting import Origins, Table, no_origins, setting


@dataclass(frozen=True, slots=True, kw_only=True)
class Cat:
    type: Literal["cat"] = setting("`cat`")
    lives: int = setting("how many", minimum=1, maximum=9)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dog:
    type: Literal["dog"] = setting("`dog`")
    name: str = setting("lower case", pattern="[a-z]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    street_name: str = setting("where it stands")
    floors: int = setting("how many", default=1, unit="floors", minimum=1)
    modes: tuple[Mode, ...] = setting("modes", default=(), nonempty=True)
    pets: Mapping[str, Cat | Dog] = setting("who lives there", default={})
    tag: int | str = setting("either", default=0)
    open: bool = setting("whether", default=False)
    rest: Table | None = setting("anything", default=None)
    origins: Origins = field(default_factory=no_origins, compare=False, repr=False)


def house(text: str) -> House:
    document = parse(text, path="house.toml")
    return structure(House, Table(document.values, Origins(document.origin)))


def problems(text: str) -> list[tuple[str, str, str, str]]:
    with pytest.raises(FwbuildError) as caught:
        house(text)
    return [(str(p.origin), p.code, p.message, p.hint) for p in caught.value.problems]


def test_whole_house() -> None:
    built = house(
        'street-name = "x"\nmodes = ["hyp", "secure-svc"]\ntag = "t"\n'
        '[pets.tom]\ntype = "cat"\nlives = 9\n[rest]\nany = 1\n'
    )
    assert built.modes == (Mode.HYP, Mode.SECURE_SVC)
    assert built.pets == {"tom": Cat(type="cat", lives=9)}
    assert built.rest is not None
    assert built.rest.values == {"any": 1}
    assert str(built.rest.origins.of("any")) == "house.toml:8:1"
    assert str(built.origins.of("modes")) == "house.toml:2:1"
    assert built.floors == 1


def test_every_problem_is_reported_at_once() -> None:
    found = problems(
        'street-nam = "x"\nfloors = 0\nmodes = ["hip"]\nopen = 1\n'
        '[pets.tom]\ntype = "cow"\n[pets.rex]\ntype = "dog"\nname = "REX"\n[pets.no]\nlives = 1\n'
    )
    assert found == [
        ("house.toml:1:1", "unknown-key", "unknown key `street-nam`", "did you mean `street-name`?"),
        ("house.toml", "missing-key", "the file needs the key `street-name`", "where it stands"),
        ("house.toml:2:1", "bad-value", "`floors` must be at least 1 floors, not 0", ""),
        ("house.toml:3:10", "bad-value", "`modes[0]` cannot be `hip`", "did you mean `hyp`?"),
        ("house.toml:6:1", "bad-value", "there is no type `cow`", "known: cat, dog"),
        ("house.toml:9:1", "bad-value", "`name` cannot be `REX`", "lower case"),
        ("house.toml:10:1", "missing-key", "[pets.no] needs the key `type`", "one of: cat, dog"),
        ("house.toml:4:1", "wrong-type", "`open` must be true or false, not a whole number", ""),
    ]


@pytest.mark.parametrize(
    ("line", "code", "message"),
    [
        ("floors = true", "wrong-type", "`floors` must be a whole number, not true or false"),
        ("tag = 1.5", "wrong-type", "`tag` must be a whole number, not a float"),
        ("modes = 3", "wrong-type", "`modes` must be a list, not a whole number"),
        ("modes = []", "bad-value", "`modes` must not be empty"),
        ("pets = 3", "wrong-type", "`pets` must be a table, not a whole number"),
        ("pets.tom = 3", "wrong-type", "`tom` must be a table, not a whole number"),
        ("rest = 3", "wrong-type", "`rest` must be a table, not a whole number"),
        ('pets.t = {type = "cat", lives = 10}', "bad-value", "`lives` must be at most 9, not 10"),
    ],
)
def test_wrong_values(line: str, code: str, message: str) -> None:
    assert [(c, m) for _, c, m, _ in problems(f'street-name = "x"\n{line}\n')] == [(code, message)]


def test_syntax_error_has_line_and_column() -> None:
    assert problems("a = [1,\n  x]\n") == [("house.toml:2:3", "toml-syntax", "invalid value", "")]
