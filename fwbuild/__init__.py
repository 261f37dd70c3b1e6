# SPDX-License-Identifier: Apache-2.0
"""fwbuild: boot images that enter their payload in the right mode, on every CPU."""

__version__ = "0.1.0"
