# SPDX-License-Identifier: Apache-2.0
"""Reads what people write: TOML files, layers and the lock file."""
