# SPDX-License-Identifier: Apache-2.0
"""An assembler front end: labels, literals and ranges are ours, encoding is an encoder's."""
