# SPDX-License-Identifier: Apache-2.0
"""What the project is built and tried with; no part of the package."""
