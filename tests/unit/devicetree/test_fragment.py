# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import random

import pytest

from fwbuild.devicetree.fragment import (
    Assign,
    Child,
    Drop,
    DropChild,
    DropProperty,
    Extend,
    Overlay,
    Reference,
    parse_fragment,
)
from fwbuild.model.problem import FwbuildError, Origin

HEAD = "/dts-v1/;\n/plugin/;\n"


def at(line: int, column: int) -> Origin:
    return Origin(path="board.dtso", line=line, column=column)


def problems(text: str) -> list[tuple[str, str, str]]:
    """Place, message and hint of everything that is wrong with ``text``."""
    with pytest.raises(FwbuildError) as error:
        parse_fragment(text, "board.dtso")
    assert {problem.code for problem in error.value.problems} == {"bad-device-tree"}
    return [(str(problem.origin), problem.message, problem.hint) for problem in error.value.problems]


def value(text: str) -> Assign:
    """The assignment of a value that is written so."""
    (statement,) = parse_fragment(f"{HEAD}&a {{ p = {text}; }};", "board.dtso")
    assert isinstance(statement, Extend)
    (assign,) = statement.body
    assert isinstance(assign, Assign)
    return assign


def test_statements() -> None:
    text = """\
/dts-v1/;
/plugin/; // an overlay

/* adds a node */
one: two: &soc {
	p;
	/delete-property/ q;
	three: n@1 { };
	/delete-node/ m@2;
};
/delete-node/ &uart0;
/delete-node/ &{/soc/x@1};
/ { f { }; };
"""
    assert parse_fragment(text, "board.dtso") == (
        Extend(
            Reference("soc", at(5, 11)),
            ("one", "two"),
            (
                Assign("p", b"", (), at(6, 2)),
                DropProperty("q", at(7, 2)),
                Child("n@1", ("three",), (), at(8, 9)),
                DropChild("m@2", at(9, 2)),
            ),
        ),
        Drop(Reference("uart0", at(11, 15))),
        Drop(Reference("/soc/x@1", at(12, 15))),
        Overlay((Child("f", (), (), at(13, 5)),)),
    )


def test_an_overlay_may_be_empty() -> None:
    assert parse_fragment(HEAD, "board.dtso") == ()


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("<1 0xff (1 << 4)>", b"\0\0\0\1\0\0\0\xff\0\0\0\x10"),
        ("<(-1)>", b"\xff\xff\xff\xff"),
        ("<'a' 010>", b"\0\0\0\x61\0\0\0\x08"),
        ("/bits/ 8 <1 2>, /bits/ 16 <3>, /bits/ 64 <4>", b"\1\2\0\3\0\0\0\0\0\0\0\4"),
        ('"a", "b\\n\\x41"', b"a\0b\nA\0"),
        ("[00 ff 1234]", b"\0\xff\x12\x34"),
        ("label: <1>", b"\0\0\0\1"),
        ('"{ /* no comment */ } #include /include/ \\" \'"', b"{ /* no comment */ } #include /include/ \" '\0"),
    ],
)
def test_values(text: str, data: bytes) -> None:
    assign = value(text)
    assert assign.value == data
    assert assign.inserted == ()


def test_references_in_values() -> None:
    assign = value("<1 &b 2 &{/c@0}>, &d, [ff]")
    assert assign.value == b"\0\0\0\1" + bytes(4) + b"\0\0\0\2" + bytes(4) + b"\xff"
    assert [(each.offset, each.phandle, str(each.reference)) for each in assign.inserted] == [
        (4, True, "&b"),
        (12, True, "&{/c@0}"),
        (16, False, "&d"),
    ]
    assert [each.reference.origin for each in assign.inserted] == [at(3, 13), at(3, 18), at(3, 28)]


def test_comments_may_say_anything() -> None:
    text = HEAD + "/*\n#include <x>\n*/ // /incbin/ \"\n&a { p = '\"'; };".replace("'\"'", "<'\"'>")
    assert len(parse_fragment(text, "board.dtso")) == 1


def test_properties_may_start_like_a_directive() -> None:
    text = HEAD + "&a {\n#size-cells = <1>;\n#if-cells = <1>;\n#line,x;\n};"
    assert len(parse_fragment(text, "board.dtso")) == 1


def test_everything_that_would_bring_in_more_text_is_refused() -> None:
    text = HEAD + '#include "x.h"\n&a {\n\t/include/ "y.dtsi"\n\tp = /incbin/("z");\n};\n\t# define X 1\n# 1 "x.c"\n'
    cpp = "`{}` is for cpp, the C preprocessor, which is not run on fragments"
    alone = "a fragment must hold all that it says"
    assert problems(text) == [
        (
            "board.dtso:5:2",
            f"/include/ is refused: {alone}",
            "write the contents here, or name a second fragment before this one",
        ),
        (
            "board.dtso:6:6",
            f"/incbin/ is refused: {alone}",
            "write the contents here, or name a second fragment before this one",
        ),
        ("board.dtso:3:1", cpp.format("#include"), "write the numbers out"),
        ("board.dtso:8:2", cpp.format("# define"), "write the numbers out"),
        ("board.dtso:9:1", cpp.format("# 1"), "write the numbers out"),
    ]


STARTS = "an overlay starts with `/dts-v1/;` and `/plugin/;`"
DEEP = HEAD + "&a {" + " b {" * 62

