# SPDX-License-Identifier: Apache-2.0
"""Benchmarks: `python -m benchmarks NAME [--json]`. Results stand in docs/performance.md."""
