# SPDX-License-Identifier: Apache-2.0
"""Speaks the GDB remote serial protocol to an emulator.

Only what the verification needs: registers by name, memory, hardware breakpoints,
single steps of one CPU and running all of them. Threads are CPUs, counted from 0 here
and from 1 on the wire. Protocol: GDB manual, appendix E.
"""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterable

#: How long an answer may take that is not one to "run" or "step", in seconds.
_ANSWER_TIMEOUT = 20.0
#: Bytes of memory asked for at once; the stub's packets hold 4096 hex digits.
_MEMORY_CHUNK = 0x7C0
#: What no emulator has: a longer description of its registers, more CPUs.
_DOCUMENT_LIMIT = 1 << 20
_CPU_LIMIT = 1 << 10


class StubError(Exception):
    """The other side hung up, refused or said something that makes no sense."""


class GdbStub:
    """A connection to a stopped machine."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._received = b""
        self._registers: dict[str, tuple[int, int]] = {}
        self._cpus = 0

    def start(self) -> None:
        """Agree on features and learn the registers' numbers."""
        self._ask("qSupported:xmlRegisters=arm")
        number = 0
        try:
            target = self._document("target.xml")
            for name in re.findall(r'href="([^"]+)"', target):
                number = self._learn(self._document(name), number)
        except (ValueError, KeyError) as error:
            raise StubError(f"the emulator's description of its registers makes no sense: {error}") from error

    def _document(self, name: str) -> str:
        text = b""
        while True:
            answer = self._ask(f"qXfer:features:read:{name}:{len(text):x},{_MEMORY_CHUNK:x}")
            text += answer[1:]
            if answer[:1] == b"l":
                return text.decode()
            if answer[:1] != b"m" or not answer[1:] or len(text) > _DOCUMENT_LIMIT:
                raise StubError(f"no register description {name}")

    def _learn(self, document: str, number: int) -> int:
        """Remember the registers of one feature; the number of the next register."""
        for attributes in re.findall(r"<reg\b([^>]*)", document):
            fields = dict(re.findall(r'(\w+)="([^"]*)"', attributes))
            number = int(fields.get("regnum", number))
            # A name may stand twice; the wider register is the whole of it.
            size = int(fields["bitsize"]) // 8
            if size > self._registers.get(fields["name"], (0, 0))[1]:
                self._registers[fields["name"]] = (number, size)
            number += 1
        return number

    def cpus(self) -> int:
        """How many CPUs the machine has."""
        count, answer = 0, self._ask("qfThreadInfo")
        while answer.startswith(b"m"):
            count += len(answer[1:].split(b","))
            if count > _CPU_LIMIT:
                raise StubError("the emulator has CPUs without end")
            answer = self._ask("qsThreadInfo")
        if not count:
            raise StubError("the emulator has no CPU")
        self._cpus = count
        return count

    def has(self, register: str) -> bool:
        """Whether the machine's CPUs have ``register`` at all."""
        return register in self._registers

    def register(self, cpu: int, name: str) -> int:
        """What the register ``name`` of ``cpu`` holds."""
        if name not in self._registers:
            raise StubError(f"the emulator shows no register {name}")
        number, _ = self._registers[name]
        self._ask(f"Hg{cpu + 1:x}")
        answer = self._ask(f"p{number:x}")
        try:
            return int.from_bytes(bytes.fromhex(answer.decode()), "little")
        except ValueError as error:
            raise StubError(f"cannot read register {name}: {answer.decode(errors='replace')}") from error

    def memory(self, cpu: int, address: int, size: int) -> bytes:
        """``size`` bytes from ``address`` on, as ``cpu`` sees them; empty if it cannot."""
        self._ask(f"Hg{cpu + 1:x}")
        data = b""
        while len(data) < size:
            chunk = min(_MEMORY_CHUNK, size - len(data))
            answer = self._ask(f"m{address + len(data):x},{chunk:x}")
            if answer.startswith(b"E") or not answer:
                return b""
            try:
                data += bytes.fromhex(answer.decode())
            except ValueError as error:
                raise StubError(f"cannot read memory at {address:#x}: {answer!r}") from error
        return data

    def break_at(self, address: int) -> None:
        """Stop any CPU before it executes the instruction at ``address``."""
        self._ask(f"Z1,{address:x},4")

    def step(self, cpu: int) -> None:
        """Let ``cpu`` alone execute one instruction."""
        self._ask(f"vCont;s:{cpu + 1:x}")

    def run(self, timeout: float) -> int | None:
        """Let all CPUs run until one stops; which, or None when ``timeout`` seconds are over."""
        self._send("vCont;c")
        try:
            answer = self._receive(time.monotonic() + timeout)
        except TimeoutError:
            self._interrupt()
            return None
        stopped = re.match(rb"T..thread:(?:p[0-9a-f]+\.)?([0-9a-f]+);", answer)
        number = int(stopped.group(1), 16) - 1 if stopped else -1
        if not 0 <= number < self._cpus:
            raise StubError(f"the machine ended: {answer.decode(errors='replace')}")
        return number

    def _interrupt(self) -> None:
        """Stop the machine."""
        try:
            self._socket.sendall(b"\x03")
            self._receive(time.monotonic() + _ANSWER_TIMEOUT)
        except OSError as error:  # also TimeoutError
            raise StubError(f"the machine cannot be stopped: {error}") from error

    def _ask(self, text: str) -> bytes:
        self._send(text)
        try:
            return self._receive(time.monotonic() + _ANSWER_TIMEOUT)
        except TimeoutError as error:
            raise StubError(f"no answer to {text}") from error

    def _send(self, text: str) -> None:
        data = text.encode()
        try:
            self._socket.sendall(b"$" + data + b"#%02x" % _checksum(data))
        except OSError as error:
            raise StubError(f"the emulator hung up: {error}") from error

    def _receive(self, until: float) -> bytes:
        """The next packet. Raises TimeoutError."""
        while True:
            packet = re.search(rb"\$([^#]*)#(..)", self._received, re.DOTALL)
            self._socket.settimeout(max(0.001, until - time.monotonic()))
            try:
                if packet is not None:
                    self._received = self._received[packet.end() :]
                    self._socket.sendall(b"+")
                    return _unescaped(packet.group(1))
                data = self._socket.recv(1 << 16)
            except TimeoutError:
                raise
            except OSError as error:
                raise StubError(f"the emulator hung up: {error}") from error
            if not data:
                raise StubError("the emulator hung up")
            self._received += data


def _checksum(data: Iterable[int]) -> int:
    return sum(data) & 0xFF


def _unescaped(data: bytes) -> bytes:
    """Undo the protocol's escapes: `}` and the byte with bit 5 flipped."""
    return re.sub(rb"}(.)", lambda match: bytes((match.group(1)[0] ^ 0x20,)), data, flags=re.DOTALL)
