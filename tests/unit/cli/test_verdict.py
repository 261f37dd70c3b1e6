# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import io
from typing import Any

from fwbuild.cli.verdict import show_verdict


def verdict(**payload: Any) -> dict[str, Any]:
    return {
        "payload": {"modes": ["svc"], "stated-by": "recogniser", "overruled": {}, **payload},
        "choices": [
            {"cpu": "0x0", "core": "c", "mode": "svc", "secure-state": "sealed", "hyp-state": "sealed", "seals": {}}
        ],
        "findings": [],
        "missing": [],
        "complete": True,
        "machine": {"machine": "m", "cpus": 1},
        "passed": True,
    }


def first_line(**payload: Any) -> str:
    stream = io.StringIO()
    show_verdict(verdict(**payload), stream)
    return stream.getvalue().splitlines()[0]


def test_who_stated_the_modes() -> None:
    assert first_line() == "  modes svc, stated by recogniser"
    said = {"wrapper": ["hyp"], "recogniser": ["hyp", "svc"]}
    assert first_line(**{"stated-by": "recipe", "overruled": said}) == (
        "  modes svc, stated by recipe (overruled: wrapper says hyp; recogniser says hyp, svc)"
    )
