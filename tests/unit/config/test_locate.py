# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import tomli
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from fwbuild.config.locate import KeyPath, locate

TEXT = """\
a = 1 # comment = 2
"q.x" = \"\"\"text
 with "[quotes]" = 3 \"\"\"
'lit' = '''
[no.header]
'''
[t.u]
b.c = [1, {x = 'y', z = [3]}, # comment ]
  "s"]
[[l]]
n = 1.5
[l.m]
d = 1979-05-27T07:32:00Z
[[l]]
n = 2
"""


def test_places_of_every_kind_of_key() -> None:
    tomli.loads(TEXT)
    places = locate(TEXT)
    assert places[("a",)] == (1, 1)
    assert places[("q.x",)] == (2, 1)
    assert places[("lit",)] == (4, 1)
    assert places[("t", "u")] == (7, 1)
    assert places[("t", "u", "b", "c")] == (8, 3)
    assert places[("t", "u", "b", "c", 1, "z", 0)] == (8, 26)
    assert places[("t", "u", "b", "c", 2)] == (9, 3)
    assert places[("l", 0, "m", "d")] == (13, 1)
    assert places[("l", 1, "n")] == (15, 1)


def test_windows_line_ends() -> None:
    assert locate("a = 1\r\n[t]\r\nb = 2\r\n")[("t", "b")] == (3, 1)


def paths_of(value: object, path: KeyPath = ()) -> set[KeyPath]:
    """Every path to a value that tomli found."""
    found: set[KeyPath] = set()
    if isinstance(value, dict):
        items: list[tuple[str | int, object]] = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    else:
        return {path} if path else set()
    for key, item in items:
        found |= paths_of(item, (*path, key))
    return found


keys = st.text(alphabet='ab.-"é\\ #=[]', min_size=1, max_size=4)
scalars = st.one_of(st.integers(-5, 5), st.booleans(), st.text(alphabet="ab'\"\\\n#[]{}=, ", max_size=6))
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=3)),
    max_leaves=12,
)


@given(st.dictionaries(keys, values, max_size=4), st.booleans())
def test_finds_what_tomli_finds(document: dict[str, object], multiline: bool) -> None:
    """The scanner is no second opinion on TOML: every value that tomli sees has a place."""
    text = tomli_w.dumps(document, multiline_strings=multiline)
    places = locate(text)
    lines = text.splitlines(keepends=True)
    for path in paths_of(tomli.loads(text)):
        line, column = places[path]
        assert 1 <= line <= len(lines)
        assert 1 <= column <= len(lines[line - 1])
