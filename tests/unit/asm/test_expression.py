# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import random

import pytest

from fwbuild.model.problem import FwbuildError
from tests.unit.asm import oracle
from tests.unit.asm.programs import problem, words

RIGHT = """
1 + 2 * 3 = 7
10 - 3 - 2 = 5
100 / 7 % 5 = 4
-7 / 2 = -3
-7 % 3 = -1
7 % -3 = 1
7 / -2 = -3
1 << 2 + 1 = 5
1 | 2 + 4 = 7
7 & 3 + 1 = 4
6 & 3 ^ 1 = 3
2 * 3 << 1 = 12
5 == 2 + 3 = -1
3 & 1 == 1 = -1
1 == 2 | 3 = 0
1 < 2 = -1
2 <= 1 = 0
2 <> 3 = -1
2 != 2 = 0
2 >= 2 = -1
-1 > 0xffffffff = 0
0xffffffff == -1 = 0
1 + 2 < 4 == -1 = -1
1 < 2 && 2 = 1
0 || 3 = 1
0 || 0 = 0
1 || 0 && 0 = 1
1 && 2 == 2 = 1
!5 = 0
!0 = 1
!1 + 1 = 1
~5 = -6
~1 + 1 = -1
- - 3 = 3
+5 = 5
-2 * 3 = -6
~0xff000000 = 0xffffff
-0xffffffff = 1
1 << 33 >> 33 = 1
-1 >> 60 = 15
0x7fffffffffffffff + 1 < 0 = -1
0xffffffffffffffff = -1
(1 + 2) * 3 = 9
((((1)))) = 1
0777 = 511
0b101 = 5
0x1F = 31
0X1f = 31
0B11 = 3
0 = 0
'a' = 97
'a = 97
'\\n' = 10
'\\'' = 39
'\\\\' = 92
'"' = 34
'@' = 64
';' = 59
"""


@pytest.mark.parametrize("line", RIGHT.strip().splitlines())
def test_a_value_is_that_of_gnu_as(line: str) -> None:
    text, _, value = line.rpartition(" = ")
    expected = int(value, 0) & 0xFFFFFFFF
    assert words(f".word {text}") == [expected]
    assert oracle.link([f".word {text}"]) == expected.to_bytes(4, "little")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5 / 0", "1:9: division by zero"),
        ("5 % (1 - 1)", "1:9: division by zero"),
        ("1 << 64", "1:9: a shift by 64 is not between 0 and 63"),
        ("1 >> -1", "1:9: a shift by -1 is not between 0 and 63"),
        ("1 +", "1:10: expected a number, a symbol or `(` but found the end of the statement"),
        ("~", "1:8: expected a number, a symbol or `(` but found the end of the statement"),
        ("* 2", "1:7: expected a number, a symbol or `(` but found `*`"),
        ("(1 + 2", "1:13: expected `)` but found the end of the statement"),
        ("1 2", "1:9: expected the end of the statement but found `2`"),
        ("1)", "1:8: expected the end of the statement but found `)`"),
        ("08", "1:7: `08` is not an octal number"),
        (
            "0x1_0",
            "1:7: `0x1_0` is not a number (numbers are 10, 0xa, 012 or 0b1010; 1b and 1f are the nearest label 1)",
        ),
        ("1.5", "1:7: `1.5` is not a number (numbers are 10, 0xa, 012 or 0b1010; 1b and 1f are the nearest label 1)"),
        ("0x10000000000000000", "1:7: the number does not fit into 64 bits"),
        ("9" * 5000, "1:7: the number does not fit into 64 bits"),
        ("0x100000000", "1:7: 4294967296 (0x100000000) does not fit into 32 bits"),
        ("-0x100000001", "1:7: -4294967297 (-0x100000001) does not fit into 32 bits"),
        ("'\\q'", "1:7: `\\q` is not an escape (the escapes are \\b \\f \\n \\r \\t \\\\ \\' \\\")"),
        ("'é'", "1:7: a character constant must be ASCII"),
        ("r3", "1:7: `r3` is a register, and a number or symbol is needed"),
        ("1 + \\@", "1:11: the character '\\\\' has no meaning here"),
        ("?", "1:7: the character '?' has no meaning here"),
    ],
)
def test_what_is_no_value_is_refused_at_its_column(text: str, expected: str) -> None:
    assert problem(f".word {text}") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", 0x8000),
        ("a + 4", 0x8004),
        ("4 + a", 0x8004),
        ("b - a", 8),
        ("(b - a) / 4", 2),
        ("a < b", 0xFFFFFFFF),
        ("a == b", 0),
        (". - a", 8),
        (".", 0x8008),
        ("a - b + a", 0x7FF8),
    ],
)
def test_addresses_count_as_in_a_linked_program(text: str, expected: int) -> None:
    assert words(f"a: .word 0, 0\nb: .word {text}")[2] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a * 2", "1:12: `*` needs numbers, and one side is an address"),
        ("2 | a", "1:12: `|` needs numbers, and one side is an address"),
        ("a && 1", "1:12: `&&` needs numbers, and one side is an address"),
        ("a == 1", "1:12: `==` needs numbers, and one side is an address"),
        ("~a", "1:10: `~` needs a number, and this is an address"),
        ("!a", "1:10: `!` needs a number, and this is an address"),
        ("a + a", "1:10: this combination of addresses has no meaning"),
        ("-a", "1:10: this combination of addresses has no meaning"),
    ],
)
def test_what_no_linker_could_make_of_an_address_is_refused(text: str, expected: str) -> None:
    assert problem(f"a: .word {text}") == expected


def test_nothing_recurses() -> None:
    assert words(".word " + "(" * 5000 + "1" + ")" * 5000) == [1]
    assert words(".word " + "~" * 5000 + "1") == [1]
    assert words(".word " + "1 + " * 5000 + "1") == [5001]


def test_random_expressions_are_those_of_gnu_as() -> None:
    chance = random.Random(20)
    numbers = ("0", "1", "2", "3", "7", "31", "0x80000000", "0xffffffff", "255", "-1", "~0", "!0", "-5", "(1 - 4)")
    signs = ("+", "-", "*", "/", "%", "<<", ">>", "&", "|", "^", "==", "!=", "<", ">", "<=", ">=", "&&", "||")
    accepted = []
    for _ in range(3000):
        text = chance.choice(numbers)
        for _ in range(chance.randrange(1, 6)):
            text += f" {chance.choice(signs)} {chance.choice(numbers)}"
            if chance.random() < 0.2:
                text = f"({text})"
        try:
            accepted.append((text, words(f".word {text}")))
        except FwbuildError:
            continue
    assert len(accepted) > 1500
    made = oracle.link([f".word {text}" for text, _ in accepted])
    for index, (text, ours) in enumerate(accepted):
        assert ours == [int.from_bytes(made[4 * index : 4 * index + 4], "little")], text
