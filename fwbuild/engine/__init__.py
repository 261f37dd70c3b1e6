# SPDX-License-Identifier: Apache-2.0
"""Runs steps when their inputs changed. Knows nothing of firmware."""
