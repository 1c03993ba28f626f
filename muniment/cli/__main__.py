# SPDX-License-Identifier: Apache-2.0
"""`python -m muniment.cli`."""

from __future__ import annotations

from muniment.cli import main

main()
