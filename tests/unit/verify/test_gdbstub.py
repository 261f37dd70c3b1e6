# SPDX-License-Identifier: Apache-2.0
"""The debug stub's answers, given in advance by the test; the boots show a real one."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator

import pytest

from fwbuild.verify import gdbstub
from fwbuild.verify.gdbstub import GdbStub, StubError


def packet(data: bytes) -> bytes:
    return b"$" + data + b"#%02x" % (sum(data) & 0xFF)


DESCRIPTION = (
    b"PacketSize=1000",
    b'l<xi:include href="core.xml"/><xi:include href="system.xml"/>',
    b'm<reg name="r0" bitsize="32"/><reg name="pc" bitsize="32" regnum="15"/>',
    b'l<reg name="cpsr" bitsize="32" regnum="25"/>',
    b'l<reg name="SCR" bitsize="32"/><reg name="SCR" bitsize="64"/>',
    b"m1,2",
    b"l",
)


class Other:
    """The other side of the connection."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection

    def will_say(self, *answers: bytes) -> None:
        self.connection.sendall(b"".join(b"+" + packet(answer) for answer in answers))

    def heard(self) -> list[str]:
        """What it was told, without acknowledgements."""
        self.connection.settimeout(5)
        return re.findall(r"\$([^#]*)#", self.connection.recv(1 << 20).decode())


@pytest.fixture
def pair(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[GdbStub, Other]]:
    """A stub that knows its registers and two CPUs, and the other side."""
    monkeypatch.setattr(gdbstub, "_ANSWER_TIMEOUT", 0.1)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        stub, other = GdbStub(ours), Other(theirs)
        other.will_say(*DESCRIPTION)
        stub.start()
        assert stub.cpus() == 2
        other.heard()
        yield stub, other


def test_registers_are_known_by_their_numbers(pair: tuple[GdbStub, Other]) -> None:
    stub, other = pair
    assert [stub.has(name) for name in ("r0", "cpsr", "SCR", "r1")] == [True, True, True, False]
    other.will_say(b"OK", b"78563412", b"OK", b"b101000000000000", b"OK", b"00000080")
    assert stub.register(0, "r0") == 0x12345678
    assert stub.register(1, "SCR") == 0x1B1, "the wider register of that name"
    assert stub.register(0, "pc") == 0x80000000
    assert other.heard() == ["Hg1", "p0", "Hg2", "p1b", "Hg1", "pf"]


def test_memory_comes_in_chunks_with_escapes_undone(pair: tuple[GdbStub, Other]) -> None:
    stub, other = pair
    other.will_say(b"OK", b"ab" * 0x7C0, b"0}\x11")
    assert stub.memory(1, 0x1000, 0x7C1) == b"\xab" * 0x7C0 + b"\x01"
    assert other.heard() == ["Hg2", "m1000,7c0", "m17c0,1"]
    other.will_say(b"OK", b"E14")
    assert stub.memory(0, 0x1000, 4) == b""


def test_a_run_ends_with_the_cpu_that_stopped_or_with_the_time(pair: tuple[GdbStub, Other]) -> None:
    stub, other = pair
    other.will_say(b"T05thread:02;")
    assert stub.run(5) == 1
    other.will_say(b"T05thread:p01.01;")
    assert stub.run(5) == 0
    other.heard()

    class Obedient:
        """Stops when it is told to."""

        def __getattr__(self, name: str) -> object:
            return getattr(ours, name)

        def sendall(self, data: bytes) -> None:
            ours.sendall(data)
            if data == b"\x03":
                other.will_say(b"T02thread:01;")

    ours = stub._socket
    stub._socket = Obedient()  # type: ignore[assignment]
    assert stub.run(0.05) is None


Act = Callable[[GdbStub], object]


@pytest.mark.parametrize(
    ("answers", "act", "message"),
    [
        ((b"OK", b"E14"), lambda stub: stub.register(0, "r0"), "cannot read register r0: E14"),
        ((b"OK", b"zz"), lambda stub: stub.register(0, "r0"), "cannot read register r0: zz"),
        ((), lambda stub: stub.register(0, "r9"), "the emulator shows no register r9"),
        ((), lambda stub: stub.step(0), "no answer to vCont;s:1"),
        ((b"OK", b"what"), lambda stub: stub.memory(0, 0x1000, 4), "cannot read memory at 0x1000"),
        ((b"OK", b"\xff\xfe"), lambda stub: stub.memory(0, 0x1000, 4), "cannot read memory at 0x1000"),
        ((b"l",), lambda stub: stub.cpus(), "the emulator has no CPU"),
        ((b"E01",), lambda stub: stub.cpus(), "the emulator has no CPU"),
        ((b"m1", *[b"m" + b"1," * 512] * 4), lambda stub: stub.cpus(), "the emulator has CPUs without end"),
        ((b"W00",), lambda stub: stub.run(5), "the machine ended: W00"),
        ((b"T05thread:03;",), lambda stub: stub.run(5), "the machine ended: T05thread:03;"),
        ((b"T05thread:00;",), lambda stub: stub.run(5), "the machine ended: T05thread:00;"),
        ((b"T05thread:me;",), lambda stub: stub.run(5), "the machine ended: T05thread:me;"),
        ((), lambda stub: stub.run(0.05), "the machine cannot be stopped"),
    ],
)
def test_what_makes_no_sense_is_said(
    pair: tuple[GdbStub, Other], answers: tuple[bytes, ...], act: Act, message: str
) -> None:
    stub, other = pair
    other.will_say(*answers)
    with pytest.raises(StubError, match=re.escape(message)):
        act(stub)


@pytest.mark.parametrize("answers", [(), (b"OK",)])
@pytest.mark.parametrize(
    "act", [lambda stub: stub.register(0, "r0"), lambda stub: stub.run(5), lambda stub: stub.break_at(4)]
)
def test_an_emulator_that_hangs_up(pair: tuple[GdbStub, Other], answers: tuple[bytes, ...], act: Act) -> None:
    stub, other = pair
    other.will_say(*answers)
    other.connection.close()
    with pytest.raises(StubError):
        act(stub)
