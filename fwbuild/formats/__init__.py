# SPDX-License-Identifier: Apache-2.0
"""Reads the headers of payload images."""
