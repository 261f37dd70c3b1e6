# SPDX-License-Identifier: Apache-2.0
"""Models of the devices that boot code touches, for an emulator that has only CPUs.

Each knows the registers that boot code uses and no more. Their addresses are the
platform's; what they do is written after the manuals that they name.
"""
