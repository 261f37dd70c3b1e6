# SPDX-License-Identifier: Apache-2.0
"""Reads, changes and writes flattened device trees."""
