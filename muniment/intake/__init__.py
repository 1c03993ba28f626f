# SPDX-License-Identifier: Apache-2.0
"""Import: rows of files, and how their columns become the fields of a record type."""
