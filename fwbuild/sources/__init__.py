# SPDX-License-Identifier: Apache-2.0
"""Finds and fetches the files that an image is made of."""
