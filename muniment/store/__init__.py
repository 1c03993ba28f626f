# SPDX-License-Identifier: Apache-2.0
"""Where an agency keeps things: database, key store, vault."""
