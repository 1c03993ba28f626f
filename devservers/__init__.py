# SPDX-License-Identifier: Apache-2.0
"""HDFS, HBase and PostgreSQL on this machine's loopback, for development and tests (README.md)."""
