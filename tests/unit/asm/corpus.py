# SPDX-License-Identifier: Apache-2.0
"""Statements that a writer of boot code may write, right ones and wrong ones, from a seed."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

_CONDITIONS = ("eq", "ne", "cs", "hs", "cc", "lo", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le", "al")
_OTHER_NAMES = ("sb", "sl", "fp", "ip", "r13", "r14", "r15", "R3", "SP")

#: Templates; `?` after a mnemonic is an optional condition, `s?` optional flags.
TEMPLATES = """
{and|eor|sub|rsb|add|adc|sbc|rsc|orr|bic}{s}{?} {r}, {r}, {const}
{and|eor|sub|rsb|add|adc|sbc|rsc|orr|bic}{s}{?} {r}, {r}, {r}
{and|eor|sub|rsb|add|adc|sbc|rsc|orr|bic}{s}{?} {r}, {r}, {r}, {shift}
{and|eor|sub|rsb|add|adc|sbc|rsc|orr|bic}{s}{?} {r}, {r}, {r}, {lsl|lsr|asr|ror} {r}
{and|eor|sub|rsb|add|adc|sbc|rsc|orr|bic}{s}{?} {r}, {const}
{and|eor|sub|rsb|add|adc|sbc|rsc|orr|bic}{s}{?} {r}, {r}
{mov|mvn}{s}{?} {r}, {const}
mov{s}{?} {r}, #{0x1234|0x12345|0xffff}
{mov|mvn}{s}{?} {r}, {r}
{mov|mvn}{s}{?} {r}, {r}, {shift}
{mov|mvn}{s}{?} {r}, {r}, {lsl|lsr|asr|ror} {r}
{cmp|cmn|tst|teq}{?} {r}, {const}
{cmp|cmn|tst|teq}{?} {r}, {r}
{cmp|cmn|tst|teq}{?} {r}, {r}, {shift}
{cmp|cmn|tst|teq}{?} {r}, {r}, {lsl|lsr|asr|ror} {r}
{lsl|lsr|asr|ror}{s}{?} {r}, {r}, {#amount}
{lsl|lsr|asr|ror}{s}{?} {r}, {r}, {r}
{lsl|lsr|asr|ror}{s}{?} {r}, {#amount}
{lsl|lsr|asr|ror}{s}{?} {r}, {r}
rrx{s}{?} {r}, {r}
{movw|movt}{?} {r}, {#half}
{movw|movt}{?} {r}, #:{lower16|upper16}:{word}
adr{?} {r}, . + {distance}
mul{s}{?} {r}, {r}, {r}
mul{s}{?} {r}, {r}
mla{s}{?} {r}, {r}, {r}, {r}
mls{?} {r}, {r}, {r}, {r}
{umull|umlal|smull|smlal}{s}{?} {r}, {r}, {r}, {r}
umaal{?} {r}, {r}, {r}, {r}
{sdiv|udiv}{?} {r}, {r}, {r}
{clz|rev|rev16|revsh|rbit}{?} {r}, {r}
{sxtb|sxth|uxtb|uxth|sxtb16|uxtb16}{?} {r}, {r}
{sxtb|sxth|uxtb|uxth|sxtb16|uxtb16}{?} {r}, {r}, ror #{0|8|16|24|4}
{sxtab|sxtah|uxtab|uxtah|sxtab16|uxtab16}{?} {r}, {r}, {r}
{sxtab|sxtah|uxtab|uxtah|sxtab16|uxtab16}{?} {r}, {r}, {r}, ror #{8|16|24}
bfc{?} {r}, {#bit}, {#bit}
{bfi|ubfx|sbfx}{?} {r}, {r}, {#bit}, {#bit}
{ssat|usat}{?} {r}, {#bit}, {r}
{ldr|str|ldrb|strb}{?} {r}, [{r}]
{ldr|str|ldrb|strb}{?} {r}, [{r}, {#12}]
{ldr|str|ldrb|strb}{?} {r}, [{r}, {#12}]!
{ldr|str|ldrb|strb}{?} {r}, [{r}], {#12}
{ldr|str|ldrb|strb}{?} {r}, [{r}, {+}{r}]
{ldr|str|ldrb|strb}{?} {r}, [{r}, {+}{r}, {shift}]
{ldr|str|ldrb|strb}{?} {r}, [{r}, {+}{r}]!
{ldr|str|ldrb|strb}{?} {r}, [{r}, {+}{r}, {shift}]!
{ldr|str|ldrb|strb}{?} {r}, [{r}], {+}{r}
{ldr|str|ldrb|strb}{?} {r}, [{r}], {+}{r}, {shift}
{ldrh|strh|ldrsb|ldrsh}{?} {r}, [{r}]
{ldrh|strh|ldrsb|ldrsh}{?} {r}, [{r}, {#8}]
{ldrh|strh|ldrsb|ldrsh}{?} {r}, [{r}, {#8}]!
{ldrh|strh|ldrsb|ldrsh}{?} {r}, [{r}], {#8}
{ldrh|strh|ldrsb|ldrsh}{?} {r}, [{r}, {+}{r}]
{ldrh|strh|ldrsb|ldrsh}{?} {r}, [{r}, {+}{r}]!
{ldrh|strh|ldrsb|ldrsh}{?} {r}, [{r}], {+}{r}
{ldrd|strd}{?} {rr}, [{r}]
{ldrd|strd}{?} {rr}, [{r}, {#8}]
{ldrd|strd}{?} {rr}, [{r}, {#8}]!
{ldrd|strd}{?} {rr}, [{r}], {#8}
{ldrd|strd}{?} {rr}, [{r}, {+}{r}]
{ldrd|strd}{?} {rr}, [{r}, {+}{r}]!
{ldrd|strd}{?} {rr}, [{r}], {+}{r}
{ldr|ldrb|ldrh|ldrsb|ldrsh}{?} {r}, . + {distance}
ldrd{?} {rr}, . + {distance}
{ldrex|ldrexb|ldrexh}{?} {r}, [{r}]
{strex|strexb|strexh}{?} {r}, {r}, [{r}]
ldrexd{?} {rr}, [{r}]
strexd{?} {r}, {rr}, [{r}]
clrex{?}
{pld|pldw|pli}{?} [{r}]
{pld|pldw|pli}{?} [{r}, {#12}]
{pld|pldw|pli}{?} [{r}, {+}{r}]
{pld|pldw|pli}{?} [{r}, {+}{r}, {shift}]
{ldm|stm}{|ia|ib|da|db|fd|fa|ed|ea}{?} {r}, {list}
{ldm|stm}{|ia|ib|da|db|fd|fa|ed|ea}{?} {r}!, {list}
{ldm|stm}{|ia|ib|da|db|fd|fa|ed|ea}{?} {r}, {list}^
{ldm|stm}{|ia|ib|da|db|fd|fa|ed|ea}{?} {r}!, {list}^
{push|pop}{?} {list}
{b|bl}{?} . + {distance}
{b|bl}{?} . - {far}
{bx|blx|bxj}{?} {r}
{mcr|mrc}{?} {p14|p15|p15|p15}, {0|1|4|6|7|8}, {r}, {c}, {c}, {0|1|4|7|8}
{mcr|mrc}{?} {p14|p15|p7}, {0|1|4|6|7}, {r}, {c}, {c}
mcr{?} p15, 0, {r}, c7, {c5|c10}, {0|1|4|5|6}
{mcr2|mrc2}{?} {p14|p15|p7|p10}, #{0|1|4|6|7}, {r}, {c}, {c}, {0|1|4|7}
mrc{?} {p14|p15}, {0|1}, apsr_nzcv, {c}, {c}, {0|1}
{mcrr|mrrc}{?} {p14|p15}, {0|1|4|15|16}, {r}, {r}, {c}
{mcrr2|mrrc2}{?} {p14|p15|p7}, {0|1|4|15|16}, {r}, {r}, {c}
mrs{?} {r}, {cpsr|spsr|apsr}
mrs{?} {r}, {banked}
msr{?} {banked}, {r}
msr{?} {psr}, {r}
msr{?} {psr}, {const}
cps{?} #{mode}
{cpsid|cpsie}{?} {a|i|f|aif|if|ai|fia}
{cpsid|cpsie}{?} {a|i|f|aif|if|ai|fia}, #{mode}
setend{?} {be|le}
rfe{ia|ib|da|db}{?} {r}{|!}
srs{ia|ib|da|db}{?} sp{|!}, #{mode}
eret{?}
smc{?} #{0|1|15|16}
hvc{?} #{0|1|65535|65536}
svc{?} #{0|1|0xffffff|0x1000000}
{bkpt|udf}{?} {#|}{0|1|65535|65536}
dbg{?} #{0|5|15|16}
{nop|sev|wfe|wfi|yield}{?}
{dmb|dsb}{?} {sy|st|ish|ishst|nsh|nshst|osh|oshst|}
isb{?} {sy|}
""".strip().splitlines()


def statements(seed: int, each: int) -> list[tuple[str, str]]:
    """For each template so many statements, as (template, statement)."""
    chance = random.Random(seed)
    return [(template, _filled(template, chance)) for template in TEMPLATES for _ in range(each)]


def _filled(template: str, chance: random.Random) -> str:
    def fill(found: re.Match[str]) -> str:
        name = found[1]
        if name in _MAKERS:
            return _MAKERS[name](chance)
        return chance.choice(str(name).split("|"))

    return re.sub(r"\{([^{}]*)\}", fill, template).strip()


def _register(chance: random.Random) -> str:
    if chance.random() < 0.15:
        return chance.choice(_OTHER_NAMES)
    if chance.random() < 0.06:
        return chance.choice(("sp", "lr", "pc"))
    return f"r{chance.randrange(13)}"


def _pair(chance: random.Random) -> str:
    if chance.random() < 0.2:
        return f"{_register(chance)}, {_register(chance)}"
    first = 2 * chance.randrange(6)
    return f"r{first}, r{first + 1}"


def _constant(chance: random.Random) -> str:
    kind = chance.randrange(6)
    number = (chance.randrange(256) << 2 * chance.randrange(13)) & 0xFFFFFFFF
    if kind == 0:
        number = chance.randrange(1 << chance.randrange(1, 33))
    return "#" + (str(number), hex(number), f"~{number:#x}", f"-{number}", f"{number} | 1", str(number))[kind]


def _offset(limit: int) -> Callable[[random.Random], str]:
    def make(chance: random.Random) -> str:
        return "#" + chance.choice(
            ("0", "-0", "4", "-4", f"{limit}", f"-{limit}", f"{limit + 1}", f"{chance.randint(-limit, limit)}")
        )

    return make


def _shift(chance: random.Random) -> str:
    if chance.random() < 0.1:
        return "rrx"
    return f"{chance.choice(('lsl', 'lsr', 'asr', 'ror'))} #{chance.choice((0, 1, 2, 31, 32, chance.randrange(33)))}"


def _list(chance: random.Random) -> str:
    members = [f"r{number}" for number in range(13) if chance.random() < 0.3] or ["r3"]
    members += [name for name in ("sp", "lr", "pc") if chance.random() < 0.25]
    text = ", ".join(members)
    return "{" + text.replace("r1, r2, r3", "r1-r3").replace("r8, r9", "R8 - sb") + "}"


def _distance(chance: random.Random) -> str:
    return str(chance.choice((0, 4, 8, 12, 100, -100, 264, 268, 4100, 4104, 1 << 16, chance.randrange(-5000, 5000))))


_MAKERS: dict[str, Callable[[random.Random], str]] = {
    "?": lambda chance: chance.choice((*[""] * 17, *_CONDITIONS)),
    "s": lambda chance: chance.choice(("", "s")),
    "+": lambda chance: chance.choice(("", "-", "+")),
    "r": _register,
    "rr": _pair,
    "c": lambda chance: f"c{chance.randrange(16)}",
    "const": _constant,
    "#half": lambda chance: f"#{chance.choice((0, 1, 0xFFFF, 0x10000, -1, chance.randrange(1 << 16)))}",
    "word": lambda chance: f"{chance.randrange(1 << 32):#x}",
    "#amount": lambda chance: f"#{chance.randrange(34)}",
    "#bit": lambda chance: f"#{chance.randrange(34) if chance.random() < 0.5 else chance.randrange(1, 9)}",
    "#12": _offset(4095),
    "#8": _offset(255),
    "shift": _shift,
    "list": _list,
    "distance": _distance,
    "far": lambda chance: str(4 * chance.randrange((1 << 23) + 3)),
    "mode": lambda chance: str(chance.choice((16, 17, 18, 19, 22, 23, 26, 27, 31, 0, 32))),
    "banked": lambda chance: "_".join(
        (
            chance.choice(("r8", "r9", "r12", "sp", "lr", "spsr", "elr", "LR")),
            chance.choice(("usr", "fiq", "irq", "svc", "abt", "und", "mon", "hyp")),
        )
    ),
    "psr": lambda chance: chance.choice(
        ("cpsr", "spsr", "cpsr_c", "cpsr_cxsf", "cpsr_fsxc", "spsr_fc", "spsr_x", "apsr_nzcvq", "apsr_g", "cpsr_cc")
    ),
}
