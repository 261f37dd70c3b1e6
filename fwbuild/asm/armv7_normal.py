# SPDX-License-Identifier: Apache-2.0
"""The normal form of ARMv7-A instructions: one way to write each, and no pseudo-instructions.

It is what capstone 5 prints for the encoding, apart from how numbers look. So what an
encoder made can be read back and compared, and no encoder has to know an alias.
"""

from __future__ import annotations

from dataclasses import replace

from fwbuild.asm.armv7_forms import Row
from fwbuild.asm.armv7_operands import is_modified
from fwbuild.asm.encoder import Statement
from fwbuild.asm.expression import show
from fwbuild.asm.forms import Matched, Operand
from fwbuild.asm.section import Instruction

#: What GNU as makes of an instruction whose constant cannot be encoded: the instruction
#: that does the same with the complement, or with the negative, of the constant.
_COMPLEMENTED = {"mov": "mvn", "mvn": "mov", "and": "bic", "bic": "and", "adc": "sbc", "sbc": "adc"}
_NEGATED = {"add": "sub", "sub": "add", "cmp": "cmn", "cmn": "cmp"}

#: Bytes forth and back from the instruction (DDI 0406C, A8.8.18: 24 bits of words, from
#: the instruction's address plus 8).
_BRANCH_REACH = (-(1 << 25) + 8, (1 << 25) + 4)

#: The names that tell how a stack grows, and the names that tell what is done.
_LISTS = {
    **dict.fromkeys(("ldmia", "ldmfd"), "ldm"),
    **dict.fromkeys(("stmia", "stmea"), "stm"),
    "ldmed": "ldmib",
    "ldmfa": "ldmda",
    "ldmea": "ldmdb",
    "stmfa": "stmib",
    "stmed": "stmda",
    "stmfd": "stmdb",
}


def normal_form(instruction: Instruction, row: Row, base: str, suffix: str, matched: Matched) -> Statement:
    """An instruction in normal form; ``base`` and ``suffix`` are its mnemonic.

    Raises FwbuildError ``assembly``.
    """
    if matched.find("target"):
        return _branch(instruction, base + suffix, matched)
    if matched.find("address"):
        return _adr(instruction, suffix, matched)
    if matched.find("literal"):
        return _load_of_number(instruction, suffix, matched)
    matched = _with_all_operands(row, base, matched)
    if constant := matched.find("#const"):
        base, number = _encodable(instruction, base, suffix, matched)
        operands = (*matched.operands[:-1], replace(constant, text=f"#{number}"))
        matched = replace(matched, operands=operands)
    text = _without_zeros(matched.text)
    if base in ("mov", "lsl"):
        base, text = _move_or_shift(base, text)
    elif matched.find("list"):
        base, text = _list(base, text)
    elif base == "ldr" and text.endswith(", [sp], #4"):
        base, text = "pop", "{" + matched.operands[0].text + "}"
    return Statement(text=f"{base}{suffix} {text}".rstrip())


def _with_all_operands(row: Row, base: str, matched: Matched) -> Matched:
    """Write out what the form leaves to be understood."""
    if matched.operands:
        first = matched.operands[0]
        full = f"{first.element}, {matched.form}"
        if full in row.forms:
            # `add r0, #4` is `add r0, r0, #4`, but `mul r0, r1` is `mul r0, r1, r0`.
            operands = (*matched.operands, first) if base == "mul" else (first, *matched.operands)
            return Matched(form=full, operands=operands)
    for element, text in (("opc3", "0"), ("barrier", "sy"), ("full", "sy")):
        full = f"{matched.form}, {element}".removeprefix(", ")
        if full in row.forms:
            left_out = Operand(element=element, text=text, column=0)
            return Matched(form=full, operands=(*matched.operands, left_out))
    return matched


def _without_zeros(text: str) -> str:
    """Leave out a shift by 0, and an offset of 0 that is not written back."""
    text = text.replace(", lsl #0", "")
    return text.removesuffix(", #0]") + "]" if text.endswith(", #0]") else text


