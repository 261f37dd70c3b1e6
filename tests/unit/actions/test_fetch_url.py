# SPDX-License-Identifier: Apache-2.0
"""Against a server of the test's own; no network is used."""

from __future__ import annotations

import hashlib
import http.server
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fwbuild.actions.fetch_url import FetchUrlAction
from fwbuild.engine.action import Context
from fwbuild.model.problem import FwbuildError, Problem
from tests.unit.actions.stage import perform

DATA = bytes(range(256)) * 1000
SHA256 = hashlib.sha256(DATA).hexdigest()

Answer = Callable[["Handler"], None]


class Handler(http.server.BaseHTTPRequestHandler):
    answers: dict[str, Answer]

    def do_GET(self) -> None:
        self.answers[self.path](self)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass

    def reply(self, data: bytes, *, status: int = 200, length: int | None = None, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(data) if length is None else length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)


class Server:
    def __init__(self, certificate: Path | None = None) -> None:
        self.answers: dict[str, Answer] = {}

        class OwnHandler(Handler):
            answers = self.answers

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), OwnHandler)
        self._scheme = "http"
        if certificate is not None:
            self._scheme = "https"
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def url(self, path: str) -> str:
        return f"{self._scheme}://127.0.0.1:{self._server.server_port}{path}"

    def end(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.end()


def fetch(
    url: str,
    folder: Path,
    *,
    sha256: str = SHA256,
    said: list[str] | None = None,
    silence: float = 5.0,
    deadline: float = 5.0,
) -> bytes:
    action = FetchUrlAction(silence=silence, deadline=deadline)
    made = perform(action, folder / "step", params={"url": url, "sha256": sha256}, outputs=("file",), said=said)
    return made["file"].read_bytes()


def refused(url: str, folder: Path, *, sha256: str = SHA256, silence: float = 5.0, deadline: float = 5.0) -> Problem:
    with pytest.raises(FwbuildError) as error:
        fetch(url, folder, sha256=sha256, silence=silence, deadline=deadline)
    (problem,) = error.value.problems
    return problem


def test_a_file_is_fetched(server: Server, tmp_path: Path) -> None:
    server.answers["/x"] = lambda handler: handler.reply(DATA)
    said: list[str] = []
    assert fetch(server.url("/x"), tmp_path, said=said) == DATA
    assert said == [f"fetching {server.url('/x')}"]


def test_a_long_fetch_says_how_far_it_is(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fwbuild.actions.fetch_url._SAY_EVERY", -1.0)
    server.answers["/x"] = lambda handler: handler.reply(DATA)
    said: list[str] = []
    fetch(server.url("/x"), tmp_path, said=said)
    assert said[-1] == f"fetching {server.url('/x')}: 0.3 of 0.3 MB"


def test_redirections_are_followed(server: Server, tmp_path: Path) -> None:
    server.answers["/x"] = lambda handler: handler.reply(DATA)
    server.answers["/old"] = lambda handler: handler.reply(b"", status=302, Location="/x")
    assert fetch(server.url("/old"), tmp_path) == DATA


def test_redirections_do_not_lead_to_files(server: Server, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(DATA)
    server.answers["/x"] = lambda handler: handler.reply(b"", status=302, Location=f"file://{tmp_path}/secret")
    assert refused(server.url("/x"), tmp_path).code == "fetch-failed"


def test_a_file_address(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(DATA)
    assert fetch(f"file://{tmp_path}/x", tmp_path) == DATA


def test_another_file_than_expected(server: Server, tmp_path: Path) -> None:
    server.answers["/x"] = lambda handler: handler.reply(DATA)
    problem = refused(server.url("/x"), tmp_path, sha256="0" * 64)
    assert problem.code == "wrong-digest"
    assert problem.message == (
        f"{server.url('/x')} is not the expected file: its SHA-256 is {SHA256}, expected is {'0' * 64}"
    )
    assert problem.hint == "if it was changed on purpose, put the new digest into the source's `sha256`"


def test_a_web_page_instead_of_a_file(server: Server, tmp_path: Path) -> None:
    server.answers["/x"] = lambda handler: handler.reply(b"<html>", Content_Type="text/html; charset=utf-8")
    problem = refused(server.url("/x"), tmp_path)
    assert problem.code == "wrong-digest"
    assert problem.hint == "it is a web page: does the server ask to log in?"


@pytest.mark.parametrize(
    ("status", "hint"),
    [
        (404, "the file was moved or deleted: look for its new address, or use a `file` source"),
        (403, "the server or a proxy wants to know who asks: fetch the file yourself and use a `file` source"),
        (503, "run the command again; what is in the store already is not fetched again"),
    ],
)
def test_the_server_refuses(server: Server, tmp_path: Path, status: int, hint: str) -> None:
    server.answers["/x"] = lambda handler: handler.reply(b"", status=status)
    problem = refused(server.url("/x"), tmp_path)
    assert problem.code == "fetch-failed"
    assert problem.message.startswith(f"cannot fetch {server.url('/x')}: the server says {status} ")
    assert problem.hint == hint


def test_a_connection_that_ends_early(server: Server, tmp_path: Path) -> None:
    server.answers["/x"] = lambda handler: handler.reply(DATA[:1000], length=len(DATA))
    problem = refused(server.url("/x"), tmp_path)
    assert problem.code == "fetch-failed"
    assert problem.message == f"cannot fetch {server.url('/x')}: the connection ended after 1000 of 256000 bytes"


def test_a_server_that_keeps_quiet(server: Server, tmp_path: Path) -> None:
    server.answers["/x"] = lambda handler: time.sleep(2)
    problem = refused(server.url("/x"), tmp_path, silence=0.2)
    assert problem.code == "fetch-failed"
    assert problem.message == f"cannot fetch {server.url('/x')}: the connection broke: timed out"


def test_a_server_that_keeps_quiet_in_the_middle(server: Server, tmp_path: Path) -> None:
    def answer(handler: Handler) -> None:
        handler.reply(DATA[:1000], length=len(DATA))
        time.sleep(2)

    server.answers["/x"] = answer
    problem = refused(server.url("/x"), tmp_path, silence=0.2)
    assert problem.message == f"cannot fetch {server.url('/x')}: the connection broke: timed out"


def test_a_server_that_trickles(server: Server, tmp_path: Path) -> None:
    def answer(handler: Handler) -> None:
        handler.reply(b"", length=len(DATA))
        for _ in range(60):
            handler.wfile.write(b"x")
            time.sleep(0.05)

    server.answers["/x"] = answer
    started = time.monotonic()
    problem = refused(server.url("/x"), tmp_path, deadline=0.4)
    assert problem.code == "fetch-failed"
    assert problem.message == f"cannot fetch {server.url('/x')}: not done within 0.4 seconds"
    assert time.monotonic() - started < 2


def test_what_is_no_http_at_all(server: Server, tmp_path: Path) -> None:
    def not_http(handler: Handler) -> None:
        handler.wfile.write(b"SSH-2.0\r\n")

    server.answers["/x"] = not_http
    problem = refused(server.url("/x"), tmp_path)
    assert problem.message.startswith(f"cannot fetch {server.url('/x')}: the connection broke: SSH-2.0")


def test_no_network(tmp_path: Path) -> None:
    problem = refused("http://127.0.0.1:9/x", tmp_path)
    assert problem.code == "fetch-failed"
    assert problem.message == "cannot fetch http://127.0.0.1:9/x: connection refused"
    assert problem.hint == "check the network and the proxy variables, and run the command again"


def test_the_proxy_of_the_environment_is_used(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.setenv("http_proxy", server.url(""))
    server.answers["http://files.invalid/x"] = lambda handler: handler.reply(DATA)
    assert fetch("http://files.invalid/x", tmp_path) == DATA


def test_a_certificate_that_is_not_trusted(tmp_path: Path) -> None:
    certificate = tmp_path / "certificate.pem"
    what = ["-subj", "/CN=127.0.0.1", "-days", "2", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    files = ["-keyout", str(certificate), "-out", str(tmp_path / "public.pem")]
    subprocess.run(["openssl", "req", "-x509", *what, *files], check=True, capture_output=True)
    certificate.write_text(certificate.read_text() + (tmp_path / "public.pem").read_text())
    server = Server(certificate)
    server.answers["/x"] = lambda handler: handler.reply(DATA)
    try:
        problem = refused(server.url("/x"), tmp_path)
    finally:
        server.end()
    assert problem.code == "fetch-failed"
    assert problem.message == f"cannot fetch {server.url('/x')}: no safe connection: self-signed certificate"
    assert problem.hint == "is the package ca-certificates installed, and is the clock right?"


@pytest.mark.parametrize("url", ["file:///nonexistent/x", "file://elsewhere.invalid/nonexistent/x"])
def test_a_file_address_that_leads_nowhere(tmp_path: Path, url: str) -> None:
    problem = refused(url, tmp_path)
    assert problem.code == "fetch-failed"
    assert problem.message == f"cannot fetch {url}: no such file or directory"
    assert problem.hint == "a file address is one on this computer: file:///path/to/it"


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/a b", "http://127.0.0.1:port/", "http://127.0.0.1:9/ü"])
def test_what_is_no_address(tmp_path: Path, url: str) -> None:
    problem = refused(url, tmp_path)
    assert problem.code == "fetch-failed"
    assert problem.message.startswith(f"cannot fetch {url}: this is no address: ")
    assert problem.hint == "spaces and letters beyond ASCII are written as %20"


def test_a_full_disk_is_not_the_connections_fault(server: Server, tmp_path: Path) -> None:
    server.answers["/x"] = lambda handler: handler.reply(DATA)
    (tmp_path / "step").mkdir()
    (tmp_path / "step" / "out-0").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left on device"):
        FetchUrlAction().run(
            # The engine turns this into its own error.
            make_context(tmp_path / "step", server.url("/x"))
        )


def make_context(folder: Path, url: str) -> Context:
    return Context(
        step="the step",
        params={"url": url, "sha256": SHA256},
        inputs={},
        outputs={"file": folder / "out-0"},
        scratch=folder,
        say=lambda text: None,
    )
