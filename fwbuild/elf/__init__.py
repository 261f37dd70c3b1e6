# SPDX-License-Identifier: Apache-2.0
"""Writes and reads ELF files, and the notes in them."""