def _move_or_shift(base: str, text: str) -> tuple[str, str]:
    """A move that shifts is called after the shift, and a shift by 0 is a move."""
    registers, _, last = text.rpartition(", ")
    name, _, amount = last.partition(" ")
    if base == "mov" and amount:
        return name, f"{registers}, {amount}"
    if base == "mov" and name == "rrx":
        return name, registers
    return ("mov", registers) if (base, last) == ("lsl", "#0") else (base, text)


def _list(base: str, text: str) -> tuple[str, str]:
    """One name for each way to count, and push and pop where the stack is sp's.

    A push or pop of one register is a store or load; ``ldm sp!, {r0}`` is not.
    """
    base = _LISTS.get(base, base)
    several = "," in text[text.index("{") :]
    if base == "push" and not several:
        return "str", text.strip("{}") + ", [sp, #-4]!"
    if text.startswith("sp!") and not text.endswith("^") and several and base in ("ldm", "stmdb"):
        return ("pop" if base == "ldm" else "push"), text.removeprefix("sp!, ")
    return base, text


def _encodable(instruction: Instruction, base: str, suffix: str, matched: Matched) -> tuple[str, int]:
    """The instruction and the constant that GNU as takes for the constant in the last operand."""
    constant = matched.operands[-1]
    number = int(constant.text[1:])
    if is_modified(number):
        return base, number
    if base in _COMPLEMENTED and is_modified(~number & 0xFFFFFFFF):
        return _COMPLEMENTED[base], ~number & 0xFFFFFFFF
    if base in _NEGATED and is_modified(-number & 0xFFFFFFFF):
        return _NEGATED[base], -number & 0xFFFFFFFF
    if base == "mov" and not suffix.startswith("s") and number <= 0xFFFF and matched.operands[0].text != "pc":
        return "movw", number
    raise instruction.place.refuse(
        f"{show(number)} is not a constant that `{instruction.mnemonic}` can hold",
        constant.column,
        "a constant is eight bits, rotated by an even number; `ldr reg, =number` loads any",
    )


def _branch(instruction: Instruction, mnemonic: str, matched: Matched) -> Statement:
    target = matched.operands[0]
    distance = int(target.text) - instruction.address
    low, high = _BRANCH_REACH
    if distance % 4 or not low <= distance <= high:
        problem = "is not a multiple of 4" if distance % 4 else "is more than a branch can reach"
        raise instruction.place.refuse(f"the distance to the target, {distance} bytes, {problem}", target.column)
    return Statement(text=mnemonic, branch=distance)


def _adr(instruction: Instruction, suffix: str, matched: Matched) -> Statement:
    register, target = matched.operands
    distance = int(target.text) - instruction.address - 8
    if not is_modified(abs(distance)):
        raise instruction.place.refuse(
            f"the address is {show(distance)} bytes from the program counter, and `adr` cannot add that",
            target.column,
            "it adds eight bits, rotated by an even number; `ldr reg, =label` reaches everything",
        )
    return Statement(text=f"{'sub' if distance < 0 else 'add'}{suffix} {register.text}, pc, #{abs(distance)}")


def _load_of_number(instruction: Instruction, suffix: str, matched: Matched) -> Statement:
    """``ldr reg, =number``: mov or mvn where one can hold the number, else a load from the pool."""
    register, value = matched.operands
    literal = instruction.literal
    if literal is None:
        number = int(value.text)
        base, number = ("mov", number) if is_modified(number) else ("mvn", ~number & 0xFFFFFFFF)
        return Statement(text=f"{base}{suffix} {register.text}, #{number}")
    distance = (literal.address or instruction.address) - instruction.address - 8
    if abs(distance) > 4095:
        raise instruction.place.refuse(
            f"the literal pool is {distance} bytes away, and a load reaches 4095",
            value.column,
            "put a `.ltorg` nearer, where no instruction runs into it",
        )
    # GNU as subtracts an offset of 0 here, and nowhere else.
    return Statement(text=f"ldr{suffix} {register.text}, [pc, #{distance or '-0'}]")
