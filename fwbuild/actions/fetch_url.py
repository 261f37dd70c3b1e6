# SPDX-License-Identifier: Apache-2.0
"""Fetches one file, known by its digest, from the network or from a file address."""

from __future__ import annotations

import hashlib
import http.client
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fwbuild.engine.action import Context
from fwbuild.engine.graph import Json
from fwbuild.model.problem import FwbuildError, fail

if TYPE_CHECKING:
    import urllib.error

_CHUNK = 1 << 16
_SAY_EVERY = 2.0  # seconds
_TRY_AGAIN = "run the command again; what is in the store already is not fetched again"


@dataclass(frozen=True, slots=True)
class FetchUrlAction:
    """Step `fetch-url`: a file that is refused when it is not the one that is expected.

    Params: ``url`` (https, http or file; redirections are followed and the environment's
    proxy variables count) and ``sha256``. Output ``file``. ``silence`` is how many seconds
    a server may keep quiet, ``deadline`` how many the whole file may take.
    """

    silence: float = 30.0
    deadline: float = 7200.0
    name: str = "fetch-url"
    version: int = 1

    def tools(self, params: Mapping[str, Json]) -> Mapping[str, str]:
        """No tool that the output depends on."""
        return {}

    def run(self, context: Context) -> None:
        """Fetch. Raises FwbuildError ``fetch-failed`` or ``wrong-digest``."""
        url, expected = context.params["url"], context.params["sha256"]
        context.say(f"fetching {url}")
        with _opened(url, self.silence) as response:
            page = response.headers.get_content_type() == "text/html"
            digest = self._copy(response, context.outputs["file"], url, context.say)
        if digest == expected:
            return
        raise fail(
            "wrong-digest",
            f"{url} is not the expected file: its SHA-256 is {digest}, expected is {expected}",
            hint="it is a web page: does the server ask to log in?"
            if page
            else "if it was changed on purpose, put the new digest into the source's `sha256`",
        )

    def _copy(self, response: http.client.HTTPResponse, target: Path, url: str, say: Callable[[str], None]) -> str:
        """Copy the file; its digest."""
        announced = response.headers.get("Content-Length", "")
        whole = int(announced) if announced.isdecimal() else 0
        started = said = time.monotonic()
        count = 0
        digest = hashlib.sha256()
        with target.open("wb") as file:
            while chunk := _next_bytes(response, url):
                file.write(chunk)
                digest.update(chunk)
                count += len(chunk)
                now = time.monotonic()
                if now - started > self.deadline:
                    raise _failed(url, f"not done within {self.deadline:g} seconds", _TRY_AGAIN)
                if now - said > _SAY_EVERY:
                    said = now
                    of_whole = f" of {whole / 1e6:.1f}" if whole else ""
                    say(f"fetching {url}: {count / 1e6:.1f}{of_whole} MB")
        if count < whole:
            raise _failed(url, f"the connection ended after {count} of {whole} bytes", _TRY_AGAIN)
        return digest.hexdigest()


def _opened(url: str, silence: float) -> http.client.HTTPResponse:
    """The server's answer, all redirections done."""
    import urllib.error  # 40 ms, and most builds fetch nothing
    import urllib.request

    request = urllib.request.Request(url, headers={"User-Agent": "fwbuild", "Accept-Encoding": "identity"})
    try:
        # A new opener, as urlopen would go on using the proxies that it once found.
        response: http.client.HTTPResponse = urllib.request.build_opener().open(request, timeout=silence)
    except urllib.error.HTTPError as error:
        raise _failed(url, f"the server says {error.code} {error.reason}", _hint_for_status(error.code)) from error
    except urllib.error.URLError as error:
        raise _no_answer(url, error) from error
    except (http.client.InvalidURL, ValueError) as error:
        raise _failed(
            url, f"this is no address: {error}", "spaces and letters beyond ASCII are written as %20"
        ) from error
    except (OSError, http.client.HTTPException) as error:
        raise _broken(url, error) from error
    return response


def _next_bytes(response: http.client.HTTPResponse, url: str) -> bytes:
    """What has come meanwhile; ``read`` would wait for more from a server that trickles."""
    try:
        return response.read1(_CHUNK)
    except (OSError, http.client.HTTPException) as error:
        raise _broken(url, error) from error


def _hint_for_status(status: int) -> str:
    if status in (404, 410):
        return "the file was moved or deleted: look for its new address, or use a `file` source"
    if status in (401, 403, 407):
        return "the server or a proxy wants to know who asks: fetch the file yourself and use a `file` source"
    return _TRY_AGAIN


def _no_answer(url: str, error: urllib.error.URLError) -> FwbuildError:
    """No connection, or no such file. The reason is an exception, or words."""
    import ssl

    reason = error.reason
    if isinstance(reason, ssl.SSLError):
        what = getattr(reason, "verify_message", "") or reason.reason or str(reason)
        hint = "is the package ca-certificates installed, and is the clock right?"
        return _failed(url, f"no safe connection: {what}", hint)
    words = (reason.strerror if isinstance(reason, OSError) else None) or str(reason)
    words = words[:1].lower() + words[1:]
    if url.startswith("file:"):
        return _failed(url, words, "a file address is one on this computer: file:///path/to/it")
    return _failed(url, words, "check the network and the proxy variables, and run the command again")


def _broken(url: str, error: Exception) -> FwbuildError:
    return _failed(url, f"the connection broke: {error or type(error).__name__}", _TRY_AGAIN)


def _failed(url: str, what: str, hint: str) -> FwbuildError:
    return fail("fetch-failed", f"cannot fetch {url}: {what}", hint=hint)
