# SPDX-License-Identifier: Apache-2.0
"""Facts of the ARM architecture that more than one part of fwbuild needs."""
