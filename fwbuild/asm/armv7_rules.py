# SPDX-License-Identifier: Apache-2.0
"""Rules about the operands of an ARMv7-A instruction together.

What they refuse is UNPREDICTABLE or deprecated in the ARM Architecture Reference Manual,
ARMv7-A and ARMv7-R edition (DDI 0406C), at the instruction's own entry in A8.8 and B9.3,
or under "Data and instruction barrier operations, VMSA".
"""

from __future__ import annotations

from collections.abc import Callable

from fwbuild.asm.armv7_registers import NUMBERS
from fwbuild.asm.forms import Matched, Operand

#: What is wrong and with which operand, or None.
Refusal = tuple[str, Operand] | None


def _registers(matched: Matched) -> list[Operand]:
    return [operand for operand in matched.operands if operand.element in ("reg", "gpr", "index")]


def _writes_back(matched: Matched) -> bool:
    return "]!" in matched.form or "]," in matched.form


def _two_results(matched: Matched) -> Refusal:
    low, high = _registers(matched)[:2]
    return ("the two results need two registers", high) if low.text == high.text else None


def _bit_field(matched: Matched) -> Refusal:
    lsb, width = matched.operands[-2:]
    end = int(lsb.text[1:]) + int(width.text[1:])
    return (f"the field ends at bit {end}, beyond bit 32", width) if end > 32 else None


def _write_back(matched: Matched) -> Refusal:
    data, *rest = _registers(matched)
    label = matched.find("label")
    if label is not None and data.text == "pc" and int(label.text.removeprefix("[pc, #").removesuffix("]")) % 4:
        return "an address that is loaded into pc must lie at a multiple of 4", label
    if rest and _writes_back(matched) and rest[0].text == data.text:
        return "a base register that is written back cannot be the data register", rest[0]
    return None


def _store_pair(matched: Matched) -> Refusal:
    first, second, *rest = _registers(matched)
    if refusal := _consecutive(first, second):
        return refusal
    if rest and _writes_back(matched) and rest[0].text in (first.text, second.text):
        return "a base register that is written back cannot be a data register", rest[0]
    return None


def _load_pair(matched: Matched) -> Refusal:
    first, second, *_ = _registers(matched)
    index = matched.find("index")
    if index is not None and index.text.lstrip("-") in (first.text, second.text):
        return "the index of a load cannot be one of the data registers", index
    return _store_pair(matched)


def _consecutive(first: Operand, second: Operand) -> Refusal:
    number = NUMBERS[first.text]
    if number % 2 or number > 12:
        return "the first register of a pair is one of r0, r2 to r12", first
    if NUMBERS[second.text] != number + 1:
        return "the second register of a pair is the one after the first", second
    return None


def _status(matched: Matched) -> Refusal:
    status, *others = _registers(matched)
    for other in others:
        if other.text == status.text:
            return "the status needs a register of its own", status
    return None


def _exclusive_pair(matched: Matched) -> Refusal:
    registers = _registers(matched)
    first, second = registers[-3:-1]
    refusal = _consecutive(first, second)
    return refusal or (_status(matched) if len(registers) == 4 else None)


def _members(matched: Matched) -> tuple[Operand, list[str]]:
    operand = matched.operands[-1]
    return operand, operand.text.strip("{}").split(", ")


def _list_with_base(matched: Matched) -> Refusal:
    operand, members = _members(matched)
    if "!" in matched.form and matched.operands[0].text in members:
        return "a base register that is written back cannot be in the list", operand
    return None


def _load_list(matched: Matched) -> Refusal:
    # The deprecated lists also kill keystone now and then (see _old_barrier).
    operand, members = _members(matched)
    if "sp" in members and "^" not in matched.form:
        return "sp in the list of a load is deprecated by the architecture", operand
    if "lr" in members and "pc" in members and "^" not in matched.form:
        return "lr and pc together in the list of a load are deprecated by the architecture", operand
    if "^" in matched.form and "!" in matched.form and "pc" not in members:
        return "user-mode registers cannot be loaded with write-back", operand
    return _list_with_base(matched)


def _store_list(matched: Matched) -> Refusal:
    operand, members = _members(matched)
    for name in ("sp", "pc"):
        if name in members and "^" not in matched.form:
            return f"{name} in the list of a store is deprecated by the architecture", operand
    return _list_with_base(matched)


def _old_barrier(matched: Matched) -> Refusal:
    # Keystone warns of these, and its warnings are what kills it now and then.
    words = [operand.text for operand in matched.operands if operand.element != "gpr"]
    barrier = {"p15 0 c7 c10 4": "dsb", "p15 0 c7 c10 5": "dmb", "p15 0 c7 c5 4": "isb"}.get(" ".join(words))
    return (f"this way to a barrier is deprecated, `{barrier}` is one", matched.operands[3]) if barrier else None


def _srs(matched: Matched) -> Refusal:
    base = matched.operands[0]
    return ("srs stores to the stack of a mode: its base is sp", base) if base.text != "sp" else None


RULES: dict[str, Callable[[Matched], Refusal]] = {
    "two results": _two_results,
    "bit field": _bit_field,
    "write-back": _write_back,
    "load pair": _load_pair,
    "store pair": _store_pair,
    "status": _status,
    "exclusive pair": _exclusive_pair,
    "load list": _load_list,
    "store list": _store_list,
    "old barrier": _old_barrier,
    "srs": _srs,
}
