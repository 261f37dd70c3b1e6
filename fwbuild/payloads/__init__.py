# SPDX-License-Identifier: Apache-2.0
"""What payload plugins share: how kernels for 32-bit ARM are entered, and Linux zImages."""
