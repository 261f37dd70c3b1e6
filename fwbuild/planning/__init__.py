# SPDX-License-Identifier: Apache-2.0
"""From a recipe and its materials to a plan and its graph of steps. Pure: nothing is written or run."""
