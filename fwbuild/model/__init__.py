# SPDX-License-Identifier: Apache-2.0
"""Frozen values that everything else works with; standard library only."""
