# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from fwbuild.model.problem import FwbuildError, Problem


def only(error: pytest.ExceptionInfo[FwbuildError]) -> Problem:
    """The problem of an error that has one."""
    (problem,) = error.value.problems
    return problem
