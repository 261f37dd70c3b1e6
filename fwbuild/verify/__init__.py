# SPDX-License-Identifier: Apache-2.0
"""Proves a built image in an emulator."""
