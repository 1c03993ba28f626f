# SPDX-License-Identifier: Apache-2.0
"""Backups of database, key store and vault, apart; and bringing them back."""