WRONG = [
    ("", "1:1", "expected `/dts-v1/;`", STARTS),
    ("/ { };", "1:1", "expected `/dts-v1/;`", STARTS),
    ("/dts-v1/;\n/ { };", "2:1", "expected `/plugin/;`", STARTS),
    ("/dts-v1/\n/plugin/;", "2:1", "expected `;`, not `/plugin/`", ""),
    (
        HEAD + "a { };",
        "3:1",
        "expected `&label {`, `&{/path} {`, `/delete-node/` or `/ {`, not `a`",
        "",
    ),
    (
        HEAD + "/memreserve/ 0 1;",
        "3:1",
        "expected `&label {`, `&{/path} {`, `/delete-node/` or `/ {`, not `/memreserve/`",
        "memory is reserved by a node in /reserved-memory",
    ),
    (HEAD + "x: / { };", "3:4", "expected the `&label` or `&{/path}` of a node after a label", ""),
    (HEAD + "&a { }", "3:7", "expected `;`, not `<EOF>`", ""),
    (HEAD + "&a {\n", "4:1", "expected the name of a property or node, or `}`, not `<EOF>`", ""),
    (HEAD + "&a { x: };", "3:9", "expected the name of a property or node, or `}`, not `}`", ""),
    (HEAD + "&a { p = <1> };", "3:14", "expected ';' or ','", ""),
    (HEAD + "&a { p <1>; };", "3:8", "expected `;`, not `<`", ""),
    (HEAD + '&a { p "{" };', "3:8", "expected `;`, not `{`", ""),
    (
        HEAD + "&a { p = <1 IRQ_TYPE_NONE>; };",
        "3:13",
        "expected number or parenthesized expression",
        "if `IRQ_TYPE_NONE` is a macro: cpp is not run on fragments, write the number out",
    ),
    (HEAD + "&a { p = <0x100000000>; };", "3:11", "4294967296 does not fit in 32 bits", ""),
    (HEAD + "&a { p = <(1 / 0)>; };", "3:16", "division by zero", ""),
    (
        HEAD + "&a { p = <08>; };",
        "3:11",
        "this cannot be evaluated: invalid literal for int() with base 8: '08'",
        "",
    ),
    (HEAD + "&a { p = <(1 << (-1))>; };", "3:22", "this cannot be evaluated: negative shift count", ""),
    (HEAD + "&a { p = /bits/ 5 <1>; };", "3:17", "expected 8, 16, 32, or 64", ""),
    (HEAD + "&a { p = &{b}; };", "3:10", "the path in `&{b}` does not start with /", ""),
    (HEAD + "&a { b@ { }; };", "3:6", "a node cannot be called `b@`", ""),
    (HEAD + "&a { p@0 = <1>; };", "3:6", "a property cannot be called `p@0`", ""),
    (HEAD + "&a { b { }; p; };", "3:13", "the property `p` comes after a child node: properties come first", ""),
    (
        HEAD + "&a { /delete-node/ b; /delete-property/ p; };",
        "3:23",
        "the property `p` comes after a child node: properties come first",
        "",
    ),
    (HEAD + "/delete-node/ a;", "3:15", "expected the `&label` or `&{/path}` of the node to delete", ""),
    (HEAD + "&a { /delete-node/ &b; };", "3:20", "expected the name of the node to delete", ""),
    (HEAD + "&a { /delete-property/ ; };", "3:24", "expected the name of the property to delete", ""),
    (
        HEAD + "&a { /omit-if-no-ref/ b { }; };",
        "3:6",
        "expected the name of a property or node, or `}`, not `/omit-if-no-ref/`",
        "a fragment says what there is; leave the node out or put it in",
    ),
    (DEEP, f"3:{4 + 62 * 4}", "nodes lie at most 62 deep", ""),
]


@pytest.mark.parametrize(("text", "place", "message", "hint"), WRONG, ids=range(len(WRONG)))
def test_what_is_wrong_is_said_with_its_place(text: str, place: str, message: str, hint: str) -> None:
    assert problems(text) == [(f"board.dtso:{place}", message, hint)]


def test_endless_parentheses() -> None:
    ((place, message, _),) = problems(HEAD + "&a { p = <" + "(" * 5000 + ">; };")
    assert place.startswith("board.dtso:3:")
    assert message.startswith("this cannot be evaluated: maximum recursion depth exceeded")


def test_no_text_leads_to_another_exception() -> None:
    good = (
        HEAD
        + """\
x: &a { p = <1 (2 + 3) &b 'c'>, "d\\n", [ee ff], /bits/ 64 <4>; /delete-property/ q; #include; };
&{/soc/n@1} { m: n { /* c */ p = &c, <(~0)>; }; /delete-node/ k; }; // end
/ { fragment@0 { target-path = "/"; __overlay__ { p = <(1 ? 2 : 3) (4 << 5)>; }; }; };
"""
    )
    pieces = [
        *"{};<>[]()&/@=,:#0-~?'é\"\\\n\t\0",
        "&{",
        "/*",
        "*/",
        "//",
        "0x",
        "<<",
        "/bits/",
        "/delete-node/",
        "p = ",
    ]
    dice = random.Random(20240229)
    read = 0
    refused: set[tuple[str, bool]] = set()
    for _ in range(3000):
        text = good
        for _ in range(dice.randint(1, 2)):
            start = dice.randrange(len(text))
            end = start + dice.choice((0, 0, 1, 1, 2, 8))
            text = text[:start] + dice.choice((*pieces, "")) + text[end:]
        try:
            parse_fragment(text, "board.dtso")
        except FwbuildError as error:
            refused.update((problem.code, problem.origin is not None) for problem in error.problems)
        else:
            read += 1
    assert refused == {("bad-device-tree", True)}
    assert 100 < read < 2000
