# SPDX-License-Identifier: Apache-2.0
"""Tests on real servers of HDFS, HBase and PostgreSQL, started for them (`make engines`)."""
